import { isReason } from '../api/errors.ts'
import type { KubeObject, ResourceRef } from '../api/objects.ts'
import type { ControllerRevision } from '../api/types/apps-v1.ts'
import type { PodTemplateSpec } from '../api/types/core-v1.ts'
import type { LabelSelector } from '../api/types/meta-v1.ts'
import { deepEqual } from '../api/values.ts'
import type { Live } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import { CONTROLLER_REVISIONS } from '../client/resources.ts'
import { type Context, controllerReference, controllerRefOf, deleteExactly } from './context.ts'
import { Expectations } from './expectations.ts'
import { hashOf } from './hash.ts'

export const REVISION_HASH = 'controller-revision-hash'

type Revision = Live<ControllerRevision>

/** Whose templates are remembered. */
export type Versioned = Live<KubeObject> & {
  spec: { template?: PodTemplateSpec; selector?: LabelSelector; revisionHistoryLimit?: number }
  status?: { collisionCount?: number }
}

/** What `kubectl rollout undo` patches back. */
function revisionData(template: PodTemplateSpec | undefined) {
  return { spec: { template: { ...template, $patch: 'replace' } } }
}

export function hashOfRevision(revision: ControllerRevision): string {
  return revision.metadata?.labels?.[REVISION_HASH] ?? ''
}

/** Remembers the templates of a set, one ControllerRevision for each, numbered in the order in which they were last used. */
export class RevisionHistory {
  readonly #context: Context
  readonly #ref: ResourceRef
  readonly #revisions: Informer<ControllerRevision>
  readonly #expectations: Expectations<ControllerRevision>

  constructor(context: Context, ref: ResourceRef) {
    this.#context = context
    this.#ref = ref
    this.#revisions = context.informers.of<ControllerRevision>(CONTROLLER_REVISIONS)
    this.#revisions.addIndex('owner', revision => [controllerRefOf(revision)?.uid ?? ''])
    this.#expectations = new Expectations(this.#revisions)
  }

  get informer(): Informer<ControllerRevision> {
    return this.#revisions
  }

  /** Whether all that was written has been seen: else a revision might be made twice. */
  isSettled(key: string): boolean {
    return this.#expectations.met(key)
  }

  /** Oldest first. */
  of(set: Versioned): Revision[] {
    return this.#revisions.byIndex('owner', set.metadata.uid).sort((a, b) => a.revision - b.revision)
  }

  /** The revision of the present template, made or given the newest number where needed. */
  async current(key: string, set: Versioned): Promise<Revision> {
    const known = this.of(set)
    const data = tidy(revisionData(set.spec.template))
    const highest = known.at(-1)?.revision ?? 0
    const equal = known.findLast(revision => deepEqual(tidy(revision.data), data))
    if (equal && equal.revision === highest) return equal
    const resource = this.#context.client.resource<ControllerRevision>(CONTROLLER_REVISIONS)
    const written = equal
      ? await resource.update({ ...equal, revision: highest + 1 })
      : await this.#create(set, data, highest + 1)
    this.#expectations.made(key, written)
    return written
  }

  async #create(set: Versioned, data: object, revision: number): Promise<Revision> {
    const resource = this.#context.client.resource<ControllerRevision>(CONTROLLER_REVISIONS)
    const { name: setName, namespace } = set.metadata
    for (let salt = set.status?.collisionCount ?? 0; ; salt++) {
      const hash = hashOf(data, salt)
      const labels = { ...set.spec.template?.metadata?.labels, [REVISION_HASH]: hash }
      const name = `${setName}-${hash}`
      const metadata = { name, namespace, labels, ownerReferences: [controllerReference(set, this.#ref)] }
      try {
        return await resource.create({ metadata, data, revision })
      } catch (error) {
        if (!isReason(error, 'AlreadyExists')) throw error
        const there = await resource.get(name, namespace)
        if (deepEqual(tidy(there.data), data) && controllerRefOf(there)?.uid === set.metadata.uid) return there
      }
    }
  }

  /** Forgets the oldest revisions that no pod has, beyond the limit. */
  async trim(set: Versioned, used: ReadonlySet<string>): Promise<void> {
    const idle = this.of(set).filter(revision => !used.has(hashOfRevision(revision)))
    const surplus = idle.length - (set.spec.revisionHistoryLimit ?? 10)
    const resource = this.#context.client.resource<ControllerRevision>(CONTROLLER_REVISIONS)
    for (const revision of idle.slice(0, Math.max(0, surplus))) await deleteExactly(resource, revision)
  }
}

function tidy<T>(data: T): object {
  return JSON.parse(JSON.stringify(data ?? {}))
}
