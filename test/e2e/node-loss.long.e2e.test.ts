import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Pod } from '../../api/types/core-v1.ts'
import { sleep, systemClock } from '../../platform/clock.ts'
import { GRACE_SECONDS, joinLineOf, LabCluster, STAY_SECONDS, VMS } from '../support/lab-cluster.ts'
import { allRun, dbOn, nothingTwice, seconds, WORKLOADS } from './losses.ts'

/** What takes longer than join.e2e.test.ts has time for. */
describe('VMs that stand still, boot and go away', () => {
  const cluster = new LabCluster('loss')
  const { lab } = cluster
  const allReady = Object.fromEntries(VMS.map(vm => [vm, 'True']))
  const fingerprint = () => cluster.fingerprint('shop', 'db', 'everywhere')

  before(async () => {
    await cluster.up()
    const line = joinLineOf(await cluster.init())
    await lab.sh('worker1', line, { timeoutMs: 300_000 })
    await cluster.apply(...WORKLOADS)
    await cluster.running('everywhere', 2)
    await lab.sh('worker2', line, { timeoutMs: 300_000 })
  })
  after(() => cluster.down())

  it('a DaemonSet covers the node that joined after it', async () => {
    await allRun(cluster)
    await cluster.succeed(['rollout', 'restart', 'deployment/shop'])
    await cluster.succeed(['rollout', 'status', 'deployment/shop', '--timeout=180s'])
    await cluster.until('no old pod is left', async () => (await cluster.podsOf('shop')).length === 4)
  })

  it('all VMs suspended for longer than any pod may stay, and resumed: all is as it was', async () => {
    const before = await fingerprint()
    await Promise.all(VMS.map(vm => lab.suspend(vm)))
    await sleep(systemClock, (GRACE_SECONDS + STAY_SECONDS + 4) * 1000)
    await Promise.all(VMS.map(vm => lab.resume(vm)))
    const resumed = performance.now()
    await cluster.nodesAre(allReady)
    console.log(`all nodes Ready ${seconds(resumed)} after the laptop woke up`)
    // Whatever was going to be evicted would be by now.
    await sleep(systemClock, (GRACE_SECONDS + STAY_SECONDS + 4) * 1000)
    assert.deepEqual(await fingerprint(), before)
    await cluster.nodesAre(allReady)
  })

  it('a drained node hands its pods over', async () => {
    const drain = ['drain', 'worker1', '--ignore-daemonsets', '--delete-emptydir-data', '--pod-selector=app=shop']
    await cluster.succeed([...drain, '--timeout=180s'])
    await cluster.running('shop', 4, ({ spec }) => spec?.nodeName !== 'worker1')
    await cluster.succeed(['uncordon', 'worker1'])
  })

  it('all boot at the same time: every pod runs, none twice, nothing old is left', async () => {
    await Promise.all(VMS.map(vm => lab.reboot(vm)))
    const booted = performance.now()
    await cluster.nodesAre(allReady)
    const ready = seconds(booted)
    await allRun(cluster)
    console.log(`after the boot of all, nodes were Ready in ${ready}, pods in ${seconds(booted)}`)
    await nothingTwice(cluster)
  })

  it('deleting a lost node frees its pods as well, and the VM comes back as a new node', async () => {
    const lost = await dbOn(cluster, 'worker2')
    await lab.poweroff('worker2')
    await cluster.succeed(['delete', 'node', 'worker2'])
    await cluster.until('its pods are gone', async () => {
      const found = await cluster.list<Pod>('pods')
      return found !== undefined && !found.some(({ metadata }) => metadata.uid === lost.metadata.uid)
    })
    await lab.poweron('worker2')
    await cluster.nodesAre({ worker2: 'True' })
    await nothingTwice(cluster)
  })
})
