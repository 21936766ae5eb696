import { approvalOf } from '../../api/crd/approval.ts'
import type { Kind } from '../../api/kind.ts'
import type {
  CustomResourceDefinitionCondition as Condition,
  CustomResourceDefinition,
  CustomResourceDefinitionNames as Names,
  CustomResourceDefinitionStatus as Status,
} from '../../api/types/apiextensions-v1.ts'

/** The names that a definition gets, and whether it is served: pure. Names once accepted stay until others are. */
export function decideStatus(
  definition: CustomResourceDefinition,
  others: readonly CustomResourceDefinition[],
  builtIn: readonly Kind[],
  now: string,
): Status {
  const { spec, status = {}, metadata } = definition
  const taken = takenNames(spec.group, others, builtIn)
  const { accepted, conflict } = acceptNames(spec.names, status.acceptedNames, taken)
  const wasEstablished = isEstablished(definition)
  const wanted: Wanted[] = [
    conflict ?? { type: 'NamesAccepted', status: 'True', reason: 'NoConflicts', message: 'no conflicts found' },
    established(!conflict || wasEstablished),
    ...approval(definition),
    ...(metadata?.deletionTimestamp ? [TERMINATING] : []),
  ]
  return { ...status, acceptedNames: accepted, conditions: mergeConditions(status.conditions ?? [], wanted, now) }
}

type Wanted = Omit<Condition, 'lastTransitionTime'>

const TERMINATING: Wanted = {
  type: 'Terminating',
  status: 'True',
  reason: 'InstanceDeletionInProgress',
  message: 'CustomResource deletion is in progress',
}

function established(yes: boolean): Wanted {
  if (!yes)
    return { type: 'Established', status: 'False', reason: 'NotAccepted', message: 'not all names are accepted' }
  const message = 'the initial names have been accepted'
  return { type: 'Established', status: 'True', reason: 'InitialNamesAccepted', message }
}

/** Shown only where a definition needs approval. */
function approval(definition: CustomResourceDefinition): Wanted[] {
  const { state, value } = approvalOf(definition)
  const type = 'KubernetesAPIApprovalPolicyConformant'
  if (state === 'approved') {
    return [{ type, status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${value}` }]
  }
  if (state !== 'bypassed') return []
  return [{ type, status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(value)}` }]
}

export function isEstablished({ status }: CustomResourceDefinition): boolean {
  return status?.conditions?.some(one => one.type === 'Established' && one.status === 'True') ?? false
}

interface Taken {
  /** Plurals, singulars and short names share one room. */
  resources: ReadonlySet<string>
  kinds: ReadonlySet<string>
}

function takenNames(group: string, others: readonly CustomResourceDefinition[], builtIn: readonly Kind[]): Taken {
  const accepted = others
    .filter(other => other.spec.group === group)
    .flatMap(({ status }) => (status?.acceptedNames ? [status.acceptedNames] : []))
  const resources = [
    ...accepted.flatMap(({ plural, singular = '', shortNames = [] }) => [plural, singular, ...shortNames]),
    ...builtIn.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]),
  ]
  const kinds = [
    ...accepted.flatMap(({ kind, listKind = '' }) => [kind, listKind]),
    ...builtIn.flatMap(({ kind }) => [kind, `${kind}List`]),
  ]
  return { resources: new Set(resources.filter(Boolean)), kinds: new Set(kinds.filter(Boolean)) }
}

function acceptNames(wanted: Names, before: Names | undefined, taken: Taken) {
  const accepted: Names = { ...(before ?? { plural: '', kind: '' }) }
  let conflict: Wanted | undefined
  const take = (field: 'plural' | 'singular' | 'kind' | 'listKind', room: ReadonlySet<string>) => {
    const name = wanted[field]
    if (name && room.has(name)) conflict ??= refused(field, name)
    else if (name) accepted[field] = name
  }
  take('plural', taken.resources)
  take('singular', taken.resources)
  const short = (wanted.shortNames ?? []).find(name => taken.resources.has(name))
  if (short) conflict ??= refused('shortNames', short)
  else setOrDelete(accepted, 'shortNames', wanted.shortNames)
  take('kind', taken.kinds)
  take('listKind', taken.kinds)
  setOrDelete(accepted, 'categories', wanted.categories)
  return { accepted, conflict }
}

function setOrDelete(names: Names, field: 'shortNames' | 'categories', value: string[] | undefined): void {
  if (value) names[field] = value
  else delete names[field]
}

function refused(field: string, name: string): Wanted {
  const reason = `${field.charAt(0).toUpperCase()}${field.slice(1)}Conflict`
  return { type: 'NamesAccepted', status: 'False', reason, message: `${JSON.stringify(name)} is already in use` }
}

/** The time of a condition is that of its last change of status. */
function mergeConditions(before: readonly Condition[], wanted: readonly Wanted[], now: string): Condition[] {
  const old = new Map(before.map(condition => [condition.type, condition]))
  const merged = wanted.map(condition => {
    const known = old.get(condition.type)
    const lastTransitionTime = known?.status === condition.status ? (known.lastTransitionTime ?? now) : now
    return { lastTransitionTime, ...condition }
  })
  const types = new Set(wanted.map(({ type }) => type))
  return [...merged, ...before.filter(({ type }) => !types.has(type))]
}
