import { parseArgs } from 'node:util'
import type { ApiHandler } from '../../api/exchange.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Deployment } from '../../api/types/apps-v1.ts'
import type { ConfigMap, Namespace, Node, Pod } from '../../api/types/core-v1.ts'
import { createClient } from '../../client/client.ts'
import { inProcessTransport } from '../../client/in-process.ts'
import { CONFIG_MAPS, DEPLOYMENTS, NAMESPACES, NODES, PODS } from '../../client/resources.ts'
import { createControllerManager } from '../../controller/manager.ts'
import { createScheduler } from '../../scheduler/scheduler.ts'
import { type ControlPlane, createNodes, makeNode, startControlPlane } from '../support/control-plane.ts'
import { startFakeKubelet } from '../support/fake-kubelet.ts'

/**
 * How the controllers do on fake nodes, with the real API server, memory store and scheduler, all on one thread: time, API
 * calls a pod, memory. `--only NAME`, `--scale 0.1` for a quick look.
 */
interface World {
  plane: ControlPlane
  until(what: string, wanted: () => Promise<boolean>): Promise<void>
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

const SCENARIOS: Record<string, (world: World, scale: number) => Promise<{ pods: number }>> = {
  async 'scale-0-1000'({ plane, until }, scale) {
    const pods = Math.round(1000 * scale)
    await plane.create(DEPLOYMENTS, deployment('web', pods))
    await until('all ready', async () => (await ready(plane)) === pods)
    return { pods }
  },
  async 'roll-100'({ plane, until }, scale) {
    const count = Math.round(100 * scale)
    for (let i = 0; i < count; i++) await plane.create(DEPLOYMENTS, deployment(`web-${i}`, 3))
    await until('all ready', async () => (await ready(plane)) === 3 * count)
    const began = performance.now()
    for (let i = 0; i < count; i++) {
      const patch = { spec: { template: template('v2', `web-${i}`) } }
      await plane.client.resource(DEPLOYMENTS).patch(`web-${i}`, 'strategic', patch, { namespace: 'default' })
    }
    const isRolled = ({ status, spec }: Deployment) =>
      status?.updatedReplicas === spec?.replicas && status?.replicas === spec?.replicas
    await until('all rolled', async () => (await plane.list<Deployment>(DEPLOYMENTS)).every(isRolled))
    console.log(`  the rollout itself: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    return { pods: 6 * count }
  },
  async 'namespace-5000'({ plane, until }, scale) {
    const count = Math.round(5000 * scale)
    await plane.create<Namespace>(NAMESPACES, { metadata: { name: 'full' } })
    for (let i = 0; i < count; i++) {
      await plane.create<ConfigMap>(CONFIG_MAPS, {
        metadata: { name: `c-${i}`, namespace: 'full' },
        data: { i: String(i) },
      })
    }
    const began = performance.now()
    await plane.client.resource(NAMESPACES).delete('full')
    await until(
      'gone',
      async () => !(await plane.list<Namespace>(NAMESPACES)).some(({ metadata }) => metadata.name === 'full'),
    )
    console.log(`  the deletion itself: ${((performance.now() - began) / 1000).toFixed(1)} s`)
    return { pods: count }
  },
  async 'node-lost'({ plane, until }, scale) {
    const count = Math.round(110 * scale)
    await plane.create(DEPLOYMENTS, deployment('web', count))
    await until('all ready', async () => (await ready(plane)) === count)
    const [first] = await plane.list<Pod>(PODS)
    const lost = first!.spec.nodeName!
    const taints = [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }]
    await plane.client.resource<Node>(NODES).patch(lost, 'merge', { spec: { taints, unschedulable: true } })
    await until('replaced', async () => {
      const pods = await plane.list<Pod>(PODS)
      return pods.length === count && pods.every(pod => pod.spec.nodeName && pod.spec.nodeName !== lost && isReady(pod))
    })
    return { pods: count }
  },
}

function isReady(pod: KubeObject): boolean {
  return (pod as Pod).status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false
}

async function ready(plane: ControlPlane): Promise<number> {
  return (await plane.list<Pod>(PODS, 'default')).filter(isReady).length
}

async function run(name: string, scale: number): Promise<void> {
  const plane = await startControlPlane()
  let calls = 0
  const counting: ApiHandler = request => {
    calls++
    return plane.server.server.handle(request)
  }
  const master = { name: 'kubernetes-admin', groups: ['system:masters'] }
  const parts = { ...plane, client: createClient(inProcessTransport(counting, master)) }
  const manager = createControllerManager({ ...parts, disabled: ['node-lifecycle'] })
  const scheduler = createScheduler(parts)
  const kubelet = await startFakeKubelet(plane, { needsNode: true })
  await createNodes(
    plane,
    Array.from({ length: Math.max(2, Math.round(20 * scale)) }, (_, i) => makeNode(`n${i}`)),
  )
  await Promise.all([manager.start(), scheduler.start()])
  const before = calls
  const began = performance.now()
  const cpuBegan = process.cpuUsage()
  const { pods } = await SCENARIOS[name]!({ plane, until }, scale)
  const { user, system } = process.cpuUsage(cpuBegan)
  const seconds = (performance.now() - began) / 1000
  const memory = Math.round(process.memoryUsage().rss / 2 ** 20)
  const cells = [
    `${seconds.toFixed(1)} s`,
    `${((user + system) / 1e6).toFixed(1)} CPU s`,
    `${((calls - before) / pods).toFixed(1)} calls an object`,
  ]
  console.log(`${name.padEnd(16)} ${cells.map(cell => cell.padStart(12)).join('  ')}  ${memory} MB`)
  await Promise.all([manager.stop(), scheduler.stop()])
  await kubelet.stop()
  await plane.close()
}

async function until(what: string, wanted: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 600_000
  while (!(await wanted())) {
    if (performance.now() > deadline) throw new Error(`did not happen: ${what}`)
    await new Promise(resolve => setTimeout(resolve, 200))
  }
}

const { values } = parseArgs({ options: { only: { type: 'string' }, scale: { type: 'string', default: '1' } } })
for (const name of Object.keys(SCENARIOS))
  if (!values.only || values.only === name) await run(name, Number(values.scale))
