import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import { type LabCluster, VMS, type Vm } from '../support/lab-cluster.ts'
import { daemonSet, deployment, statefulSet } from './workload-manifests.ts'

const OUT_OF_SERVICE = 'node.kubernetes.io/out-of-service=nodeshutdown:NoExecute'
const APPS = ['shop', 'db', 'everywhere'] as const

/** One on each worker. */
const SPREAD = {
  affinity: {
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: 'kubernetes.io/hostname' },
      ],
    },
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          { matchExpressions: [{ key: 'node-role.kubernetes.io/control-plane', operator: 'DoesNotExist' }] },
        ],
      },
    },
  },
}

export const WORKLOADS = [daemonSet('everywhere'), deployment('shop', { replicas: 4 }), statefulSet('db', SPREAD)]

/** All of them, wherever they are. */
export const allRun = async (cluster: LabCluster) =>
  (await Promise.all([cluster.running('shop', 4), cluster.running('db', 2), cluster.running('everywhere', 3)])).flat()

export function workloadsRun(cluster: LabCluster): void {
  it('runs a DaemonSet on each node, a Deployment and a StatefulSet', async () => {
    await cluster.apply(...WORKLOADS)
    const all = await allRun(cluster)
    const nodes = all.filter(({ metadata }) => metadata.labels?.app === 'everywhere').map(({ spec }) => spec?.nodeName)
    assert.deepEqual(nodes.sort(), [...VMS])
  })
}

/** What happens when the VM of a worker stands still, and when it has no power; in the end all is as it was. */
export function lossesHeal(cluster: LabCluster): void {
  it('every pod is back on its node, with its data, and no other', () => nothingTwice(cluster))

  it('no pod moves or starts again when a VM stood still until it counted as lost, and goes on', async () => {
    await allRun(cluster)
    const before = await cluster.fingerprint(...APPS, 'web')
    await cluster.lab.suspend('worker2')
    await cluster.nodesAre({ worker2: 'Unknown', worker1: 'True' })
    await cluster.lab.resume('worker2')
    await cluster.nodesAre({ worker2: 'True' })
    await allRun(cluster)
    await cluster.until('nothing is evicted any more', async () => {
      const found = await cluster.list<Node>('nodes')
      return found?.every(({ spec }) => !spec?.taints?.some(({ effect }) => effect === 'NoExecute'))
    })
    assert.deepEqual(await cluster.fingerprint(...APPS, 'web'), before)
  })

  it('pods of a VM without power run elsewhere; a StatefulSet waits for the word of a person', async () => {
    const { metadata, spec } = await dbOn(cluster, 'worker2')
    await cluster.lab.poweroff('worker2')
    const off = performance.now()
    await cluster.running('shop', 4, pod => pod.spec?.nodeName !== 'worker2')
    console.log(`pods of the lost node run elsewhere after ${seconds(off)}`)
    const namesake = async () => (await cluster.podsOf('db')).find(one => one.metadata.name === metadata.name)
    const waiting = await cluster.until('it is asked to go', async () => {
      const found = await namesake()
      return found?.metadata.deletionTimestamp ? found : undefined
    })
    assert.equal(waiting.metadata.uid, metadata.uid, 'nobody else has its name while it may still run')
    await cluster.succeed(['taint', 'node', 'worker2', OUT_OF_SERVICE])
    const successor = await cluster.until('it has a successor', async () => {
      const found = await namesake()
      return found && found.metadata.uid !== metadata.uid && found
    })
    assert.equal(claimOf(successor), claimOf({ spec }), 'with the same claim')
    await cluster.succeed(['taint', 'node', 'worker2', `${OUT_OF_SERVICE}-`])
  })

  it('the VM with its power back runs what it should and nothing old', async () => {
    await cluster.lab.poweron('worker2')
    await cluster.nodesAre({ worker2: 'True' })
    await nothingTwice(cluster)
  })
}

/** The pod of the StatefulSet on a VM. */
export async function dbOn(cluster: LabCluster, vm: Vm) {
  const found = (await cluster.running('db', 2)).find(({ spec }) => spec?.nodeName === vm)
  assert.ok(found, `one of the two stands on ${vm}`)
  return found
}

/** Data of earlier starts is there, and the containers on each VM are those of its pods. */
export async function nothingTwice(cluster: LabCluster): Promise<void> {
  const all = await allRun(cluster)
  for (const { metadata } of all.filter(({ metadata }) => metadata.labels?.app === 'db')) {
    const { name } = metadata
    // Right after a boot the API server tells what was before.
    const starts = await cluster.until(`${name} has started on its former data`, async () => {
      const { code, stdout } = await cluster.kubectl(['exec', name, '--', 'cat', '/data/starts'])
      const lines = stdout.trim().split('\n')
      return code === 0 && lines.length > 1 && lines
    })
    assert.deepEqual([...new Set(starts)], [name])
  }
  for (const vm of VMS) {
    await cluster.until(`${vm} runs what it should and no more`, async () => {
      const pods = ((await cluster.list<Pod>('pods')) ?? []).filter(({ spec }) => spec?.nodeName === vm)
      // A pod that was ended as its VM went down, and has been replaced, is still listed.
      const wanted = pods.filter(({ status }) => status?.phase === 'Running').map(({ metadata }) => metadata.name)
      return JSON.stringify(await cluster.containersOn(vm)) === JSON.stringify(wanted.sort())
    })
  }
}

export const seconds = (since: number) => `${((performance.now() - since) / 1000).toFixed(1)} s`
const claimOf = ({ spec }: Pick<Pod, 'spec'>) =>
  spec?.volumes?.find(({ persistentVolumeClaim }) => persistentVolumeClaim)?.persistentVolumeClaim?.claimName
