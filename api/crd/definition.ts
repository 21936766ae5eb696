import type { FieldError } from '../kind.ts'
import { isLabel1035Name, isSubdomainName } from '../names.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../types/apiextensions-v1.ts'
import { duplicates } from '../validate/checks.ts'
import { forbidden, invalid, required, unsupported } from '../validate/errors.ts'
import { immutable } from '../validate/meta.ts'
import { reviewVersions, webhookClient } from '../validate/webhooks.ts'
import { approvalOf, validateApproval } from './approval.ts'
import { validateVersion } from './version.ts'

/** Everything wrong with a definition of a custom resource: its names, its versions, how it is converted. */
export function validateDefinition(definition: CustomResourceDefinition): FieldError[] {
  const { metadata, spec } = definition
  if (!spec) return [required('spec')]
  const isNamed = metadata?.name === `${spec.names?.plural ?? ''}.${spec.group ?? ''}`
  const detail = 'must be spec.names.plural+"."+spec.group'
  return [
    ...(isNamed ? [] : [invalid('metadata.name', metadata?.name, detail)]),
    ...validateSpec(spec),
    ...validateApproval(definition),
  ]
}

function validateSpec(spec: CustomResourceDefinitionSpec): FieldError[] {
  return [
    ...validateGroup(spec),
    ...validateVersions(spec.versions ?? []),
    ...validateConversion(spec),
    ...(spec.preserveUnknownFields ? [invalid('spec.preserveUnknownFields', true, 'must be false')] : []),
  ]
}

const NEEDED = ['plural', 'singular', 'kind', 'listKind'] as const

function validateGroup({ group = '', names, scope }: CustomResourceDefinitionSpec): FieldError[] {
  const errors: FieldError[] = []
  const problems = group ? isSubdomainName(group) : []
  if (!group) errors.push(required('spec.group'))
  else if (problems.length > 0) errors.push(invalid('spec.group', group, problems.join(',')))
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  if (!scope) errors.push(required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced') {
    errors.push(unsupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  }
  const missing = NEEDED.filter(field => !names?.[field]).map(field => required(`spec.names.${field}`))
  return [...errors, ...missing, ...validateNames(names ?? {}, 'spec.names')]
}

/** Names that are asked for, and names that were given. */
function validateNames(names: Partial<CustomResourceDefinitionNames>, path: string): FieldError[] {
  const { kind, listKind } = names
  const words = NEEDED.flatMap(field => (names[field] ? validateWord(field, names[field], path) : []))
  const lists = (['shortNames', 'categories'] as const).flatMap(field =>
    (names[field] ?? []).flatMap((word, index) => validateWord(`${field}[${index}]`, word, path)),
  )
  const isSame = kind && kind === listKind
  const same = isSame ? [invalid(`${path}.listKind`, listKind, 'kind and listKind may not be the same')] : []
  return [...words, ...lists, ...same]
}

/** Kinds are written with capitals, what stands in a path is not. */
function validateWord(field: string, word: string, path: string): FieldError[] {
  const isKind = field === 'kind' || field === 'listKind'
  const problems = isLabel1035Name(isKind ? word.toLowerCase() : word)
  if (problems.length === 0) return []
  const detail = `${isKind ? 'may have mixed case, but should otherwise match: ' : ''}${problems.join(',')}`
  return [invalid(`${path}.${field}`, word, detail)]
}

function validateVersions(versions: CustomResourceDefinitionVersion[]): FieldError[] {
  const path = 'spec.versions'
  if (versions.length === 0) return [required(path, 'must have exactly one version marked as storage version')]
  const stored = versions.filter(version => version.storage).length
  return [
    ...(stored === 1 ? [] : [invalid(path, stored, 'must have exactly one version marked as storage version')]),
    ...duplicates(versions, path, '.name', version => version.name),
    ...versions.flatMap((version, index) => validateVersion(version, `${path}[${index}]`)),
  ]
}

function validateConversion({ conversion }: CustomResourceDefinitionSpec): FieldError[] {
  const { strategy = 'None', webhook } = conversion ?? {}
  if (strategy !== 'None' && strategy !== 'Webhook') {
    return [unsupported('spec.conversion.strategy', strategy, ['None', 'Webhook'])]
  }
  const path = 'spec.conversion.webhook'
  if (strategy === 'None') {
    return webhook ? [forbidden(path, 'should not be set when strategy is not set to Webhook')] : []
  }
  const { clientConfig, conversionReviewVersions: versions = [] } = webhook ?? {}
  return [
    ...(clientConfig
      ? webhookClient(clientConfig, `${path}.clientConfig`)
      : [required(`${path}.clientConfig`, 'required when strategy is set to Webhook')]),
    ...(versions.length > 0
      ? reviewVersions(versions, `${path}.conversionReviewVersions`)
      : [required(`${path}.conversionReviewVersions`)]),
  ]
}

/** What objects are stored under stays: their names always, their kind and scope once there can be some. */
export function validateDefinitionUpdate(
  definition: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const [spec, before] = [definition.spec, old.spec]
  if (!spec || !before) return validateDefinition(definition)
  const isEstablished = old.status?.conditions?.some(one => one.type === 'Established' && one.status === 'True')
  const established = isEstablished
    ? [
        ...immutable(spec.scope, before.scope, 'spec.scope'),
        ...immutable(spec.names.kind, before.names.kind, 'spec.names.kind'),
      ]
    : []
  const isApprovedAsBefore = approvalOf(definition).state === approvalOf(old).state
  return [
    ...validateSpec(spec),
    ...established,
    ...immutable(spec.group, before.group, 'spec.group'),
    ...immutable(spec.names.plural, before.names.plural, 'spec.names.plural'),
    ...(isApprovedAsBefore ? [] : validateApproval(definition)),
    ...validateDefinitionStatus(definition),
    ...validateStoredVersions(definition),
  ]
}

/** The names that the definition was given. */
export function validateDefinitionStatus({ status }: CustomResourceDefinition): FieldError[] {
  return validateNames(status?.acceptedNames ?? {}, 'status.acceptedNames')
}

/** A version may go only when its objects were written anew, and somebody said so by taking it off the list. */
function validateStoredVersions({ spec, status }: CustomResourceDefinition): FieldError[] {
  const path = 'status.storedVersions'
  const stored = status?.storedVersions ?? []
  if (stored.length === 0) return [invalid(path, stored, 'must have at least one stored version')]
  const names = spec.versions.map(({ name }) => name)
  const current = spec.versions.find(({ storage }) => storage)?.name
  const lacks = current !== undefined && !stored.includes(current)
  return [
    ...(lacks ? [invalid(path, stored, `must have the storage version ${current}`)] : []),
    ...stored.flatMap((name, index) => (names.includes(name) ? [] : [invalid(`${path}[${index}]`, name, gone(name))])),
  ]
}

const gone = (name: string) =>
  `missing from spec.versions; ${name} was previously a storage version, and must remain in spec.versions until a storage ` +
  `migration ensures no data remains persisted in ${name} and removes ${name} from status.storedVersions`
