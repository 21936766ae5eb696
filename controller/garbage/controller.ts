import { isReason } from '../../api/errors.ts'
import { apiVersionOf, type KubeObject, type OwnerReference, type ResourceRef } from '../../api/objects.ts'
import type { Live } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { unlessGone, unlessMissing } from '../../client/outcomes.ts'
import { type Context, type Controller, createChore, createLoop } from '../context.ts'
import { type Discovered, discover } from '../discovery.ts'
import { isWaitingForDependents, judge, type OwnerState, type Verdict } from './decide.ts'
import { describeNode, type GraphNode, groupOf, isOwner, OwnerGraph } from './graph.ts'

const DISCOVERY_MS = 30_000
/** Short-lived, many, and owned by nobody. */
const IGNORED = new Set(['events', 'events.k8s.io/events', 'leases'])

/** Deletes what nobody owns any more, in the order that whoever deleted the owner asked for. */
export function garbageController(context: Context): Controller {
  return new GarbageCollector(context)
}

class GarbageCollector implements Controller {
  readonly #graph
  readonly #kinds
  readonly #ownInformers: Informer<KubeObject>[]
  /** Owners that the server has said do not exist: uids never come back. */
  readonly #absent
  readonly #loop
  #isReady
  #isStopped
  readonly #chore
  readonly #client
  readonly #informers
  readonly #context

  constructor(context: Context) {
    const { client, informers } = context
    this.#client = client
    this.#informers = informers
    this.#context = context
    this.#graph = new OwnerGraph()
    this.#kinds = new Map<string, { ref: Discovered; informer: Informer<KubeObject> }>()
    this.#ownInformers = []
    this.#absent = new Set<string>()
    this.#loop = createLoop(context, 'garbage-collector-controller', uid => this.#step(uid), { workers: 20 })
    this.#isReady = false
    this.#isStopped = false
    this.#chore = createChore(context, 'garbage-collector-discovery', DISCOVERY_MS, () => this.#refresh())
  }

  start(): void {
    this.#chore.start()
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    // Informers first: a first list that never comes would keep the chore from ending.
    await Promise.all(this.#ownInformers.map(informer => informer.stop()))
    await this.#loop.stop()
    await this.#chore.stop()
  }

  async #refresh(): Promise<void> {
    const { resources, failed } = await discover(this.#client)
    if (failed.length > 0) this.#context.log.warn('Some groups could not be discovered', { failed })
    const fresh = resources.filter(
      ref => !this.#kinds.has(nameOf(ref)) && !isIgnored(ref) && ref.verbs.includes('delete'),
    )
    const added = fresh.map(ref => this.#follow(ref))
    await Promise.all(added.map(informer => informer.synced()))
    if (this.#isReady || this.#isStopped) return
    this.#isReady = true
    this.#loop.start()
  }

  #follow(ref: Discovered): Informer<KubeObject> {
    const shared = this.#informers.find(ref)
    const informer =
      shared ?? new Informer<KubeObject>(this.#client.resource(ref), { ...this.#context, metadataOnly: true })
    if (!shared) this.#ownInformers.push(informer)
    this.#kinds.set(nameOf(ref), { ref, informer })
    informer.addHandler({
      added: object => this.#onSeen(ref, object),
      updated: object => this.#onSeen(ref, object),
      deleted: object => this.#onGone(object),
    })
    informer.start()
    return informer
  }

  #onSeen(ref: ResourceRef, object: Live<KubeObject>): void {
    const { node, former, isNews } = this.#graph.set(ref, object)
    if (!isNews) return
    if (node.owners.length > 0 || node.isDeleting) this.#loop.queue.add(node.uid)
    if (isWaitingForDependents(node)) this.#addAll(this.#graph.dependentsOf(node.uid))
    // A dependent that stops blocking, or that is given away, frees its owner.
    this.#lookAtDeleting([...node.owners, ...(former?.owners ?? [])])
  }

  #onGone({ metadata: { uid } }: Live<KubeObject>): void {
    const owners = this.#graph.get(uid)?.owners ?? []
    this.#graph.remove(uid)
    this.#absent.add(uid)
    this.#addAll(this.#graph.dependentsOf(uid))
    this.#lookAtDeleting(owners)
  }

  #lookAtDeleting(owners: readonly OwnerReference[]): void {
    for (const { uid } of owners) if (this.#graph.get(uid)?.isDeleting) this.#loop.queue.add(uid)
  }

  #addAll(nodes: readonly GraphNode[]): void {
    for (const node of nodes) this.#loop.queue.add(node.uid)
  }

