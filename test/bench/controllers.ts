import { parseArgs } from 'node:util'
import type { KubeObject, ResourceRef } from '../../api/objects.ts'
import type { Deployment } from '../../api/types/apps-v1.ts'
import type { ConfigMap, Namespace, Node, Pod } from '../../api/types/core-v1.ts'
import type { Client, Live } from '../../client/client.ts'
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS } from '../../client/resources.ts'
import { inParallel } from './load.ts'
import { type Master, startMaster } from './master.ts'
import { FakeNodes, type NodesOptions } from './nodes.ts'
import { chosen, median, Report, repeat } from './report.ts'

/**
 * How the controllers do, on fake nodes: `kubox server` as users have it, in a process of its own with its store on disk;
 * nodes and user are this process. Time, the control plane's processor time, API calls an object, its memory and its
 * processor time when nothing happens. `--only NAME`; `--quick` for a tenth of everything.
 */
interface World {
  master: Master
  client: Client
  nodes: FakeNodes
}

interface Scenario {
  title: string
  nodes: NodesOptions
  /** Done before the clock starts. */
  before?(world: World): Promise<void>
  /** How many objects it was about. */
  run(world: World): Promise<number>
  /** To stay under, in MB. */
  memory?: number
  /** To stay under when nothing happens, in percent of a core; infinity: to be known. */
  idle?: number
  graceSeconds?: number
}

// What is measured is the work, not the wait that is configured before it.
const tolerations = ['unreachable', 'not-ready'].map(key => ({
  ...{ key: `node.kubernetes.io/${key}`, operator: 'Exists', effect: 'NoExecute' },
  tolerationSeconds: 0,
}))

const template = (image: string, name: string) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'app', image }], terminationGracePeriodSeconds: 0, tolerations },
})

function deployment(name: string, replicas: number, image = 'v1'): Deployment {
  const spec = { replicas, selector: { matchLabels: { app: name } }, template: template(image, name) }
  return { metadata: { name, namespace: 'default' }, spec }
}

async function scaleUp({ client }: World, pods: number): Promise<number> {
  await client.resource<Deployment>(DEPLOYMENTS).create(deployment('web', pods))
  await untilAll<Deployment>(client, DEPLOYMENTS, ({ status }) => status?.readyReplicas === pods)
  return pods
}

async function rollAll({ client }: World, count: number): Promise<number> {
  const deployments = client.resource<Deployment>(DEPLOYMENTS)
  await inParallel(count, i => {
    const patch = { spec: { template: template('v2', `web-${i}`) } }
    return deployments.patch(`web-${i}`, 'strategic', patch, { namespace: 'default' })
  })
  await untilAll<Deployment>(client, DEPLOYMENTS, ({ status, spec, metadata }) => {
    const isSeen = (status?.observedGeneration ?? 0) >= (metadata.generation ?? 0)
    return isSeen && status?.readyReplicas === 3 && status.updatedReplicas === 3 && status.replicas === spec?.replicas
  })
  return 3 * count
}

async function makeAll({ client }: World, count: number): Promise<void> {
  await inParallel(count, i => client.resource<Deployment>(DEPLOYMENTS).create(deployment(`web-${i}`, 3)))
  await untilAll<Deployment>(client, DEPLOYMENTS, ({ status }) => status?.readyReplicas === 3)
}

async function fill({ client }: World, count: number): Promise<void> {
  await client.resource<Namespace>(NAMESPACES).create({ metadata: { name: 'full' } })
  await inParallel(count, i => {
    const metadata = { name: `c-${i}`, namespace: 'full' }
    return client.resource<ConfigMap>(CONFIG_MAPS).create({ metadata, data: { i: String(i) } })
  })
}

async function emptyNamespace({ client }: World, count: number): Promise<number> {
  await client.resource(NAMESPACES).delete('full')
  await untilAll(client, NAMESPACES, ({ metadata }) => metadata.name !== 'full')
  return count
}

/** All pods stand on the first node, since the others are cordoned; then it falls silent. */
async function loseNode({ client, nodes }: World, pods: number): Promise<number> {
  const others = await client.resource<Node>(NODES).list({})
  await inParallel(others.items.length, i =>
    client.resource<Node>(NODES).patch(others.items[i]!.metadata.name, 'merge', { spec: { unschedulable: null } }),
  )
  await nodes.lose('n0')
  const isElsewhere = (pod: Pod) => pod.metadata?.deletionTimestamp || (pod.spec?.nodeName !== 'n0' && isReady(pod))
  await until('replaced', async () => {
    const { items } = await client.resource<Pod>(PODS).list({ namespace: 'default' })
    return items.filter(pod => !pod.metadata.deletionTimestamp).length === pods && items.every(isElsewhere)
  })
  return pods
}

function isReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, quick: { type: 'boolean', default: false }, json: { type: 'string' } },
})
const part = (whole: number) => (options.quick ? Math.ceil(whole / 10) : whole)
const own = (count: number): NodesOptions => ({ count, ownWatches: true })
const grown = (count: number): Scenario => ({
  title: `Deployment 0 to ${part(1000)}, beside ${part(count)} nodes`,
  nodes: { count: part(count), ownWatches: false },
  run: world => scaleUp(world, part(1000)),
  memory: Number.POSITIVE_INFINITY,
  idle: Number.POSITIVE_INFINITY,
})

