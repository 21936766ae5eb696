import { apiVersionOf, type KubeObject, type OwnerReference, type ResourceRef } from '../../api/objects.ts'
import type { Live } from '../../client/client.ts'
import type { DependentFacts, Item } from './decide.ts'

export interface GraphNode extends Item {
  ref: ResourceRef
  name: string
  namespace: string | undefined
}

/** Who owns whom, of all objects in the cluster. */
export class OwnerGraph {
  readonly #nodes = new Map<string, GraphNode>()
  /** By the uid of an owner, whether it is known or not. */
  readonly #dependents = new Map<string, Set<string>>()

  get(uid: string): GraphNode | undefined {
    return this.#nodes.get(uid)
  }

  /** `former` is what was known of the object before. */
  set(ref: ResourceRef, object: Live<KubeObject>): { node: GraphNode; former?: GraphNode; isNews: boolean } {
    const { uid, name, namespace, ownerReferences = [], finalizers = [], deletionTimestamp } = object.metadata
    const node = {
      ref,
      uid,
      name,
      namespace,
      owners: ownerReferences,
      finalizers,
      isDeleting: Boolean(deletionTimestamp),
    }
    const former = this.#nodes.get(uid)
    this.#nodes.set(uid, node)
    for (const owner of former?.owners ?? []) this.#unlink(owner.uid, uid)
    for (const owner of node.owners) this.#link(owner.uid, uid)
    return { node, former, isNews: !former || !isSameItem(former, node) }
  }

  remove(uid: string): void {
    const node = this.#nodes.get(uid)
    this.#nodes.delete(uid)
    for (const owner of node?.owners ?? []) this.#unlink(owner.uid, uid)
  }

  dependentsOf(uid: string): GraphNode[] {
    return Array.from(this.#dependents.get(uid) ?? [], dependent => this.#nodes.get(dependent)!)
  }

  /** What `judge` asks about an object's dependents. */
  dependentFacts(uid: string): DependentFacts {
    const blocking = this.#blockingDependents(uid)
    return { any: this.#dependents.has(uid), blocking: blocking.length, circle: this.#isInCircle(uid) }
  }

  #blockingDependents(uid: string): GraphNode[] {
    const blocks = ({ owners }: GraphNode) => owners.some(owner => owner.uid === uid && owner.blockOwnerDeletion)
    return this.dependentsOf(uid).filter(blocks)
  }

  #isInCircle(uid: string): boolean {
    const seen = new Set<string>()
    const open = [uid]
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      for (const dependent of this.#blockingDependents(next)) {
        if (dependent.uid === uid) return true
        if (!seen.has(dependent.uid)) open.push(dependent.uid)
        seen.add(dependent.uid)
      }
    }
    return false
  }

  #link(owner: string, uid: string): void {
    const dependents = this.#dependents.get(owner)
    if (dependents) dependents.add(uid)
    else this.#dependents.set(owner, new Set([uid]))
  }

  #unlink(owner: string, uid: string): void {
    const dependents = this.#dependents.get(owner)
    dependents?.delete(uid)
    if (dependents?.size === 0) this.#dependents.delete(owner)
  }
}

function isSameItem(a: GraphNode, b: GraphNode): boolean {
  const text = ({ owners, finalizers, isDeleting }: GraphNode) => JSON.stringify([owners, finalizers, isDeleting])
  return text(a) === text(b)
}

/** The identity that a reference claims: an owner in another place than it says is no owner. */
export function isOwner(node: GraphNode, reference: OwnerReference, dependent: GraphNode): boolean {
  const isThere = node.namespace === undefined || node.namespace === dependent.namespace
  return isThere && node.name === reference.name && node.ref.kind === reference.kind
}

export function groupOf(apiVersion: string): string {
  return apiVersion.includes('/') ? apiVersion.split('/')[0]! : ''
}

export function describeNode({ ref, namespace, name }: GraphNode): string {
  return `${apiVersionOf(ref)} ${ref.kind} ${namespace ? `${namespace}/` : ''}${name}`
}
