import { ApiError, badRequest, type StatusCause } from '../errors.ts'
import type { Kind } from '../kind.ts'
import { apiVersionOf, type KubeObject } from '../objects.ts'
import { deepCopy, deepEqual, isRecord } from '../values.ts'
import { checkApplied, combine } from './combine.ts'
import { compare, fieldsOf, removeFields } from './compare.ts'
import { describePath, FieldSet } from './fieldset.ts'
import {
  isSameOwner,
  type Manager,
  type Ownership,
  ownerEntry,
  readOwners,
  without,
  withoutSystemFields,
  writeOwners,
} from './managers.ts'
import { ListError } from './structure.ts'

/**
 * Server-side apply. The applied object is all that its manager wants to say: what it names becomes its own, what it
 * named before and names no longer goes away, unless somebody else owns it too. What another manager owns with another
 * value is a conflict, unless it is taken by force.
 */
export interface ApplyRequest {
  /** undefined: the object is created. */
  live: KubeObject | undefined
  applied: KubeObject
  kind: Kind
  by: Manager
  force: boolean
}

export function applyObject({ live, applied, kind, by, force }: ApplyRequest): KubeObject {
  const config = checkedConfig(applied, kind, by.subresource)
  const owners = ownersBefore(live, kind)
  const entry = ownerEntry('Apply', by)
  const own = owners.find(owner => isSameOwner(owner.entry, entry))
  const fields = withoutSystemFields(fieldsOf(config, kind.schema))
  const others = owners.filter(owner => owner !== own)
  const merged = (live ? combine(live, config, kind.schema) : config) as KubeObject
  const result = dropAbandoned(merged, kind, own?.fields, [fields, ...others.map(owner => owner.fields)])
  const changed = live ? changedFields(live, result, kind) : new FieldSet()
  const conflicts = findConflicts(others, changed, live)
  if (conflicts.length > 0 && !force) throw conflictError(conflicts)
  const remaining = others.map(owner => without(owner, changed))
  if (by.manager === 'kubectl') renewLastApplied(result, applied)
  const unchanged = own && fields.equals(own.fields) && own.entry.apiVersion === by.apiVersion
  writeOwners(result, [...remaining, { entry: unchanged ? own.entry : entry, fields }])
  return result
}

function checkedConfig(applied: KubeObject, kind: Kind, subresource: string | undefined): KubeObject {
  if (applied.metadata?.managedFields?.length) throw badRequest('metadata.managedFields must be nil')
  const config = ownPart(deepCopy(applied), kind, subresource)
  try {
    checkApplied(config, kind.schema)
  } catch (error) {
    if (!(error instanceof ListError)) throw error
    throw badRequest(`failed to create typed patch object (${kind.kind}): ${error.message}`)
  }
  return config
}

/** What may be applied here: the status through /status only, and nothing else there. */
function ownPart(config: KubeObject, kind: Kind, subresource: string | undefined): KubeObject {
  const fields = config as Record<string, unknown>
  const hasStatus = kind.subresources.some(({ name }) => name === 'status')
  const kept = new Set(['apiVersion', 'kind', 'metadata', 'status'])
  if (subresource === 'status') for (const key of Object.keys(fields)) if (!kept.has(key)) delete fields[key]
  if (subresource === undefined && hasStatus) delete fields.status
  return config
}

/** Of an object that nobody tracked so far, everything belongs to an updater of this name. */
function ownersBefore(live: KubeObject | undefined, kind: Kind): Ownership[] {
  const owners = readOwners(live)
  if (!live || owners.length > 0) return owners
  const by = {
    manager: 'before-first-apply',
    apiVersion: apiVersionOf(kind),
    now: live.metadata?.creationTimestamp ?? '',
  }
  return [{ entry: ownerEntry('Update', by), fields: withoutSystemFields(fieldsOf(live, kind.schema)) }]
}

/** Without the fields that this manager applied before and that now nobody owns any more. */
function dropAbandoned(merged: KubeObject, kind: Kind, before: FieldSet | undefined, owned: FieldSet[]): KubeObject {
  if (!before) return merged
  const abandoned = before.filter(path => !owned.some(fields => fields.at(path)))
  return (removeFields(merged, kind.schema, abandoned) ?? {}) as KubeObject
}

