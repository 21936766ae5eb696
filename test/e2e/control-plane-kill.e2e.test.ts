import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { KubeObject } from '../../api/objects.ts'
import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Pod, Service } from '../../api/types/core-v1.ts'
import type { Client, Live } from '../../client/client.ts'
import { DEPLOYMENTS, PODS, REPLICA_SETS, SERVICES } from '../../client/resources.ts'
import { pause, systemClock } from '../../platform/clock.ts'
import { randomBelow, seededRandom, systemRandom } from '../../platform/random.ts'
import { eventually } from '../support/eventually.ts'
import { startFakeNodes } from '../support/fake-nodes.ts'
import { findFaults, readHistory } from '../support/history.ts'
import { MasterProcess } from '../support/master.ts'

/** KUBOX_KILLS=50 for the long run, KUBOX_SEED to see one again. */
const KILLS = Number(process.env.KUBOX_KILLS ?? 8)
const SEED = Number(process.env.KUBOX_SEED ?? randomBelow(systemRandom, 1_000_000))
const LONGEST_LIFE_MS = 2000
const REPLICAS = 200
const SURGE = 50
const NODES = 10
const PODS_PER_NODE = 30

const LIMITS = {
  mostPods: REPLICAS + SURGE,
  replicas: REPLICAS,
  fewestReady: REPLICAS - SURGE,
  podsPerNode: PODS_PER_NODE,
}
const KINDS = ['pods', 'replicasets', 'services/specs']

const namespace = 'default'
const isComplete = ({ metadata, spec, status }: Live<Deployment>) =>
  status?.observedGeneration === metadata.generation &&
  status?.updatedReplicas === spec.replicas &&
  status?.availableReplicas === spec.replicas &&
  status?.replicas === spec.replicas

describe(`kill -9 of the control plane, ${KILLS} times, seed ${SEED}`, { timeout: 300_000 + KILLS * 30_000 }, () => {
  let master: MasterProcess
  let client: Client
  let nodes: Awaited<ReturnType<typeof startFakeNodes>>

  before(async () => {
    master = await MasterProcess.make()
    client = await master.client()
    nodes = await startFakeNodes(client, NODES, PODS_PER_NODE)
  })
  after(async () => {
    await nodes?.stop()
    await master?.remove()
  })

  const until = <T>(what: string, ask: () => Promise<T | undefined | false>) =>
    eventually({ what, deadlineMs: 240_000, everyMs: 200, evidence: () => master.log() }, ask)
  const deployments = () => client.resource<Deployment>(DEPLOYMENTS)

  /** Rollout after rollout, and Services in between, for as long as there are kills to come. */
  async function work(signal: AbortSignal): Promise<{ rollouts: number; services: number }> {
    const done = { rollouts: 0, services: 0 }
    while (!signal.aborted) {
      // What is refused or lost while the server is down is asked again.
      await step(done).catch(() => undefined)
      await pause(systemClock, 100, signal)
    }
    return done
  }

  async function step(done: { rollouts: number; services: number }): Promise<void> {
    if (isComplete(await deployments().get('web', namespace))) {
      await deployments().patch('web', 'strategic', template(`v${done.rollouts + 2}`), { namespace })
      done.rollouts++
    }
    await client.resource<Service>(SERVICES).create(nodePortService(`port-${done.services}`))
    done.services++
  }

  it('during rollouts of 200 pods ends right', async () => {
    await deployments().create(deployment(REPLICAS))
    await until('the first pods run', async () => isComplete(await deployments().get('web', namespace)))
    const random = seededRandom(SEED)
    const ending = new AbortController()
    const working = work(ending.signal)
    for (let kill = 1; kill <= KILLS; kill++) {
      // Every third one may fall while it boots, the others while they work.
      if (kill % 3 !== 0) await master.ready()
      await pause(systemClock, randomBelow(random, LONGEST_LIFE_MS))
      await master.kill()
      master.start()
    }
    ending.abort()
    const { rollouts, services } = await working
    const ended = performance.now()
    await until('the last rollout ends', async () => isComplete(await deployments().get('web', namespace)))
    const seconds = ((performance.now() - ended) / 1000).toFixed(1)
    console.log(`${rollouts} rollouts and ${services} Services over ${KILLS} kills; ended ${seconds} s after the last`)
    assert.ok(rollouts > 0)
  })

  it('leaves every pod its owner, and no pod more', async () => {
    const pods = await until('the last old pod is gone', async () => {
      const { items } = await client.resource<Pod>(PODS).list({ namespace })
      return items.length === REPLICAS && items
    })
    const sets = (await client.resource<ReplicaSet>(REPLICA_SETS).list({ namespace })).items
    const { metadata } = await deployments().get('web', namespace)
    const ownerOf = (object: Live<KubeObject>) => object.metadata.ownerReferences?.find(one => one.controller)?.uid
    for (const set of sets) assert.equal(ownerOf(set), metadata.uid, set.metadata.name)
    const current = sets.filter(set => set.spec.replicas)
    assert.equal(current.length, 1)
    for (const pod of pods) assert.equal(ownerOf(pod), current[0]!.metadata.uid, pod.metadata.name)
    for (const pod of pods) assert.ok(pod.spec.nodeName, pod.metadata.name)
  })

  it('has at no moment made one too many, bound one twice or given one address to two', async () => {
    const store = master.openStore()
    try {
      const history = await readHistory(
        store,
        KINDS.map(kind => `${kind}/${namespace}`),
      )
      const made = new Set(
        history.flatMap(({ kind, object }) => (kind === 'pods' ? (object?.metadata?.uid ?? []) : [])),
      )
      console.log(`${history.length} changes of ${made.size} pods looked at`)
      assert.ok(made.size > REPLICAS)
      assert.deepEqual(findFaults(history, LIMITS), [])
    } finally {
      await store.close()
    }
  })

  it('still takes all away with the Deployment', async () => {
    await deployments().delete('web', { namespace })
    await until('nothing of it is left', async () => {
      const lists = await Promise.all([PODS, REPLICA_SETS].map(ref => client.resource(ref).list({ namespace })))
      return lists.every(({ items }) => items.length === 0)
    })
  })
})

const template = (image: string) => ({
  spec: {
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 0 },
    },
  },
})

function deployment(replicas: number): Deployment {
  const rollingUpdate = { maxSurge: SURGE, maxUnavailable: SURGE }
  const selector = { matchLabels: { app: 'web' } }
  const strategy = { type: 'RollingUpdate', rollingUpdate }
  return { metadata: { name: 'web', namespace }, spec: { replicas, selector, strategy, ...template('v1').spec } }
}

function nodePortService(name: string): Service {
  return { metadata: { name, namespace }, spec: { type: 'NodePort', selector: { app: 'web' }, ports: [{ port: 80 }] } }
}