const SCENARIOS: Record<string, Scenario> = {
  'small-3-100': {
    title: '3 nodes, Deployment 0 to 100',
    ...{ nodes: own(3), run: world => scaleUp(world, 100), memory: 160, idle: 1.5 },
  },
  'scale-0-1000': {
    title: `${part(100)} nodes, Deployment 0 to ${part(1000)}`,
    ...{ nodes: own(part(100)), run: world => scaleUp(world, part(1000)) },
  },
  'roll-100': {
    title: `${part(100)} Deployments of 3 rolled at once`,
    nodes: own(20),
    before: world => makeAll(world, part(100)),
    run: world => rollAll(world, part(100)),
  },
  'namespace-5000': {
    title: `namespace with ${part(5000)} objects deleted`,
    nodes: own(1),
    before: world => fill(world, part(5000)),
    run: world => emptyNamespace(world, part(5000)),
  },
  'node-lost': {
    title: `node of ${part(110)} pods lost, all replaced (10 s of it waited)`,
    nodes: { count: 3, ownWatches: true, renewMs: 2000, open: 1 },
    before: async world => void (await scaleUp(world, part(110))),
    run: world => loseNode(world, part(110)),
    graceSeconds: 10,
  },
  'grown-100': grown(100),
  'grown-1000': grown(1000),
  'grown-5000': grown(5000),
  'large-500-5000': {
    title: `${part(500)} nodes, Deployment 0 to ${part(5000)}`,
    ...{ nodes: own(part(500)), run: world => scaleUp(world, part(5000)), memory: 500 },
  },
}

/** What came of the work is settled as well, and the garbage it left. */
const SETTLE_MS = options.quick ? 3000 : 15_000
const IDLE_MS = options.quick ? 3000 : 20_000
const ROUNDS = options.quick ? 1 : 3

async function run(scenario: Scenario): Promise<Outcome> {
  const { graceSeconds } = scenario
  const flags: Record<string, string> = graceSeconds ? { 'node-monitor-grace-period': `${graceSeconds}s` } : {}
  const master = await startMaster({ controllers: true, flags: { 'kube-controller-manager': flags } })
  const world: World = { master, client: master.client, nodes: new FakeNodes(master.client, scenario.nodes) }
  await world.nodes.start()
  await untilAccount(world.client)
  await scenario.before?.(world)
  const [began, calls, { cpu }] = [performance.now(), await master.calls(), master.usage()]
  const objects = await scenario.run(world)
  const seconds = (performance.now() - began) / 1000
  const callsPerObject = ((await master.calls()) - calls) / objects
  const used = master.usage().cpu - cpu
  const idle = scenario.idle === undefined ? 0 : await idlePercent(master)
  const found = { seconds, used, callsPerObject, idle, memory: master.usage().memory }
  await world.nodes.stop()
  await master.stop()
  return found
}

async function idlePercent(master: Master): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  const [began, { cpu }] = [performance.now(), master.usage()]
  await new Promise(resolve => setTimeout(resolve, IDLE_MS))
  return (100 * (master.usage().cpu - cpu)) / ((performance.now() - began) / 1000)
}

interface Outcome {
  seconds: number
  used: number
  callsPerObject: number
  idle: number
  memory: number
}

function tell(report: Report, { title, memory, idle }: Scenario, found: readonly Outcome[]): void {
  const all = (figure: keyof Outcome) => found.map(one => one[figure])
  const middle = (figure: keyof Outcome) => median(all(figure)).toFixed(1)
  const detail = `${middle('used')} s of processor time, ${middle('callsPerObject')} API calls an object`
  report.add({ measure: title, value: all('seconds'), unit: 's', budget: { atMost: Number.POSITIVE_INFINITY }, detail })
  if (memory) report.add({ measure: '  memory', value: all('memory'), unit: 'MB', budget: { atMost: memory } })
  if (idle) report.add({ measure: '  idle', value: all('idle'), unit: '%', budget: { atMost: idle } })
}

/** Pods are admitted once their service account is there. */
async function untilAccount(client: Client): Promise<void> {
  const accounts = { group: '', version: 'v1', plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true }
  await until('the default account', async () => {
    const { items } = await client.resource(accounts).list({ namespace: 'default' })
    return items.length > 0
  })
}

function untilAll<T extends KubeObject>(
  client: Client,
  ref: ResourceRef,
  wanted: (object: Live<T>) => boolean,
): Promise<void> {
  return until(`all ${ref.plural}`, async () => (await client.resource<T>(ref).list({})).items.every(wanted))
}

async function until(what: string, wanted: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 600_000
  while (!(await wanted())) {
    if (performance.now() > deadline) throw new Error(`did not happen: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 100))
  }
}

const names = chosen(Object.keys(SCENARIOS), options.only)
const report = new Report(`the controllers on fake nodes${options.quick ? ', a tenth of everything' : ''}`)
for (const name of names) tell(report, SCENARIOS[name]!, await repeat(ROUNDS, () => run(SCENARIOS[name]!)))
if (!(await report.finish(options.json))) process.exitCode = 1
