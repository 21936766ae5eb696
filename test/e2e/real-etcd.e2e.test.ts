import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { createRemoteStore } from '../../apiserver/storage/remote.ts'
import { systemClock } from '../../platform/clock.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { severalServers } from '../contract/several.ts'
import { EtcdProcess } from '../etcd/servers.ts'
import { ensureImage } from '../images/index.ts'
import { type EtcdPrograms, etcd, kubectl } from '../peers/index.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { clientNodeDay } from './client-node-day.ts'
import { kubectlDay } from './kubectl-day.ts'

const newest = { version: '1.36', path: await kubectl('1.36') }

/** The store swapped for Debian's own etcd: whoever asks the API server cannot tell. */
describe('a cluster on a real etcd', { concurrency: 3 }, () => {
  let programs: EtcdPrograms
  let store: EtcdProcess
  let cluster: TestCluster

  before(async () => {
    for (const image of ['busybox', 'web', 'nginx'] as const) await ensureImage(image)
    programs = await etcd('3.5.30')
    store = await EtcdProcess.start({ command: [programs.etcd] })
    cluster = await startCluster({ initFlags: [`--etcd-servers=http://${store.endpoint}`] })
  })
  after(async () => {
    await cluster?.stop()
    await store?.stop()
  })

  const etcdctl = (...args: string[]) =>
    runChecked(systemProcesses, programs.etcdctl, [`--endpoints=${store.endpoint}`, ...args])

  it('keeps its objects there', async () => {
    const keys = await etcdctl('get', '--prefix', '/registry/namespaces/', '--keys-only')
    assert.match(keys, /^\/registry\/namespaces\/kube-system$/m)
  })

  it('is not held up when somebody else writes to that etcd as well', async () => {
    for (let n = 0; n < 3; n++) {
      await etcdctl('put', 'not-of-kubox', String(n))
      const { code, stderr } = await cluster.kubectl(newest.path, ['get', 'configmaps', '-A'], { timeoutMs: 60_000 })
      assert.equal(code, 0, `${stderr}\n${await cluster.evidence()}`)
    }
  })

  severalServers('a real etcd', async () => {
    const own = await EtcdProcess.start({ command: [programs.etcd] })
    const connect = () => createRemoteStore({ endpoints: [own.endpoint], clock: systemClock })
    const [one, two] = [connect(), connect()]
    const close = async () => {
      await Promise.all([one.close(), two.close()])
      await own.stop()
    }
    return { stores: [one, two], close }
  })

  clientNodeDay('with @kubernetes/client-node', () => cluster)
  kubectlDay(newest, () => cluster)
})
