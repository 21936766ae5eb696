import { isReason } from '../../api/errors.ts'
import { apiVersionOf, type KubeObject, type OwnerReference, type ResourceRef } from '../../api/objects.ts'
import type { Live } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { type Context, type Controller, createChore, createLoop, unlessGone } from '../context.ts'
import { type Discovered, discover } from '../discovery.ts'
import { isWaitingForDependents, judge, type OwnerState, type Verdict } from './decide.ts'
import { describeNode, type GraphNode, groupOf, isOwner, OwnerGraph } from './graph.ts'

const DISCOVERY_MS = 30_000
/** Short-lived, many, and owned by nobody. */
const IGNORED = new Set(['events', 'events.k8s.io/events', 'leases'])

/** Deletes what nobody owns any more, in the order that whoever deleted the owner asked for. */
export function garbageController(context: Context): Controller {
  const { client, informers } = context
  const graph = new OwnerGraph()
  const kinds = new Map<string, { ref: Discovered; informer: Informer<KubeObject> }>()
  const ownInformers: Informer<KubeObject>[] = []
  /** Owners that the server has said do not exist: uids never come back. */
  const absent = new Set<string>()
  const loop = createLoop(context, 'garbage-collector-controller', step, { workers: 20 })
  let isReady = false
  let isStopped = false

  async function refresh(): Promise<void> {
    const { resources, failed } = await discover(client)
    if (failed.length > 0) context.log.warn('Some groups could not be discovered', { failed })
    const fresh = resources.filter(ref => !kinds.has(nameOf(ref)) && !isIgnored(ref) && ref.verbs.includes('delete'))
    const added = fresh.map(follow)
    await Promise.all(added.map(informer => informer.synced()))
    if (isReady || isStopped) return
    isReady = true
    loop.start()
  }

  function follow(ref: Discovered): Informer<KubeObject> {
    const shared = informers.find(ref)
    const informer = shared ?? new Informer<KubeObject>(client.resource(ref), { ...context, metadataOnly: true })
    if (!shared) ownInformers.push(informer)
    kinds.set(nameOf(ref), { ref, informer })
    informer.addHandler({
      added: object => onSeen(ref, object),
      updated: object => onSeen(ref, object),
      deleted: onGone,
    })
    informer.start()
    return informer
  }

  function onSeen(ref: ResourceRef, object: Live<KubeObject>): void {
    const { node, isNews } = graph.set(ref, object)
    if (!isNews) return
    if (node.owners.length > 0 || node.isDeleting) loop.queue.add(node.uid)
    if (isWaitingForDependents(node)) addAll(graph.dependentsOf(node.uid))
    // A dependent that stops blocking, or that is given away, frees its owner.
    for (const owner of node.owners) if (graph.get(owner.uid)?.isDeleting) loop.queue.add(owner.uid)
  }

  function onGone({ metadata: { uid } }: Live<KubeObject>): void {
    const owners = graph.get(uid)?.owners ?? []
    graph.remove(uid)
    absent.add(uid)
    addAll(graph.dependentsOf(uid))
    for (const owner of owners) if (graph.get(owner.uid)?.isDeleting) loop.queue.add(owner.uid)
  }

  function addAll(nodes: readonly GraphNode[]): void {
    for (const node of nodes) loop.queue.add(node.uid)
  }

  async function step(uid: string): Promise<void> {
    const node = graph.get(uid)
    if (!node) return
    const states = new Map<OwnerReference, OwnerState>()
    if (!node.isDeleting) for (const owner of node.owners) states.set(owner, await stateOf(owner, node))
    const verdict = judge(node, owner => states.get(owner)!, graph.dependentFacts(uid))
    await carryOut(verdict, node)
  }

  /** Absence is only ever believed from the server itself: informers of different kinds are not in step. */
  async function stateOf(reference: OwnerReference, dependent: GraphNode): Promise<OwnerState> {
    const known = graph.get(reference.uid)
    if (known) {
      if (!isOwner(known, reference, dependent)) return 'absent'
      return isWaitingForDependents(known) ? 'waiting' : 'alive'
    }
    if (absent.has(reference.uid)) return 'absent'
    const ref = refOf(reference)
    // An owner of a kind that nobody serves: perhaps its definition comes back.
    if (!ref) return 'alive'
    if (ref.namespaced && dependent.namespace === undefined) return 'absent'
    const owner = await find(ref, reference.name, ref.namespaced ? dependent.namespace : undefined)
    if (owner?.metadata.uid === reference.uid) return owner.metadata.deletionTimestamp ? stateOfLive(owner) : 'alive'
    absent.add(reference.uid)
    return 'absent'
  }

  async function find(ref: ResourceRef, name: string, namespace?: string): Promise<Live<KubeObject> | undefined> {
    try {
      return await client.resource<KubeObject>(ref).get(name, namespace)
    } catch (error) {
      if (isReason(error, 'NotFound')) return undefined
      throw error
    }
  }

  function refOf(reference: OwnerReference): ResourceRef | undefined {
    const group = groupOf(reference.apiVersion)
    return [...kinds.values()].find(({ ref }) => ref.group === group && ref.kind === reference.kind)?.ref
  }

  async function carryOut(verdict: Verdict, node: GraphNode): Promise<void> {
    switch (verdict.do) {
      case 'nothing':
        return
      case 'drop-owners':
        return dropOwners(node, verdict.uids)
      case 'delete':
        return remove(node, verdict.propagation)
      case 'remove-finalizer':
        return removeFinalizer(node, verdict.finalizer)
      case 'wait-for-dependents':
        return addAll(graph.dependentsOf(node.uid))
      case 'stop-blocking':
        return stopBlocking(node)
      case 'orphan-dependents':
        await Promise.all(graph.dependentsOf(node.uid).map(dependent => dropOwners(dependent, [node.uid])))
        return removeFinalizer(node, 'orphan')
    }
  }

  async function remove(node: GraphNode, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { name, namespace, uid } = node
    // The revision guards against an owner that was given to it in this very moment.
    const resourceVersion = await revisionOf(node)
    if (resourceVersion === undefined) return
    const preconditions = { uid, resourceVersion }
    await unlessGone(client.resource(node.ref).delete(name, { namespace, propagationPolicy, preconditions }))
    context.log.debug('Deleted an object without owners', { object: describeNode(node), propagationPolicy })
  }

  /** undefined: the object is gone, or has other owners than we know of, which the watch will tell. */
  async function revisionOf(node: GraphNode): Promise<string | undefined> {
    const now = await find(node.ref, node.name, node.namespace)
    if (now?.metadata.uid !== node.uid) return undefined
    const uids = (owners: readonly OwnerReference[]) => JSON.stringify(owners.map(owner => owner.uid))
    return uids(now.metadata.ownerReferences ?? []) === uids(node.owners) ? now.metadata.resourceVersion : undefined
  }

  async function dropOwners(node: GraphNode, uids: readonly string[]): Promise<void> {
    const ownerReferences = uids.map(uid => ({ $patch: 'delete', uid }))
    await patchOwners(node, ownerReferences, owners => owners.filter(owner => !uids.includes(owner.uid)))
  }

  async function stopBlocking(node: GraphNode): Promise<void> {
    const ownerReferences = node.owners.map(owner => ({ ...owner, blockOwnerDeletion: false }))
    await patchOwners(node, ownerReferences, () => ownerReferences)
  }

  /** Custom resources know no strategic patches: theirs are written whole. */
  async function patchOwners(
    node: GraphNode,
    ownerReferences: readonly object[],
    whole: (owners: OwnerReference[]) => OwnerReference[],
  ): Promise<void> {
    const { name, namespace, uid } = node
    const resource = client.resource<KubeObject>(node.ref)
    try {
      await unlessGone(resource.patch(name, 'strategic', { metadata: { uid, ownerReferences } }, { namespace }))
    } catch (error) {
      if (!isReason(error, 'UnsupportedMediaType')) throw error
      const now = await find(node.ref, name, namespace)
      const { resourceVersion, ownerReferences: owners = [] } = now?.metadata ?? {}
      const metadata = { uid, resourceVersion, ownerReferences: whole(owners) }
      if (now) await unlessGone(resource.patch(name, 'merge', { metadata }, { namespace }))
    }
  }

  async function removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const now = await find(node.ref, node.name, node.namespace)
    if (now?.metadata.uid !== node.uid || !now.metadata.finalizers?.includes(finalizer)) return
    const { uid, resourceVersion } = now.metadata
    const finalizers = now.metadata.finalizers.filter(name => name !== finalizer)
    const { name, namespace } = node
    const patch = { metadata: { uid, resourceVersion, finalizers } }
    await unlessGone(client.resource(node.ref).patch(name, 'merge', patch, { namespace }))
  }

  const chore = createChore(context, 'garbage-collector-discovery', DISCOVERY_MS, refresh)
  return {
    start: () => chore.start(),
    async stop() {
      isStopped = true
      // Informers first: a first list that never comes would keep the chore from ending.
      await Promise.all(ownInformers.map(informer => informer.stop()))
      await loop.stop()
      await chore.stop()
    },
  }
}

function nameOf(ref: ResourceRef): string {
  return `${ref.group}/${ref.plural}`
}

function isIgnored(ref: Discovered): boolean {
  return IGNORED.has(ref.plural) || IGNORED.has(`${apiVersionOf(ref).split('/')[0]}/${ref.plural}`)
}

function stateOfLive(owner: Live<KubeObject>): OwnerState {
  return owner.metadata.finalizers?.includes('foregroundDeletion') ? 'waiting' : 'alive'
}
