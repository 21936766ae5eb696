import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { systemProcesses } from '../../platform/processes.ts'
import { ensureImage } from '../images/index.ts'
import { kubectl as debianKubectl } from '../peers/index.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { eventually } from '../support/eventually.ts'

const QUICK = { terminationGracePeriodSeconds: 0 }
const container = (image: string, more: object = {}) => ({
  name: 'main',
  image,
  imagePullPolicy: 'IfNotPresent',
  ...more,
})

/** Three pods that say their names, and one to ask from. */
const OBJECTS = [
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { ...QUICK, containers: [container('web')] } },
    },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'client' },
    spec: { ...QUICK, containers: [container('jenkins:2.60.3', { command: ['sleep', 'infinity'] })] },
  },
]

const service = (name: string, spec: object) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }], ...spec },
})

const SERVICES = [
  service('web', { type: 'NodePort' }),
  service('sticky', { sessionAffinity: 'ClientIP' }),
  service('heads', { clusterIP: 'None', ports: [{ name: 'http', port: 8080 }] }),
  service('empty', { selector: { app: 'nobody' } }),
  service('alias', {
    type: 'ExternalName',
    externalName: 'web.default.svc.cluster.local',
    selector: undefined,
    ports: undefined,
  }),
]

/** Services as pods and people use them: by name and by address, from inside and from outside. */
describe('Services', () => {
  let cluster: TestCluster
  let path: string

  const succeed = async (args: string[], input?: string) => {
    const result = await cluster.kubectl(path, args, { input })
    assert.equal(result.code, 0, `kubectl ${args.join(' ')}: ${result.stdout}${result.stderr}\n${await evidence()}`)
    return result.stdout.trim()
  }
  const evidence = async () => {
    const { stdout } = await systemProcesses.run('iptables-save', [])
    return `${await cluster.evidence()}\n${stdout
      .split('\n')
      .filter(line => line.includes('KUBOX'))
      .join('\n')}`
  }
  const fieldOf = (name: string, field: string) => succeed(['get', name, '-o', `jsonpath={${field}}`])
  const fromPod = (...words: string[]) => cluster.kubectl(path, ['exec', 'client', '--', ...words])
  const curlFromPod = (url: string) => fromPod('curl', '-sS', '--max-time', '5', url)
  const curlFromHere = (url: string) => systemProcesses.run('curl', ['-sS', '--max-time', '5', url])

  /** Asks until the answer is as wanted: rules follow objects a moment later. */
  const until = (what: string, ask: () => Promise<{ stdout: string; stderr: string }>, wanted: RegExp) =>
    eventually({ what, deadlineMs: 120_000, everyMs: 300, evidence }, async () => {
      const { stdout, stderr } = await ask()
      return wanted.test(stdout + stderr)
    })

  /** Which of the pods answered, over so many connections. */
  async function answerers(times: number, url: string): Promise<Set<string>> {
    const script = `for i in $(seq ${times}); do curl -sS --max-time 5 ${url}/hostname; done`
    const { stdout } = await fromPod('sh', '-c', script)
    return new Set(stdout.trim().split('\n'))
  }

  before(async () => {
    path = await debianKubectl('1.36')
    for (const image of ['web', 'jenkins:2.60.3'] as const) await ensureImage(image)
    cluster = await startCluster()
    await succeed(
      ['apply', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [...OBJECTS, ...SERVICES] }),
    )
    await succeed(['wait', '--for=condition=Ready', 'pod', '--all', '--timeout=180s'])
    await until('the Service is there', () => curlFromPod('http://web'), /You've hit web-/)
  })
  after(() => cluster?.stop())

  it('share what comes among their pods, by name', async () => {
    for (const url of ['http://web', 'http://web.default.svc.cluster.local'])
      await eventually({ what: `all answer at ${url}`, everyMs: 300, evidence }, async () => {
        return (await answerers(40, url)).size === 3
      })
  })

  it('show pods who asks: no address is changed between pods', async () => {
    const ip = await fieldOf('pod/client', '.status.podIP')
    const { stdout } = await curlFromPod('http://web/clientip')
    assert.match(stdout, new RegExp(`^${ip.replaceAll('.', '\\.')}:`))
  })

  it('let a pod reach itself', async () => {
    await succeed(['scale', 'deployment', 'web', '--replicas=1'])
    await until('one is left', () => cluster.kubectl(path, ['get', 'pods', '-l', 'app=web', '-o', 'name']), /^\S+\s*$/)
    const left = await succeed(['get', 'pods', '-l', 'app=web', '-o', 'name'])
    const ip = await fieldOf('service/web', '.spec.clusterIP')
    const ask = `use Socket; socket($s, PF_INET, SOCK_STREAM, 0); alarm 5; connect($s, sockaddr_in(80, inet_aton("${ip}"))) or die $!; syswrite $s, "GET /hostname HTTP/1.0\\r\\n\\r\\n"; print while <$s>`
    await until('itself', () => cluster.kubectl(path, ['exec', left, '--', 'perl', '-e', ask]), /200 OK[\s\S]*web-/)
    await succeed(['scale', 'deployment', 'web', '--replicas=3'])
    await succeed(['rollout', 'status', 'deployment', 'web', '--timeout=180s'])
  })

  it('keep a client with its pod when asked to', async () => {
    assert.equal((await answerers(10, 'http://sticky')).size, 1)
  })

  it('without an address of their own lead to each pod', async () => {
    await until('an answer', () => curlFromPod('http://heads:8080'), /You've hit web-/)
  })

  it('without pods refuse at once', async () => {
    const { stderr } = await curlFromPod('http://empty')
    assert.match(stderr, /Connection refused|Could not connect|Failed to connect/i)
    assert.doesNotMatch(stderr, /timed out|Timeout/i)
  })

  it('of another name lead there', async () => {
    await until('an answer', () => curlFromPod('http://alias'), /You've hit web-/)
  })

  it('are reached from the node: by their address, and by their port on the node', async () => {
    const ip = await fieldOf('service/web', '.spec.clusterIP')
    await until('an answer', () => curlFromHere(`http://${ip}`), /You've hit web-/)
    const nodePort = await fieldOf('service/web', '.spec.ports[0].nodePort')
    const node = await fieldOf('node', '.items[0].status.addresses[0].address')
    await until('an answer', () => curlFromHere(`http://${node}:${nodePort}`), /You've hit web-/)
    await until('an answer', () => curlFromPod(`http://${node}:${nodePort}`), /You've hit web-/)
  })

  it('lead pods to the API server, whose certificate has that name', async () => {
    const script =
      'curl -sS --cacert /var/run/secrets/kubernetes.io/serviceaccount/ca.crt https://kubernetes.default.svc/version'
    assert.match((await fromPod('sh', '-c', script)).stdout, /"gitVersion"/)
  })

  it('follow their pods: a removed one gets nothing any more', async () => {
    await succeed(['scale', 'deployment', 'web', '--replicas=1'])
    await eventually({ what: 'one is left', deadlineMs: 120_000, everyMs: 300, evidence }, async () => {
      return (await answerers(9, 'http://web')).size === 1
    })
  })

  it('disappear with their rules', async () => {
    const ip = await fieldOf('service/sticky', '.spec.clusterIP')
    await succeed(['delete', 'service', 'sticky'])
    await until('the rules are gone', () => systemProcesses.run('sh', ['-c', `iptables-save | grep -c ${ip}/32`]), /^0/)
  })
})
