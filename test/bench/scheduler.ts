import { parseArgs } from 'node:util'
import type { Node, Pod, PodSpec } from '../../api/types/core-v1.ts'
import { Informer } from '../../client/informer.ts'
import { NODES, PODS, PRIORITY_CLASSES } from '../../client/resources.ts'
import { readConfig } from '../../scheduler/config.ts'
import { decide } from '../../scheduler/decide.ts'
import { factsOf } from '../../scheduler/facts.ts'
import { Picture } from '../../scheduler/picture.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { type ControlPlane, makeNode, startControlPlane } from '../support/control-plane.ts'

/**
 * The public scheduler_perf workloads on fake nodes, through the real API server and the memory store, all on one thread:
 * pods a second from the first creation to the last binding. `--only NAME`, `--scale 0.1` for a quick look.
 */
interface Workload {
  name: string
  nodes: number
  /** Placed before the clock starts. */
  initial: number
  measured: number
  /** To reach, in pods a second. */
  goal: number
  node?: (index: number) => Node
  initialPod?: (index: number) => Pod
  pod: (index: number) => Pod
  /** Pods that never fit, created first. */
  hopeless?: number
}

const ZONES = ['zone1', 'zone2', 'zone3']
const REQUESTS = { cpu: '100m', memory: '500Mi' }
const CAPACITY = { cpu: '4', memory: '32Gi', pods: '110' }

function pod(name: string, spec: Partial<PodSpec> = {}, labels: Record<string, string> = {}): Pod {
  const container = {
    name: 'pause',
    image: 'registry.k8s.io/pause:3.10',
    resources: { requests: REQUESTS, limits: REQUESTS },
  }
  return { metadata: { name, namespace: 'default', labels }, spec: { containers: [container], ...spec } }
}

function zonedNode(index: number): Node {
  const labels = { 'topology.kubernetes.io/zone': ZONES[index % ZONES.length]! }
  return makeNode(`node-${index}`, CAPACITY, { metadata: { labels } })
}

const plainNode = (index: number) => makeNode(`node-${index}`, CAPACITY)
const HOSTNAME = 'kubernetes.io/hostname'
const ZONE = 'topology.kubernetes.io/zone'

function affinity(kind: 'podAffinity' | 'podAntiAffinity', topologyKey: string, color: string): Partial<PodSpec> {
  const term = { topologyKey, labelSelector: { matchLabels: { color } } }
  return { affinity: { [kind]: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } }
}

const SPREAD: Partial<PodSpec> = {
  topologySpreadConstraints: [
    {
      maxSkew: 5,
      topologyKey: ZONE,
      whenUnsatisfiable: 'DoNotSchedule',
      labelSelector: { matchLabels: { color: 'blue' } },
    },
  ],
}

const IN_ZONES = [{ key: ZONE, operator: 'In', values: ['zone1', 'zone2'] }]
const NODE_AFFINITY: Partial<PodSpec> = {
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: IN_ZONES }] },
    },
  },
}

const big = { requests: { cpu: '3', memory: '500Mi' } }
const bigPod = (name: string, spec: Partial<PodSpec>): Pod => ({
  metadata: { name, namespace: 'default' },
  spec: { containers: [{ name: 'pause', image: 'pause', resources: big }], terminationGracePeriodSeconds: 0, ...spec },
})

const WORKLOADS: readonly Workload[] = [
  { name: 'basic-500', nodes: 500, initial: 500, measured: 5000, goal: 1500, pod: i => pod(`pod-${i}`) },
  { name: 'basic-5000', nodes: 5000, initial: 1000, measured: 10_000, goal: 680, pod: i => pod(`pod-${i}`) },
  {
    ...{ name: 'spreading', nodes: 5000, initial: 5000, measured: 5000, goal: 460, node: zonedNode },
    ...{ initialPod: i => pod(`first-${i}`), pod: i => pod(`pod-${i}`, SPREAD, { color: 'blue' }) },
  },
  {
    ...{ name: 'node-affinity', nodes: 5000, initial: 5000, measured: 10_000, goal: 220, node: zonedNode },
    pod: i => pod(`pod-${i}`, NODE_AFFINITY),
  },
  {
    ...{ name: 'anti-affinity', nodes: 5000, initial: 1000, measured: 2000, goal: 60 },
    pod: i => pod(`pod-${i}`, affinity('podAntiAffinity', HOSTNAME, 'green'), { color: 'green' }),
  },
  {
    ...{ name: 'affinity', nodes: 5000, initial: 5000, measured: 5000, goal: 35, node: zonedNode },
    pod: i => pod(`pod-${i}`, affinity('podAffinity', ZONE, 'blue'), { color: 'blue' }),
  },
  {
    ...{ name: 'unschedulable', nodes: 5000, initial: 100, measured: 10_000, goal: 590, hopeless: 100 },
    pod: i => pod(`pod-${i}`),
  },
  {
    ...{ name: 'preemption', nodes: 1000, initial: 4000, measured: 1000, goal: 200 },
    initialPod: i => ({
      ...pod(`low-${i}`, {
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'p', image: 'p', resources: { requests: { cpu: '900m', memory: '500Mi' } } }],
      }),
    }),
    pod: i => bigPod(`high-${i}`, { priorityClassName: 'high' }),
  },
]