  async #step(uid: string): Promise<void> {
    const node = this.#graph.get(uid)
    if (!node) return
    const states = new Map<OwnerReference, OwnerState>()
    if (!node.isDeleting) for (const owner of node.owners) states.set(owner, await this.#stateOf(owner, node))
    const verdict = judge(node, owner => states.get(owner)!, this.#graph.dependentFacts(uid))
    await this.#carryOut(verdict, node)
  }

  /** Absence is only ever believed from the server itself: informers of different kinds are not in step. */
  async #stateOf(reference: OwnerReference, dependent: GraphNode): Promise<OwnerState> {
    const known = this.#graph.get(reference.uid)
    if (known) {
      if (!isOwner(known, reference, dependent)) return 'absent'
      return isWaitingForDependents(known) ? 'waiting' : 'alive'
    }
    if (this.#absent.has(reference.uid)) return 'absent'
    const ref = this.#refOf(reference)
    // An owner of a kind that nobody serves: perhaps its definition comes back.
    if (!ref) return 'alive'
    if (ref.namespaced && dependent.namespace === undefined) return 'absent'
    const owner = await this.#find(ref, reference.name, ref.namespaced ? dependent.namespace : undefined)
    if (owner?.metadata.uid === reference.uid) return owner.metadata.deletionTimestamp ? stateOfLive(owner) : 'alive'
    this.#absent.add(reference.uid)
    return 'absent'
  }

  #find(ref: ResourceRef, name: string, namespace?: string): Promise<Live<KubeObject> | undefined> {
    return unlessMissing(this.#client.resource<KubeObject>(ref).get(name, namespace))
  }

  #refOf(reference: OwnerReference): ResourceRef | undefined {
    const group = groupOf(reference.apiVersion)
    return [...this.#kinds.values()].find(({ ref }) => ref.group === group && ref.kind === reference.kind)?.ref
  }

  async #carryOut(verdict: Verdict, node: GraphNode): Promise<void> {
    switch (verdict.do) {
      case 'nothing':
        return
      case 'drop-owners':
        return this.#dropOwners(node, verdict.uids)
      case 'delete':
        return this.#remove(node, verdict.propagation)
      case 'remove-finalizer':
        return this.#removeFinalizer(node, verdict.finalizer)
      case 'wait-for-dependents':
        // Those that go already are looked at by themselves: to ask them again would have circles ask each other for ever.
        return this.#addAll(this.#graph.dependentsOf(node.uid).filter(({ isDeleting }) => !isDeleting))
      case 'stop-blocking':
        return this.#stopBlocking(node)
      case 'orphan-dependents':
        await Promise.all(this.#graph.dependentsOf(node.uid).map(dependent => this.#dropOwners(dependent, [node.uid])))
        return this.#removeFinalizer(node, 'orphan')
    }
  }

  async #remove(node: GraphNode, propagationPolicy: 'Background' | 'Foreground' | 'Orphan'): Promise<void> {
    const { name, namespace, uid } = node
    // The revision guards against an owner that was given to it in this very moment.
    const resourceVersion = await this.#revisionOf(node)
    if (resourceVersion === undefined) return
    const preconditions = { uid, resourceVersion }
    await unlessGone(this.#client.resource(node.ref).delete(name, { namespace, propagationPolicy, preconditions }))
    this.#context.log.debug('Deleted an object without owners', { object: describeNode(node), propagationPolicy })
  }

  /** undefined: the object is gone, or has other owners than we know of, which the watch will tell. */
  async #revisionOf(node: GraphNode): Promise<string | undefined> {
    const now = await this.#find(node.ref, node.name, node.namespace)
    if (now?.metadata.uid !== node.uid) return undefined
    const uids = (owners: readonly OwnerReference[]) => JSON.stringify(owners.map(owner => owner.uid))
    return uids(now.metadata.ownerReferences ?? []) === uids(node.owners) ? now.metadata.resourceVersion : undefined
  }

  async #dropOwners(node: GraphNode, uids: readonly string[]): Promise<void> {
    const ownerReferences = uids.map(uid => ({ $patch: 'delete', uid }))
    await this.#patchOwners(node, ownerReferences, owners => owners.filter(owner => !uids.includes(owner.uid)))
  }

  async #stopBlocking(node: GraphNode): Promise<void> {
    const ownerReferences = node.owners.map(owner => ({ ...owner, blockOwnerDeletion: false }))
    await this.#patchOwners(node, ownerReferences, () => ownerReferences)
  }

  /** Custom resources know no strategic patches: theirs are written whole. */
  async #patchOwners(
    node: GraphNode,
    ownerReferences: readonly object[],
    whole: (owners: OwnerReference[]) => OwnerReference[],
  ): Promise<void> {
    const { name, namespace, uid } = node
    const resource = this.#client.resource<KubeObject>(node.ref)
    try {
      await unlessGone(resource.patch(name, 'strategic', { metadata: { uid, ownerReferences } }, { namespace }))
    } catch (error) {
      if (!isReason(error, 'UnsupportedMediaType')) throw error
      const now = await this.#find(node.ref, name, namespace)
      const { resourceVersion, ownerReferences: owners = [] } = now?.metadata ?? {}
      const metadata = { uid, resourceVersion, ownerReferences: whole(owners) }
      if (now) await unlessGone(resource.patch(name, 'merge', { metadata }, { namespace }))
    }
  }

  async #removeFinalizer(node: GraphNode, finalizer: string): Promise<void> {
    const now = await this.#find(node.ref, node.name, node.namespace)
    if (now?.metadata.uid !== node.uid || !now.metadata.finalizers?.includes(finalizer)) return
    const { uid, resourceVersion } = now.metadata
    const finalizers = now.metadata.finalizers.filter(name => name !== finalizer)
    const { name, namespace } = node
    const patch = { metadata: { uid, resourceVersion, finalizers } }
    await unlessGone(this.#client.resource(node.ref).patch(name, 'merge', patch, { namespace }))
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