function changedFields(live: KubeObject, result: KubeObject, kind: Kind): FieldSet {
  const { added, modified } = compare(live, result, kind.schema)
  return withoutSystemFields(added.union(modified))
}

interface Conflict {
  owner: Ownership
  path: readonly string[]
}

function findConflicts(others: Ownership[], changed: FieldSet, live: KubeObject | undefined): Conflict[] {
  return others.flatMap(owner => {
    const contested = [...owner.fields.intersection(changed).paths()]
    const mine = contested.filter(path => !wasAppliedByClient(owner, path, live))
    return mine.map(path => ({ owner, path }))
  })
}

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Above this size of annotations objects are refused. */
const LARGEST_ANNOTATION = 256 * 1024

/** An object that `kubectl apply` made keeps a true record of what was applied last, for when it is used again. */
function renewLastApplied(object: KubeObject, applied: KubeObject): void {
  const annotations = object.metadata?.annotations
  if (annotations?.[LAST_APPLIED] === undefined) return
  const { [LAST_APPLIED]: _, ...own } = applied.metadata?.annotations ?? {}
  const metadata = { ...applied.metadata, annotations: own }
  const text = `${JSON.stringify({ ...applied, metadata })}\n`
  const { [LAST_APPLIED]: __, ...others } = annotations
  const renewed = text.length < LARGEST_ANNOTATION ? { ...others, [LAST_APPLIED]: text } : others
  object.metadata = { ...object.metadata, annotations: renewed }
}

/**
 * Who moves from `kubectl apply` to `kubectl apply --server-side` takes its own fields along: they are those of the
 * annotation that the former left.
 */
function wasAppliedByClient(owner: Ownership, path: readonly string[], live: KubeObject | undefined): boolean {
  const text = live?.metadata?.annotations?.[LAST_APPLIED]
  if (owner.entry.manager !== 'kubectl-client-side-apply' || text === undefined) return false
  const value = valueAt(parsed(text), path)
  return value !== undefined && deepEqual(value, valueAt(live, path))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // The annotation is the client's to spoil: then it says nothing.
    return undefined
  }
}

function valueAt(object: unknown, path: readonly string[]): unknown {
  let value = object
  for (const element of path) value = step(value, element)
  return value
}

function step(value: unknown, element: string): unknown {
  const rest = element.slice(2)
  if (element.startsWith('f:')) return isRecord(value) ? value[rest] : undefined
  if (!Array.isArray(value)) return undefined
  if (element.startsWith('v:')) return value.find(item => JSON.stringify(item) === rest)
  const key = Object.entries(JSON.parse(rest) as Record<string, unknown>)
  return value.find(item => isRecord(item) && key.every(([name, part]) => deepEqual(item[name] ?? part, part)))
}

function describeOwner({ manager, operation, apiVersion, subresource }: Ownership['entry']): string {
  const parts = [JSON.stringify(manager)]
  if (subresource) parts.push(`with subresource ${JSON.stringify(subresource)}`)
  if (operation === 'Update') parts.push(`using ${apiVersion}`)
  return parts.join(' ')
}

function conflictError(conflicts: Conflict[]): ApiError {
  const causes = conflicts.map(({ owner, path }): StatusCause => {
    const message = `conflict with ${describeOwner(owner.entry)}`
    return { reason: 'FieldManagerConflict', message, field: describePath(path) }
  })
  return new ApiError('Conflict', conflictMessage(conflicts), { causes })
}

function conflictMessage(conflicts: Conflict[]): string {
  const byOwner = Map.groupBy(conflicts, ({ owner }) => describeOwner(owner.entry))
  if (conflicts.length === 1) {
    const [only] = conflicts as [Conflict]
    return `Apply failed with 1 conflict: conflict with ${describeOwner(only.owner.entry)}: ${describePath(only.path)}`
  }
  const parts = [...byOwner]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([owner, list]) => {
      return [`conflicts with ${owner}:`, ...list.map(({ path }) => `- ${describePath(path)}`)].join('\n')
    })
  return `Apply failed with ${conflicts.length} conflicts: ${parts.join('\n')}`
}
