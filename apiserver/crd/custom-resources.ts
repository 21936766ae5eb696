/**
 * crd/ serves what CustomResourceDefinitions define. Here: the definitions of the store become kinds of the catalog, at once
 * and on every server; status.ts decides which names a definition gets; cleanup.ts removes what was made under one that is
 * being deleted; conversion.ts asks webhooks. The kinds themselves are made in api/crd/.
 */
import { kindsOf } from '../../api/crd/kind.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { CustomResourceDefinition } from '../../api/types/apiextensions-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { systemWrite } from '../bootstrap/system-write.ts'
import type { Parts } from '../parts.ts'
import { prefixEnd, shelfPrefix } from '../storage/keys.ts'
import type { Change } from '../storage/shelf.ts'
import { timestamp } from '../verbs/meta.ts'
import { updateObject } from '../verbs/update.ts'
import { cleanUp } from './cleanup.ts'
import { decideStatus, isEstablished } from './status.ts'

const RETRY_MS = 1000

interface Made {
  definition: CustomResourceDefinition
  kinds: Kind[]
}

export class CustomResources {
  readonly #parts: Parts
  readonly #log: Log
  readonly #made = new Map<string, Made>()
  /** Definitions whose state is looked at, and whether to look again when that is done. */
  readonly #working = new Map<string, { again: boolean; done: Promise<void> }>()
  readonly #timers = new Set<Timer>()
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#log = parts.log.child('crd')
  }

  start(): void {
    this.#parts.cache.onChange([shelfPrefix(this.#kind())], change => this.#changed(change))
    this.#changed(undefined)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const timer of this.#timers) timer.cancel()
    await Promise.all([...this.#working.values()].map(({ done }) => done))
  }

  #kind(): Kind {
    return this.#parts.catalog.find('apiextensions.k8s.io', 'v1', 'customresourcedefinitions')!
  }

  #definitions(): CustomResourceDefinition[] {
    const prefix = shelfPrefix(this.#kind())
    const entries = this.#parts.cache.shelf(prefix).range(prefix, prefixEnd(prefix))
    return entries.map(entry => entry.shared<CustomResourceDefinition>() as CustomResourceDefinition)
  }

  /** A change of one definition may free or take names of others in its group. */
  #changed(change: Change | undefined): void {
    if (this.#closed) return
    const definitions = this.#definitions()
    this.#serve(definitions)
    const group = change?.entry.shared<CustomResourceDefinition>().spec.group
    for (const { metadata, spec } of definitions) if (!group || spec.group === group) this.#look(metadata?.name ?? '')
  }

  #serve(definitions: readonly CustomResourceDefinition[]): void {
    const established = definitions.filter(isEstablished)
    const kinds = established.flatMap(definition => this.#kindsOf(definition))
    const uids = new Set(definitions.map(({ metadata }) => metadata?.uid))
    for (const uid of this.#made.keys()) if (!uids.has(uid)) this.#made.delete(uid)
    this.#parts.catalog.replaceCustom(kinds)
  }

  /** Kinds stay the same objects as long as nothing about them changes: whoever watches them may go on. */
  #kindsOf(definition: CustomResourceDefinition): Kind[] {
    const uid = definition.metadata?.uid ?? ''
    const known = this.#made.get(uid)
    if (known && isSame(known.definition, definition)) {
      known.definition = definition
      return known.kinds
    }
    try {
      const made = kindsOf(definition)
      const kinds =
        known && hasSameSpec(known.definition, definition) ? made.map(kind => inherit(kind, known.kinds)) : made
      this.#made.set(uid, { definition, kinds })
      return kinds
    } catch (error) {
      // Stored by something that checks less than we do: the others are served all the same.
      this.#log.error('A definition cannot be served', { definition: definition.metadata?.name, error })
      return []
    }
  }

  /** One look at a definition at a time; what happens meanwhile is a reason for another. */
  #look(name: string): void {
    const working = this.#working.get(name)
    if (working) {
      working.again = true
      return
    }
    const done = this.#reconcile(name)
      .catch(error => {
        this.#log.warn('A definition could not be looked after; it is tried again', { definition: name, error })
        this.#later(name)
      })
      .then(() => {
        const again = this.#working.get(name)?.again
        this.#working.delete(name)
        if (again && !this.#closed) this.#look(name)
      })
    this.#working.set(name, { again: false, done })
  }

  #later(name: string): void {
    if (this.#closed) return
    const timer = this.#parts.clock.after(RETRY_MS, () => {
      this.#timers.delete(timer)
      this.#look(name)
    })
    this.#timers.add(timer)
  }

  async #reconcile(name: string): Promise<void> {
    const parts = this.#parts
    const found = await parts.objects.find(this.#kind(), '', name)
    if (!found || this.#closed) return
    const definition = found.shared<CustomResourceDefinition>()
    await this.#writeStatus(definition)
    if (!definition.metadata?.deletionTimestamp) return
    const outcome = await cleanUp(parts, this.#kind(), definition)
    if (outcome === 'waiting') this.#later(name)
  }

  async #writeStatus(definition: CustomResourceDefinition): Promise<void> {
    const name = definition.metadata?.name ?? ''
    const decide = (current: CustomResourceDefinition) => {
      const others = this.#definitions().filter(other => other.metadata?.name !== name)
      const builtIn = this.#parts.catalog.builtIn.filter(kind => kind.group === current.spec.group)
      return decideStatus(current, others, builtIn, timestamp(this.#parts.clock.now()))
    }
    if (deepEqual(decide(definition), definition.status)) return
    const write = { ...systemWrite(this.#kind(), '', name), subresource: 'status' }
    await updateObject(this.#parts, write, object => {
      const current = object as CustomResourceDefinition
      return { ...current, status: decide(current) } as KubeObject
    })
  }
}

function isSame(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  // The cache hands out the same object until it changes: with many definitions that is the usual case.
  if (a === b) return true
  const deleting = (one: CustomResourceDefinition) => Boolean(one.metadata?.deletionTimestamp)
  const names = deepEqual(a.status?.acceptedNames, b.status?.acceptedNames)
  return hasSameSpec(a, b) && names && deleting(a) === deleting(b)
}

function hasSameSpec(a: CustomResourceDefinition, b: CustomResourceDefinition): boolean {
  return deepEqual(a.spec, b.spec)
}

/** A kind under another name or with fewer verbs is the same to those who watch it: it keeps its schema. */
function inherit(kind: Kind, before: readonly Kind[]): Kind {
  const old = before.find(one => one.version === kind.version)
  return old ? { ...kind, schema: old.schema } : kind
}
