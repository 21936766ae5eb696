import { qualifiedResource } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Namespace, NamespaceCondition } from '../../api/types/core-v1.ts'
import type { Client, Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { NAMESPACES } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { transitionTime } from '../conditions.ts'
import { type Context, type Controller, createLoop } from '../context.ts'
import { type Discovered, discover } from '../discovery.ts'

const RETRY_MS = 2000
/** Given out by the API server; taken away when the namespace is empty. */
const FINALIZER = 'kubernetes'

/** What is left of one kind in a namespace that goes away. */
export interface Remains {
  resource: string
  count: number
  /** Finalizers that hold some of them, with how many they hold. */
  finalizers: ReadonlyMap<string, number>
}

/** What people read in `kubectl describe namespace` while it is being deleted. */
export function deletionConditions(
  remains: readonly Remains[],
  failedGroups: readonly string[],
  failures: readonly string[],
  known: readonly NamespaceCondition[],
  time: string,
): NamespaceCondition[] {
  const counts = remains.map(({ resource, count }) => `${resource} has ${count} resource instances`)
  const held = sumFinalizers(remains).map(([name, count]) => `${name} in ${count} resource instances`)
  const rows: [string, string, string, string, string][] = [
    [
      'NamespaceDeletionDiscoveryFailure',
      failedGroups.join(', '),
      'DiscoveryFailed',
      'ResourcesDiscovered',
      'All resources successfully discovered',
    ],
    [
      'NamespaceDeletionContentFailure',
      failures.join(', '),
      'ContentDeletionFailed',
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ],
    [
      'NamespaceContentRemaining',
      counts.length > 0 ? `Some resources are remaining: ${counts.join(', ')}` : '',
      'SomeResourcesRemain',
      'ContentRemoved',
      'All content successfully removed',
    ],
    [
      'NamespaceFinalizersRemaining',
      held.length > 0 ? `Some content in the namespace has finalizers remaining: ${held.join(', ')}` : '',
      'SomeFinalizersRemain',
      'ContentHasNoFinalizers',
      'All content-preserving finalizers finished',
    ],
  ]
  return rows.map(([type, trouble, badReason, goodReason, goodMessage]) => {
    const status = trouble ? 'True' : 'False'
    const lastTransitionTime = transitionTime(known, { type, status }, time)
    return {
      type,
      status,
      reason: trouble ? badReason : goodReason,
      message: trouble || goodMessage,
      lastTransitionTime,
    }
  })
}

function sumFinalizers(remains: readonly Remains[]): [string, number][] {
  const sums = new Map<string, number>()
  for (const { finalizers } of remains) {
    for (const [name, count] of finalizers) sums.set(name, (sums.get(name) ?? 0) + count)
  }
  return [...sums].sort()
}

/** Empties namespaces that are being deleted: pods first, so that what they still use is there while they end. */
export function namespaceController(context: Context): Controller {
  const { client, clock, informers } = context
  const namespaces = informers.of<Namespace>(NAMESPACES)
  const namespaceClient = client.resource<Namespace>(NAMESPACES)
  const loop = createLoop(context, 'namespace-controller', step)
  loop.watch(namespaces)

  async function step(name: string): Promise<void> {
    const namespace = namespaces.get(name)
    if (!namespace?.metadata.deletionTimestamp || !namespace.spec.finalizers?.includes(FINALIZER)) return
    const { resources, failed } = await discover(client)
    const namespaced = resources.filter(resource => resource.namespaced && resource.verbs.includes('delete'))
    const { remains, failures } = await empty(client, name, namespaced)
    if (remains.length > 0 || failures.length > 0 || failed.length > 0) {
      const known = namespace.status?.conditions ?? []
      await report(namespace, deletionConditions(remains, failed, failures, known, timestamp(clock.now())))
      return loop.queue.addAfter(name, RETRY_MS)
    }
    const finalizers = namespace.spec.finalizers.filter(finalizer => finalizer !== FINALIZER)
    await unlessGone(namespaceClient.update({ ...namespace, spec: { ...namespace.spec, finalizers } }, 'finalize'))
  }

  async function report(namespace: Live<Namespace>, conditions: NamespaceCondition[]): Promise<void> {
    const known = namespace.status?.conditions ?? []
    const isSame = conditions.every(wanted =>
      known.some(
        ({ type, status, message }) => type === wanted.type && status === wanted.status && message === wanted.message,
      ),
    )
    if (isSame) return
    const patch = { status: { conditions } }
    await unlessGone(namespaceClient.patch(namespace.metadata.name, 'strategic', patch, { subresource: 'status' }))
  }

  return loop
}

async function empty(client: Client, namespace: string, resources: readonly Discovered[]) {
  const isPods = ({ group, plural }: Discovered) => group === '' && plural === 'pods'
  const remains: Remains[] = []
  const failures: string[] = []
  for (const wave of [resources.filter(isPods), resources.filter(resource => !isPods(resource))]) {
    await Promise.all(
      wave.map(async resource => {
        try {
          const left = await emptyKind(client, namespace, resource)
          if (left) remains.push(left)
        } catch (error) {
          failures.push(`${qualifiedResource(resource)}: ${error instanceof Error ? error.message : error}`)
        }
      }),
    )
    if (remains.length > 0) break
  }
  remains.sort((a, b) => a.resource.localeCompare(b.resource))
  return { remains, failures }
}

async function emptyKind(client: Client, namespace: string, resource: Discovered): Promise<Remains | undefined> {
  const objects = client.resource<KubeObject>(resource)
  const before = await objects.list({ namespace })
  if (before.items.length === 0) return undefined
  const propagationPolicy = 'Background'
  if (resource.verbs.includes('deletecollection')) await objects.deleteCollection({ namespace, propagationPolicy })
  else {
    const names = before.items.map(item => item.metadata.name)
    await Promise.all(names.map(name => unlessGone(objects.delete(name, { namespace, propagationPolicy }))))
  }
  const { items } = await objects.list({ namespace })
  if (items.length === 0) return undefined
  const finalizers = new Map<string, number>()
  for (const item of items) {
    for (const name of item.metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1)
  }
  return { resource: `${resource.plural}.${resource.group}`, count: items.length, finalizers }
}
