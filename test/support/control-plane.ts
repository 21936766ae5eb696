import type { KubeObject, ResourceRef } from '../../api/objects.ts'
import type { Node, Pod, PodSpec } from '../../api/types/core-v1.ts'
import { startTestServer, type TestServer } from '../../apiserver/testing.ts'
import { type Client, createClient, type Live } from '../../client/client.ts'
import { inProcessTransport } from '../../client/in-process.ts'
import { NODES } from '../../client/resources.ts'
import { type Clock, type FakeClock, systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { type Random, seededRandom } from '../../platform/random.ts'
import { eventually } from './eventually.ts'
import { lendingFrozen } from './frozen.ts'

/** A real API server on the memory store with a client beside it: what components are tested against. */
export interface ControlPlane {
  server: TestServer
  client: Client
  clock: Clock
  random: Random
  log: MemoryLog
  create<T extends KubeObject>(ref: ResourceRef, object: T): Promise<Live<T>>
  get<T extends KubeObject>(ref: ResourceRef, name: string, namespace?: string): Promise<Live<T>>
  list<T extends KubeObject>(ref: ResourceRef, namespace?: string): Promise<Live<T>[]>
  /** Waits until the objects of a kind are as wanted; the log says what the components did meanwhile. */
  until<T extends KubeObject, R>(
    ref: ResourceRef,
    what: string,
    wanted: (objects: Live<T>[]) => R | undefined | false,
  ): Promise<R>
  close(): Promise<void>
}

const SYSTEM_MASTERS = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }

/** `withAccounts`: pods need their service account, which the controllers make. */
export async function startControlPlane(
  options: { clock?: Clock; withAccounts?: boolean } = {},
): Promise<ControlPlane> {
  const { clock = systemClock, withAccounts = false } = options
  const admission = withAccounts ? {} : { disable: ['ServiceAccount'] }
  const server = await startTestServer({ clock: clock as FakeClock, admission })
  const client = createClient(inProcessTransport(lendingFrozen(server.server.handle), SYSTEM_MASTERS))
  const log = new MemoryLog()
  const list = async <T extends KubeObject>(ref: ResourceRef, namespace?: string) =>
    (await client.resource<T>(ref).list({ namespace })).items
  return {
    server,
    client,
    clock,
    random: seededRandom(1),
    log,
    create: (ref, object) => client.resource<typeof object>(ref).create(object),
    get: <T extends KubeObject>(ref: ResourceRef, name: string, namespace?: string) =>
      client.resource<T>(ref).get(name, namespace),
    list,
    until<T extends KubeObject, R>(
      ref: ResourceRef,
      what: string,
      wanted: (objects: Live<T>[]) => R | undefined | false,
    ): Promise<R> {
      const evidence = async () => `${await show(client, ref)}\n${tail(log)}`
      return eventually({ what, deadlineMs: 60_000, everyMs: 10, evidence }, async () => wanted(await list<T>(ref)))
    },
    close: () => server.server.close(),
  }
}

async function show(client: Client, ref: ResourceRef): Promise<string> {
  const { items } = await client.resource(ref).list()
  return items.map(item => JSON.stringify(item)).join('\n')
}

function tail(log: MemoryLog): string {
  return log.entries
    .slice(-40)
    .map(({ level, name, message, fields }) => `${level} ${name} ${message} ${showFields(fields)}`)
    .join('\n')
}

function showFields(fields: Record<string, unknown>): string {
  return Object.entries(fields)
    .map(([key, value]) => `${key}=${value instanceof Error ? value.stack : JSON.stringify(value)}`)
    .join(' ')
}

/** A node that is ready and offers this much. */
export function makeNode(name: string, resources: Record<string, string> = {}, extra: Partial<Node> = {}): Node {
  const amounts = { cpu: '4', memory: '8Gi', pods: '110', ...resources }
  const conditions = [{ type: 'Ready', status: 'True', reason: 'KubeletReady', message: '' }]
  const labels = { 'kubernetes.io/hostname': name, ...extra.metadata?.labels }
  return {
    metadata: { ...extra.metadata, name, labels },
    spec: extra.spec ?? {},
    status: { capacity: amounts, allocatable: amounts, conditions, ...extra.status },
  }
}

export function makePod(name: string, requests: Record<string, string> = {}, extra: Partial<PodSpec> = {}): Pod {
  const container = { name: 'app', image: 'app', resources: { requests } }
  return {
    metadata: { name, namespace: 'default', labels: { app: name } },
    spec: { containers: [container], ...extra },
  }
}

export async function createNodes(
  plane: Pick<ControlPlane, 'create' | 'client'>,
  nodes: readonly Node[],
): Promise<void> {
  for (const node of nodes) {
    await plane.create(NODES, node)
    const status = node.status
    if (status)
      await plane.client
        .resource<Node>(NODES)
        .patch(node.metadata!.name!, 'merge', { status }, { subresource: 'status' })
    // What admission adds to a new node, the node lifecycle controller takes away once it is ready.
    await plane.client
      .resource<Node>(NODES)
      .patch(node.metadata!.name!, 'merge', { spec: { taints: node.spec?.taints ?? null } })
  }
}

export function podsByNode(pods: readonly Pod[]): Record<string, string[]> {
  const byNode: Record<string, string[]> = {}
  for (const pod of pods) {
    const node = pod.spec?.nodeName ?? ''
    byNode[node] = [...(byNode[node] ?? []), pod.metadata!.name!].sort()
  }
  return byNode
}
