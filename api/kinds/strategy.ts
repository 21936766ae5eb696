import type { Strategy } from '../kind.ts'
import type { KubeObject, ObjectMeta } from '../objects.ts'
import { deepEqual } from '../values.ts'
import type { ResourceFacts } from './resources.ts'

export interface StrategyOptions {
  /** metadata.generation counts changes of everything but metadata and status. */
  generation?: boolean
  /** A client may set the status when it creates (nodes register with theirs). */
  statusOnCreate?: boolean
  /** The status a new object begins with. */
  initialStatus?: () => unknown
  /** Labels and annotations do not change through /status. */
  statusKeepsMetadata?: boolean
}

type Fields = Record<string, unknown> & { metadata?: ObjectMeta }

/** What the server does to most kinds. */
export function genericStrategy(facts: ResourceFacts, options: StrategyOptions): Strategy {
  const hasStatus = facts.subresources.some(({ name }) => name === 'status')
  return {
    prepareForCreate(object) {
      const fields = object as Fields
      if (hasStatus && !options.statusOnCreate) setOrDelete(fields, 'status', options.initialStatus?.())
      if (options.generation) fields.metadata = { ...fields.metadata, generation: 1 }
    },
    prepareForUpdate(object, old) {
      if (hasStatus) setOrDelete(object as Fields, 'status', (old as Fields).status)
      keepGeneration(object, old, options.generation ?? false)
    },
    prepareForStatusUpdate(object, old) {
      keepAllButStatus(object as Fields, old as Fields)
      if (options.statusKeepsMetadata) keepLabels(object, old)
      object.metadata = { ...object.metadata, generation: old.metadata?.generation }
    },
    allowCreateOnUpdate: false,
    allowUnconditionalUpdate: true,
  }
}

function setOrDelete(fields: Fields, key: string, value: unknown): void {
  if (value === undefined) delete fields[key]
  else fields[key] = value
}

/** The generation is the server's: it grows when anything but metadata and status changed. */
export function keepGeneration(object: KubeObject, old: KubeObject, counts: boolean): void {
  const before = old.metadata?.generation
  const deleting = object.metadata?.deletionTimestamp !== undefined && old.metadata?.deletionTimestamp === undefined
  const grows = counts && (deleting || !deepEqual(content(object), content(old)))
  const generation = grows ? (before ?? 0) + 1 : before
  object.metadata = { ...object.metadata, generation }
  if (generation === undefined) delete object.metadata.generation
}

function content(object: KubeObject): unknown {
  const { apiVersion: _v, kind: _k, metadata: _m, status: _s, ...rest } = object as Fields
  return rest
}

function keepAllButStatus(object: Fields, old: Fields): void {
  for (const key of Object.keys(object)) if (!(key in old) && !TOP.has(key)) delete object[key]
  for (const key of Object.keys(old)) if (!TOP.has(key)) object[key] = old[key]
}

const TOP = new Set(['apiVersion', 'kind', 'metadata', 'status'])

function keepLabels(object: KubeObject, old: KubeObject): void {
  object.metadata = { ...object.metadata, labels: old.metadata?.labels, annotations: old.metadata?.annotations }
}
