import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemProcesses } from '../../platform/processes.ts'
import { ensureImage } from '../images/index.ts'
import { etcd as debianEtcd, kubectl as debianKubectl } from '../peers/index.ts'
import { firstMatch } from '../support/children.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'

const EXAMPLES = join(import.meta.dirname, '../../deploy/examples')

/** The course's own commands, in its order: components, manifests, etcd, pods, probes, API server. */
describe('what the course notes type', () => {
  let cluster: TestCluster
  let path: string

  const kubectl = (...args: string[]) => cluster.kubectl(path, args)
  const succeed = async (...args: string[]) => {
    const result = await kubectl(...args)
    assert.equal(result.code, 0, `kubectl ${args.join(' ')}: ${result.stderr}\n${await cluster.evidence()}`)
    return result.stdout
  }

  before(async () => {
    path = await debianKubectl('1.20')
    for (const image of ['busybox', 'k8s.gcr.io/liveness', 'jimbae/http_go'] as const) await ensureImage(image)
    cluster = await startCluster()
  })
  after(() => cluster?.stop())

  it('both liveness examples start, so that they may fail while the rest goes on', async () => {
    await succeed('create', '-f', join(EXAMPLES, 'exec-liveness.yaml'))
    await succeed('apply', '-f', join(EXAMPLES, 'http-liveness.yaml'))
    await succeed('wait', '--for=condition=Ready', 'pod', '-l', 'test=liveness', '--timeout=180s')
  })

  it('get pod -n kube-system shows the components by their names', async () => {
    const text = await succeed('get', 'pod', '-n', 'kube-system')
    for (const component of ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler']) {
      assert.match(text, new RegExp(`${component}-${cluster.nodeName} +1/1 +Running`))
    }
    assert.match(await succeed('get', 'pods', '--all-namespaces'), /^NAMESPACE +NAME/)
  })

  it('etcdctl sees the keys, puts and gets', async () => {
    const { etcdctl } = await debianEtcd('3.4')
    const pki = join(cluster.root, 'etc/kubernetes/pki/etcd')
    const access = [
      '--cacert',
      join(pki, 'ca.crt'),
      '--cert',
      join(pki, 'server.crt'),
      '--key',
      join(pki, 'server.key'),
    ]
    const run = async (...args: string[]) => {
      const words = ['--endpoints', `127.0.0.1:${cluster.etcdPort}`, ...access, ...args]
      const result = await systemProcesses.run(etcdctl, words, { env: { ETCDCTL_API: '3' }, timeoutMs: 120_000 })
      assert.equal(result.code, 0, result.stderr)
      return result.stdout
    }
    assert.match(await run('get', '/', '--prefix', '--keys-only'), /^\/registry\/pods\/default\/liveness-exec$/m)
    assert.equal(await run('put', 'key1', 'value1'), 'OK\n')
    assert.equal(await run('get', 'key1'), 'key1\nvalue1\n')
  })

  it('a pod by hand: create, look at, delete by its file', async () => {
    const file = join(EXAMPLES, 'go-http-pod.yaml')
    await succeed('create', '-f', file)
    await succeed('wait', '--for=condition=Ready', 'pod/http-go', '--timeout=180s')
    assert.match(await succeed('get', 'pod', 'http-go', '-o', 'yaml'), /image: jimbae\/http_go/)
    assert.match(await succeed('describe', 'pod', 'http-go'), /Status: +Running/)
    assert.match(await succeed('delete', '-f', file), /pod "http-go" deleted/)
  })

  it('cluster-info, config view and the default service account', async () => {
    assert.match(
      await succeed('cluster-info'),
      new RegExp(`control plane.* is running at .*https://.*:${cluster.apiserverPort}`),
    )
    const view = await succeed('config', 'view')
    assert.match(view, /certificate-authority-data: DATA\+OMITTED/)
    assert.match(view, /client-key-data: REDACTED/)
    const raw = await succeed(
      'config',
      'view',
      '--minify',
      '--raw',
      '--output',
      'jsonpath={..cluster.certificate-authority-data}',
    )
    assert.match(Buffer.from(raw, 'base64').toString(), /BEGIN CERTIFICATE/)
    assert.match(await succeed('get', 'serviceaccount', 'default'), /^NAME +SECRETS +AGE\ndefault +0 /)
  })

  it('proxy, then curl', async () => {
    const env = { ...process.env, KUBECONFIG: cluster.kubeconfig }
    const proxy = spawn(path, ['proxy', '--port=0'], { env })
    try {
      const said = await firstMatch(proxy, /127\.0\.0\.1:(\d+)/)
      const base = `http://127.0.0.1:${/127\.0\.0\.1:(\d+)/.exec(said)?.[1]}`
      const { paths } = (await (await fetch(`${base}/`)).json()) as { paths: string[] }
      for (const wanted of ['/api', '/api/v1', '/apis', '/apis/apps/v1', '/metrics', '/openapi/v2', '/openapi/v3']) {
        assert.ok(paths.includes(wanted), `${wanted} in ${paths}`)
      }
      assert.equal(((await (await fetch(`${base}/api/`)).json()) as { kind: string }).kind, 'APIVersions')
      assert.equal(((await (await fetch(`${base}/openapi/v2`)).json()) as { swagger: string }).swagger, '2.0')
    } finally {
      proxy.kill()
      await once(proxy, 'exit')
    }
  })

  it('a flag edited in /etc/kubernetes/manifests takes effect', async () => {
    const manifest = join(cluster.root, 'etc/kubernetes/manifests/kube-apiserver.yaml')
    const text = await readFile(manifest, 'utf8')
    await writeFile(
      manifest,
      text
        .replace("- '--secure-port", "- '--anonymous-auth=false'\n        - '--secure-port")
        .replace('- --secure-port', '- --anonymous-auth=false\n        - --secure-port'),
    )
    const name = `kube-apiserver-${cluster.nodeName}`
    await eventually({ what: 'the API server runs with the new flag', evidence: cluster.evidence }, async () => {
      return (await kubectl('get', 'pod', name, '-n', 'kube-system', '-o', 'yaml')).stdout.includes(
        '--anonymous-auth=false',
      )
    })
    const answer = await systemProcesses.run('curl', [
      '-sk',
      '-o',
      '/dev/null',
      '-w',
      '%{http_code}',
      `https://127.0.0.1:${cluster.apiserverPort}/version`,
    ])
    assert.equal(answer.stdout, '401')
  })

  it('the http liveness example is restarted when it answers 500', async () => {
    await restarted('liveness-http')
    const text = await succeed('describe', 'pod', 'liveness-http')
    assert.match(text, /Warning +Unhealthy .*Liveness probe failed: HTTP probe failed with statuscode: 500/)
    assert.match(text, /Killing .*Container liveness failed liveness probe, will be restarted/)
  })

  it('the exec liveness example is restarted when its file is gone', async () => {
    await restarted('liveness-exec')
    const text = await succeed('describe', 'pod', 'liveness-exec')
    assert.match(text, /Warning +Unhealthy .*Liveness probe failed: cat: .*\/tmp\/healthy.*No such file or directory/)
    assert.match(text, /Killing .*Container liveness failed liveness probe, will be restarted/)
    assert.match(text, /Restart Count: +[1-9]/)
  })

  async function restarted(pod: string): Promise<void> {
    const evidence = async () => `${await succeed('describe', 'pod', pod)}\n${await cluster.evidence()}`
    await eventually({ what: `${pod} is restarted`, deadlineMs: 240_000, everyMs: 1000, evidence }, async () => {
      const restarts = await succeed('get', 'pod', pod, '-o', 'jsonpath={.status.containerStatuses[0].restartCount}')
      return Number(restarts) >= 1
    })
  }
})
