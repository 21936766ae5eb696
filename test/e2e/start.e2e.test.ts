import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemProcesses } from '../../platform/processes.ts'
import { kubectl as debianKubectl } from '../peers/index.ts'
import { firstMatch } from '../support/children.ts'
import { freePorts } from '../support/ports.ts'

const KUBOX = join(import.meta.dirname, '../../kubox')

/** What `npm start` and `npm stop` run, under a folder of its own so that the machine's real places stay as they are. */
describe('a one-machine cluster in the foreground', () => {
  let root: string
  let flags: string[]
  let kubectlPath: string

  const up = () => spawn(KUBOX, ['--root', root, 'up', ...flags])
  const kubox = (...args: string[]) => systemProcesses.run(KUBOX, ['--root', root, ...args], { timeoutMs: 240_000 })
  const kubectl = async (...args: string[]) => {
    const env = { KUBECONFIG: join(root, 'etc/kubernetes/admin.conf'), HOME: join(root, 'home') }
    const result = await systemProcesses.run(kubectlPath, args, { env, timeoutMs: 120_000 })
    assert.equal(result.code, 0, result.stderr)
    return result.stdout
  }
  const containers = async () => {
    const { stdout } = await systemProcesses.run('docker', ['ps', '-aq', '--filter', 'label=io.kubox.node=start-test'])
    return stdout.trim()
  }
  const interrupt = async (child: ChildProcess) => {
    const stopped = firstMatch(child, /Stopped\. Pods keep running/)
    const ended = once(child, 'exit')
    child.kill('SIGINT')
    await stopped
    assert.deepEqual(await ended, [0, null])
  }

  before(async () => {
    root = await mkdtemp(join(tmpdir(), 'kubox-start-'))
    kubectlPath = await debianKubectl('1.36')
    const [apiserver, kubelet, etcd] = await freePorts(3)
    flags = [
      `--apiserver-bind-port=${apiserver}`,
      `--kubelet-port=${kubelet}`,
      `--etcd-port=${etcd}`,
      '--node-name=start-test',
      '--pod-network=kubox-start-test',
      '--pod-network-cidr=10.196.0.0/16',
    ]
  })
  after(async () => {
    await kubox('reset', '--force')
    await rm(root, { recursive: true, force: true })
  })

  let uid: string

  it('reaches a Running pod by itself, shows it, and ends cleanly on Ctrl-C', async () => {
    const child = up()
    const said = await firstMatch(child, /Ctrl-C stops the cluster/, 300_000)
    assert.match(said, /hello +1\/1 +Running/)
    assert.match(said, /kubectl port-forward hello 8888:8080/)
    uid = await kubectl('get', 'pod', 'hello', '-o', 'jsonpath={.metadata.uid}')
    assert.match(await kubectl('get', 'pods', '-n', 'kube-system'), /etcd-start-test +1\/1 +Running/)
    await interrupt(child)
  })

  it('finds the same cluster and the same pod again, its container not restarted', async () => {
    const child = up()
    const said = await firstMatch(child, /Ctrl-C stops the cluster/, 300_000)
    assert.match(said, /Your cluster is back/)
    const pod = await kubectl(
      'get',
      'pod',
      'hello',
      '-o',
      'jsonpath={.metadata.uid} {.status.containerStatuses[0].restartCount}',
    )
    assert.equal(pod, `${uid} 0`)
    await interrupt(child)
  })

  it('leaves nothing behind when it is stopped with --purge', async () => {
    assert.notEqual(await containers(), '')
    const { code, stdout, stderr } = await kubox('down', '--purge')
    assert.equal(code, 0, stdout + stderr)
    assert.equal(await containers(), '')
    const networks = await systemProcesses.run('docker', ['network', 'ls', '-q', '--filter', 'name=kubox-start-test'])
    assert.equal(networks.stdout.trim(), '')
    const places = ['etc', 'var', 'run'].map(name => join(root, name))
    const entries = await Promise.all(places.map(place => readdir(place, { recursive: true, withFileTypes: true })))
    assert.deepEqual(
      entries.flat().filter(entry => entry.isFile()),
      [],
    )
  })
})
