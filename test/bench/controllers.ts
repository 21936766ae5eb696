import { parseArgs } from 'node:util'
import type { KubeObject, ResourceRef } from '../../api/objects.ts'
import type { Deployment } from '../../api/types/apps-v1.ts'
import type { ConfigMap, Namespace, Node, Pod } from '../../api/types/core-v1.ts'
import type { Client, Live } from '../../client/client.ts'
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS } from '../../client/resources.ts'
import { inParallel } from './load.ts'
import { type Master, startMaster } from './master.ts'
import { FakeNodes, type NodesOptions } from './nodes.ts'

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
  nodes: NodesOptions
  /** Done before the clock starts. */
  before?(world: World): Promise<void>
  /** How many objects it was about. */
  run(world: World): Promise<number>
  /** To stay under, in MB. */
  memory?: number
  /** To stay under when nothing happens, in percent of a core. */
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

const { values } = parseArgs({ options: { only: { type: 'string' }, quick: { type: 'boolean' } } })
const part = (whole: number) => (values.quick ? Math.ceil(whole / 10) : whole)
const own = (count: number): NodesOptions => ({ count, ownWatches: true })
const grown = (count: number): Scenario => ({
  nodes: { count: part(count), ownWatches: false },
  run: world => scaleUp(world, part(1000)),
})

const SCENARIOS: Record<string, Scenario> = {
  'small-3-100': { nodes: own(3), run: world => scaleUp(world, 100), memory: 160, idle: 1.5 },
  'scale-0-1000': { nodes: own(part(100)), run: world => scaleUp(world, part(1000)) },
  'roll-100': {
    nodes: own(20),
    before: world => makeAll(world, part(100)),
    run: world => rollAll(world, part(100)),
  },
  'namespace-5000': {
    nodes: own(1),
    before: world => fill(world, part(5000)),
    run: world => emptyNamespace(world, part(5000)),
  },
  'node-lost': {
    nodes: { count: 3, ownWatches: true, renewMs: 2000, open: 1 },
    before: async world => void (await scaleUp(world, part(110))),
    run: world => loseNode(world, part(110)),
    graceSeconds: 10,
  },
  'grown-100': grown(100),
  'grown-1000': grown(1000),
  'grown-5000': grown(5000),
  'large-500-5000': { nodes: own(part(500)), run: world => scaleUp(world, part(5000)), memory: 500 },
}

const IDLE_MS = values.quick ? 3000 : 20_000

async function run(name: string, scenario: Scenario): Promise<void> {
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
  const idle = await idlePercent(master)
  show(name, scenario, { seconds, used, callsPerObject, idle, memory: master.usage().memory })
  await world.nodes.stop()
  await master.stop()
}

/** Once what came of the work is settled as well. */
async function idlePercent(master: Master): Promise<number> {
  await new Promise(resolve => setTimeout(resolve, IDLE_MS / 2))
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

function show(name: string, { memory, idle }: Scenario, found: Outcome): void {
  const verdict = (value: number, limit: number | undefined) =>
    limit === undefined ? '' : ` (under ${limit}: ${value < limit ? 'reached' : 'MISSED'})`
  const cells = [
    `${found.seconds.toFixed(1)} s`.padStart(8),
    `${found.used.toFixed(1)} CPU s`.padStart(11),
    `${found.callsPerObject.toFixed(1)} calls an object`.padStart(22),
    `${found.memory.toFixed(0)} MB${verdict(found.memory, memory)}`.padStart(29),
    `idle ${found.idle.toFixed(1)} %${verdict(found.idle, idle)}`,
  ]
  console.log(`${name.padEnd(15)} ${cells.join('  ')}`)
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

for (const [name, scenario] of Object.entries(SCENARIOS)) {
  if (!values.only || values.only === name) await run(name, scenario)
}