async function inParallel(count: number, run: (index: number) => Promise<unknown>, width = 100): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: width }, worker))
}

async function runWorkload(workload: Workload, scale: number): Promise<Rate> {
  const size = (count: number) => Math.max(1, Math.round(count * scale))
  const plane = await startControlPlane()
  const pods = plane.client.resource<Pod>(PODS)
  await createNodes(plane, size(workload.nodes), workload.node ?? plainNode)
  await plane.create(PRIORITY_CLASSES, { metadata: { name: 'high' }, value: 1000 } as object)
  const bound = new BoundCounter(plane)
  const scheduler = createScheduler(plane)
  await scheduler.start()
  await bound.start()
  const initialPod = workload.initialPod ?? (i => pod(`first-${i}`, {}, {}))
  await inParallel(size(workload.initial), i => pods.create(initialPod(i)))
  await bound.reached(size(workload.initial))
  const hopeless = workload.hopeless ?? 0
  await inParallel(hopeless, i => pods.create(pod(`hopeless-${i}`, { nodeSelector: { nowhere: 'never' } })))
  const watch = startWatch()
  const before = bound.total
  const count = size(workload.measured)
  await inParallel(count, i => pods.create(workload.pod(i)))
  await bound.reached(before + count)
  const rate = watch(count)
  await scheduler.stop()
  await bound.stop()
  await plane.close()
  return rate
}

async function createNodes(plane: ControlPlane, count: number, make: (index: number) => Node): Promise<void> {
  const nodes = plane.client.resource<Node>(NODES)
  await inParallel(count, async i => {
    const wanted = make(i)
    const made = await nodes.create(wanted)
    const settled = await nodes.update({ ...made, status: wanted.status }, 'status')
    if (settled.spec.taints?.length) await nodes.update({ ...settled, spec: { ...settled.spec, taints: [] } })
  })
}

/** Counts bindings, also of pods that are gone since. */
class BoundCounter {
  total = 0
  readonly #informer: Informer<Pod>
  #waiting: { count: number; resolve: () => void } | undefined

  constructor(plane: ControlPlane) {
    this.#informer = new Informer(plane.client.resource<Pod>(PODS), plane)
    this.#informer.addHandler({
      updated: (now, old) => {
        if (!now.spec.nodeName || old.spec.nodeName) return
        this.total++
        if (this.#waiting && this.total >= this.#waiting.count) this.#waiting.resolve()
      },
    })
  }

  async start(): Promise<void> {
    this.#informer.start()
    await this.#informer.synced()
  }

  reached(count: number): Promise<void> {
    if (this.total >= count) return Promise.resolve()
    return new Promise(resolve => {
      this.#waiting = { count, resolve }
    })
  }

  stop(): Promise<void> {
    return this.#informer.stop()
  }
}

/** `wall` is what a user sees; `cpu` is by processor time, which neighbours on the machine do not take away. */
interface Rate {
  wall: number
  cpu: number
}

function startWatch(): (count: number) => Rate {
  const began = performance.now()
  const cpuBegan = process.cpuUsage()
  return count => {
    const { user, system } = process.cpuUsage(cpuBegan)
    return { wall: count / ((performance.now() - began) / 1000), cpu: count / ((user + system) / 1e6) }
  }
}

/** The decision alone: no server, no binding. */
function runPure(nodeCount: number, podCount: number): Rate {
  const picture = new Picture()
  for (let i = 0; i < nodeCount; i++) picture.setNode(plainNode(i))
  const [profile] = readConfig().profiles
  const pods = Array.from({ length: podCount }, (_, i) => {
    const made = pod(`pod-${i}`)
    return factsOf({ ...made, metadata: { ...made.metadata, uid: `uid-${i}` } })
  })
  const watch = startWatch()
  let start = 0
  for (const facts of pods) {
    const decision = decide(facts, picture, profile!, start)
    start = decision.next
    if (!decision.node) throw new Error(`${facts.key} found no place`)
    picture.addPod(facts, decision.node.name)
  }
  return watch(podCount)
}

const { values } = parseArgs({
  options: { only: { type: 'string' }, scale: { type: 'string', default: '1' } },
})
const scale = Number(values.scale)
// Timers of the clock never keep a process alive; the benchmark itself must.
const alive = setInterval(() => {}, 1000)
if (!values.only || values.only === 'pure') {
  for (const nodes of [100, 1000, 5000])
    show(`pure-${nodes}`, runPure(nodes, Math.min(nodes * 35, Math.round(10_000 * scale))), nodes === 5000 ? 5000 : 0)
}
for (const workload of WORKLOADS) {
  if (values.only && values.only !== workload.name) continue
  show(workload.name, await runWorkload(workload, scale), workload.goal)
}
clearInterval(alive)

function show(name: string, { wall, cpu }: Rate, goal: number): void {
  const verdict = goal === 0 ? '' : wall >= goal ? 'reached' : 'MISSED'
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20)
  const cells = [
    name.padEnd(16),
    `${wall.toFixed(0)} pods/s`.padStart(15),
    `${cpu.toFixed(0)} a CPU second`.padStart(22),
  ]
  console.log(`${cells.join('')}   goal ${String(goal || '-').padStart(5)}   ${verdict.padEnd(8)} ${memory} MB`)
}
