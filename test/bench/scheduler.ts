import { parseArgs } from 'node:util'
import type { Node, Pod, PodSpec } from '../../api/types/core-v1.ts'
import { PODS, PRIORITY_CLASSES } from '../../client/resources.ts'
import { readConfig } from '../../scheduler/config.ts'
import { decide } from '../../scheduler/decide.ts'
import { factsOf } from '../../scheduler/facts.ts'
import { Picture } from '../../scheduler/picture.ts'
import { makeNode } from '../support/control-plane.ts'
import { BoundCounter, createNodes, inParallel } from './load.ts'
import { type Master, startMaster, type Usage } from './master.ts'
import { chosen, median, Report, repeat } from './report.ts'

/**
 * The public scheduler_perf workloads on fake nodes, through the real API server and its store on disk: pods a second from
 * the first creation to the last binding. API server, store and scheduler are one process, as users have them; the client
 * that creates and watches is another. `--only NAME`; `--quick` for a tenth of everything and once, `--scale 0.5` for another part.
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

const GREEN: Partial<PodSpec> = affinity('podAntiAffinity', HOSTNAME, 'green')
const BLUE: Partial<PodSpec> = affinity('podAffinity', ZONE, 'blue')

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
    initialPod: i => pod(`first-${i}`, GREEN, { color: 'green' }),
    pod: i => pod(`pod-${i}`, GREEN, { color: 'green' }),
  },
  {
    ...{ name: 'affinity', nodes: 5000, initial: 5000, measured: 5000, goal: 35, node: zonedNode },
    initialPod: i => pod(`first-${i}`, BLUE, { color: 'blue' }),
    pod: i => pod(`pod-${i}`, BLUE, { color: 'blue' }),
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

async function runWorkload(workload: Workload, scale: number): Promise<Rate> {
  const size = (count: number) => Math.max(1, Math.round(count * scale))
  const master = await startMaster({ controllers: false })
  const { client } = master
  const pods = client.resource<Pod>(PODS)
  await createNodes(client, size(workload.nodes), workload.node ?? plainNode)
  await client.resource(PRIORITY_CLASSES).create({ metadata: { name: 'high' }, value: 1000 } as object)
  const bound = new BoundCounter(client)
  await bound.start()
  const initialPod = workload.initialPod ?? (i => pod(`first-${i}`))
  await inParallel(size(workload.initial), i => pods.create(initialPod(i)))
  await bound.reached(size(workload.initial))
  const hopeless = workload.hopeless ?? 0
  await inParallel(hopeless, i => pods.create(pod(`hopeless-${i}`, { nodeSelector: { nowhere: 'never' } })))
  const watch = startWatch(master)
  const before = bound.total
  const count = size(workload.measured)
  await inParallel(count, i => pods.create(workload.pod(i)))
  await bound.reached(before + count)
  const rate = watch(count)
  await bound.stop()
  await master.stop()
  return rate
}

/** `wall` is what a user sees; `cpu` is by the control plane's processor time, which neighbours do not take away. */
interface Rate {
  wall: number
  cpu: number
  /** At most, in MB. */
  memory: number
}

/** `master` undefined: what is measured runs in this process. */
function startWatch(master?: Master): (count: number) => Rate {
  const usage = () => master?.usage() ?? ownUsage()
  const began = performance.now()
  const { cpu: cpuBegan } = usage()
  return count => {
    const { cpu, peak } = usage()
    return { wall: count / ((performance.now() - began) / 1000), cpu: count / (cpu - cpuBegan), memory: peak }
  }
}

function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  const memory = process.memoryUsage().rss / 2 ** 20
  return { cpu: (user + system) / 1e6, memory, peak: memory }
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

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    scale: { type: 'string' },
    json: { type: 'string' },
  },
})
const SCALE = Number(options.scale ?? (options.quick ? 0.1 : 1))
const ROUNDS = options.quick ? 1 : 3
const WANTED = chosen(['pure', ...WORKLOADS.map(({ name }) => name)], options.only)

async function main(): Promise<void> {
  const report = new Report(`scheduler_perf's workloads, ${SCALE === 1 ? 'whole' : `${SCALE} of each`}`)
  const add = (measure: string, rates: Rate[], goal: number) =>
    report.add({
      ...{ measure, value: rates.map(({ wall }) => wall), unit: 'pods/s', budget: { atLeast: goal } },
      detail: `${Math.round(median(rates.map(({ cpu }) => cpu)))} a CPU second, ${Math.round(rates[0]!.memory)} MB`,
    })
  for (const nodes of WANTED.includes('pure') ? [100, 1000, 5000] : []) {
    const pods = Math.min(nodes * 35, Math.round(10_000 * SCALE))
    const rates = await repeat(ROUNDS, async () => runPure(nodes, pods))
    add(`the decision alone, ${nodes} nodes`, rates, nodes === 5000 ? 5000 : 0)
  }
  for (const workload of WORKLOADS.filter(({ name }) => WANTED.includes(name))) {
    add(workload.name, await repeat(ROUNDS, () => runWorkload(workload, SCALE)), workload.goal)
  }
  if (!(await report.finish(options.json))) process.exitCode = 1
}

// Timers of the clock never keep a process alive; the benchmark itself must.
const alive = setInterval(() => {}, 1000)
await main().finally(() => clearInterval(alive))
