import { compileJsonPath, JsonPathError } from '../jsonpath.ts'
import type { FieldError } from '../kind.ts'
import { isLabel1035Name, isSubdomainName } from '../names.ts'
import { patternProblem } from '../regex/pattern.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
  JSONSchemaProps,
} from '../types/apiextensions-v1.ts'
import { duplicates } from '../validate/checks.ts'
import { forbidden, invalid, required, tooMany, unsupported } from '../validate/errors.ts'
import { validateExpression } from '../validate/expressions.ts'
import { reviewVersions, webhookClient } from '../validate/webhooks.ts'
import { deepEqual, isRecord } from '../values.ts'
import { toSchema } from './schema.ts'
import { validateBySchema } from './validate.ts'

/** Everything wrong with a definition of a custom resource: its names, its versions, their schemas. */
export function validateDefinition({ metadata, spec }: CustomResourceDefinition): FieldError[] {
  if (!spec) return [required('spec')]
  return [
    ...validateNames(metadata?.name ?? '', spec),
    ...validateVersions(spec.versions ?? []),
    ...validateConversion(spec),
    ...(spec.preserveUnknownFields ? [invalid('spec.preserveUnknownFields', true, 'must be false')] : []),
  ]
}

type Spec = CustomResourceDefinition['spec']

function validateNames(name: string, { group = '', names, scope }: Spec): FieldError[] {
  const errors: FieldError[] = []
  const { plural = '', kind = '', singular = '', listKind = '' } = names ?? {}
  if (name !== `${plural}.${group}`) {
    errors.push(invalid('metadata.name', name, 'must be spec.names.plural+"."+spec.group'))
  }
  if (!group) errors.push(required('spec.group'))
  else if (!group.includes('.')) errors.push(invalid('spec.group', group, 'should be a domain with at least one dot'))
  else errors.push(...isSubdomainName(group).map(problem => invalid('spec.group', group, problem)))
  if (!scope) errors.push(required('spec.scope'))
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    errors.push(unsupported('spec.scope', scope, ['Cluster', 'Namespaced']))
  for (const [field, word] of Object.entries({ plural, singular, kind, listKind })) {
    errors.push(...(word ? validateWord(field, word) : [required(`spec.names.${field}`)]))
  }
  for (const field of ['shortNames', 'categories'] as const) {
    errors.push(...(names?.[field] ?? []).flatMap((word, index) => validateWord(`${field}[${index}]`, word)))
  }
  if (kind && kind === listKind)
    errors.push(invalid('spec.names.listKind', listKind, 'kind and listKind may not be the same'))
  return errors
}

/** Kinds are written with capitals, what stands in a path is not. */
function validateWord(field: string, word: string): FieldError[] {
  const isKind = field === 'kind' || field === 'listKind'
  const problems = isLabel1035Name(isKind ? word.toLowerCase() : word)
  if (problems.length === 0) return []
  const detail = `${isKind ? 'may have mixed case, but should otherwise match: ' : ''}${problems.join(',')}`
  return [invalid(`spec.names.${field}`, word, detail)]
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

function validateVersion(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const schema = version.schema?.openAPIV3Schema
  const where = `${path}.schema.openAPIV3Schema`
  const columns = (version.additionalPrinterColumns ?? []).flatMap((column, index) => {
    const at = `${path}.additionalPrinterColumns[${index}]`
    const types = ['boolean', 'date', 'integer', 'number', 'string']
    return [
      ...(types.includes(column.type) ? [] : [unsupported(`${at}.type`, column.type, types)]),
      ...validatePath(column.jsonPath, `${at}.jsonPath`),
    ]
  })
  const selectable = version.selectableFields ?? []
  return [
    ...isLabel1035Name(version.name ?? '').map(problem => invalid(`${path}.name`, version.name, problem)),
    ...(schema ? validateRoot(schema, where) : [required(where, 'schemas are required')]),
    ...columns,
    ...(selectable.length > 8 ? [tooMany(`${path}.selectableFields`, selectable.length, 8)] : []),
    ...selectable.flatMap(({ jsonPath }, index) =>
      validatePath(jsonPath, `${path}.selectableFields[${index}].jsonPath`),
    ),
  ]
}

function validatePath(jsonPath: string | undefined, path: string): FieldError[] {
  if (!jsonPath) return [required(path)]
  try {
    compileJsonPath(jsonPath)
    return []
  } catch (error) {
    if (error instanceof JsonPathError) return [invalid(path, jsonPath, error.message)]
    throw error
  }
}

function validateConversion({ conversion }: Spec): FieldError[] {
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

function validateRoot(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors = validateStructure(schema, path)
  if (schema.type !== 'object') errors.push(invalid(`${path}.type`, schema.type ?? '', 'must be object at the root'))
  return errors
}

const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
const INT_OR_STRING = 'x-kubernetes-int-or-string'

/** A structural schema: every value has a type, and what is combined (`allOf`...) adds conditions only. */
function validateStructure(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors = [...validateOwn(schema, path), ...validateListType(schema, path), ...validateRules(schema, path)]
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    if (path.endsWith('openAPIV3Schema') && name === 'metadata')
      errors.push(...validateMetadata(property, `${path}.properties[metadata]`))
    else errors.push(...validateStructure(property, `${path}.properties[${name}]`))
  }
  if (isRecord(schema.items)) errors.push(...validateStructure(schema.items as JSONSchemaProps, `${path}.items`))
  if (isRecord(schema.additionalProperties)) {
    errors.push(...validateStructure(schema.additionalProperties as JSONSchemaProps, `${path}.additionalProperties`))
  }
  for (const name of ['allOf', 'anyOf', 'oneOf'] as const) {
    const conditions = schema[name] ?? []
    errors.push(...conditions.flatMap((inner, index) => validateCondition(inner, schema, `${path}.${name}[${index}]`)))
  }
  return schema.not ? [...errors, ...validateCondition(schema.not, schema, `${path}.not`)] : errors
}

const SUPPORTED = ['array', 'boolean', 'integer', 'number', 'object', 'string']

function validateOwn(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { type, properties, additionalProperties, items, pattern } = schema
  if (type === undefined || type === '') {
    if (!schema[PRESERVE] && !schema[INT_OR_STRING])
      errors.push(required(`${path}.type`, 'must not be empty for specified object fields'))
  } else if (!SUPPORTED.includes(type)) errors.push(unsupported(`${path}.type`, type, SUPPORTED))
  if (properties && additionalProperties !== undefined && additionalProperties !== false) {
    errors.push(forbidden(`${path}.additionalProperties`, 'additionalProperties and properties are mutual exclusive'))
  }
  if (type === 'array' && items === undefined) errors.push(required(`${path}.items`, 'must be specified'))
  if (Array.isArray(items)) errors.push(forbidden(`${path}.items`, 'items must be a schema object and not an array'))
  if (schema.uniqueItems)
    errors.push(
      forbidden(
        `${path}.uniqueItems`,
        'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
      ),
    )
  for (const name of ['$ref', 'definitions', 'dependencies', 'patternProperties', 'id'] as const) {
    if (schema[name] !== undefined) errors.push(forbidden(`${path}.${name}`, `${name} is not supported`))
  }
  const problem = pattern === undefined ? undefined : patternProblem(pattern)
  if (problem)
    errors.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`))
  return [...errors, ...validateDefault(schema, path)]
}

function validateDefault(schema: JSONSchemaProps, path: string): FieldError[] {
  if (schema.default === undefined) return []
  return validateBySchema(schema.default, toSchema(schema), `${path}.default`)
}

function validateListType(schema: JSONSchemaProps, path: string): FieldError[] {
  const listType = schema['x-kubernetes-list-type']
  const keys = schema['x-kubernetes-list-map-keys']
  const errors: FieldError[] = []
  if (listType !== undefined && !['atomic', 'map', 'set'].includes(listType)) {
    errors.push(unsupported(`${path}.x-kubernetes-list-type`, listType, ['atomic', 'map', 'set']))
  }
  if (listType !== undefined && schema.type !== 'array') {
    errors.push(invalid(`${path}.type`, schema.type ?? '', 'must be array if x-kubernetes-list-type is specified'))
  }
  if (listType === 'map' && !keys?.length) {
    errors.push(required(`${path}.x-kubernetes-list-map-keys`, 'must not be empty if x-kubernetes-list-type is map'))
  }
  if (listType !== 'map' && keys?.length)
    errors.push(forbidden(`${path}.x-kubernetes-list-map-keys`, 'may only be set if x-kubernetes-list-type is map'))
  const items = isRecord(schema.items) ? (schema.items as JSONSchemaProps) : undefined
  const unknown = listType === 'map' ? (keys ?? []).filter(key => !items?.properties?.[key]) : []
  return [
    ...errors,
    ...unknown.map(key => invalid(`${path}.x-kubernetes-list-map-keys`, key, 'must be a field of the items')),
  ]
}

const RULE_NAMES = ['self', 'oldSelf']

function validateRules(schema: JSONSchemaProps, path: string): FieldError[] {
  return (schema['x-kubernetes-validations'] ?? []).flatMap(({ rule, message, messageExpression }, index) => {
    const where = `${path}.x-kubernetes-validations[${index}]`
    if (!rule?.trim()) return [required(`${where}.rule`, 'rule is not specified')]
    if (message?.includes('\n')) return [invalid(`${where}.message`, message, 'message must not contain line breaks')]
    return [
      ...validateExpression(rule, `${where}.rule`, { names: RULE_NAMES, result: 'bool' }),
      ...(messageExpression === undefined
        ? []
        : validateExpression(messageExpression, `${where}.messageExpression`, { names: RULE_NAMES, result: 'string' })),
    ]
  })
}

const CONDITION_WORDS = [
  'description',
  'default',
  'additionalProperties',
  'nullable',
  'type',
  'title',
  PRESERVE,
] as const

/** Inside of allOf and its like no fields may be introduced, only limited. */
function validateCondition(inner: JSONSchemaProps, outer: JSONSchemaProps, path: string): FieldError[] {
  const allowed = outer[INT_OR_STRING] ? ['type'] : []
  const errors = CONDITION_WORDS.filter(word => inner[word] !== undefined && !allowed.includes(word)).map(word =>
    forbidden(
      `${path}.${word}`,
      word === 'type' ? 'must be empty to be structural' : `must be undefined to be structural`,
    ),
  )
  for (const [name, property] of Object.entries(inner.properties ?? {})) {
    const real = outer.properties?.[name]
    const where = `${path}.properties[${name}]`
    if (real) errors.push(...validateCondition(property, real, where))
    else if (!outer[PRESERVE] && outer.additionalProperties === undefined) {
      errors.push(
        required(where.replace(/\.(allOf|anyOf|oneOf)\[\d+\]|\.not/, ''), `because it is defined in ${where}`),
      )
    }
  }
  return errors
}

/** The schema may say of metadata only what names it allows. */
function validateMetadata(schema: JSONSchemaProps, path: string): FieldError[] {
  const rest = { ...schema, type: undefined, properties: undefined, description: undefined }
  const names = Object.keys(schema.properties ?? {}).filter(name => name !== 'name' && name !== 'generateName')
  const isPlain = deepEqual(rest, {}) && names.length === 0
  return isPlain
    ? []
    : [
        forbidden(
          path,
          'must not specify anything other than name and generateName, but metadata is implicitly specified',
        ),
      ]
}

/** Versions that were stored may not go before their objects were written anew; the scope never changes. */
export function validateDefinitionUpdate(
  object: CustomResourceDefinition,
  old: CustomResourceDefinition,
): FieldError[] {
  const errors = validateDefinition(object)
  const isEstablished = old.status?.conditions?.some(one => one.type === 'Established' && one.status === 'True')
  if (isEstablished && object.spec.scope !== old.spec.scope)
    errors.push(invalid('spec.scope', object.spec.scope, 'field is immutable'))
  if (isEstablished && object.spec.names.kind !== old.spec.names.kind) {
    errors.push(invalid('spec.names.kind', object.spec.names.kind, 'field is immutable'))
  }
  const names = new Set(object.spec.versions.map(version => version.name))
  for (const stored of object.status?.storedVersions ?? []) {
    if (!names.has(stored))
      errors.push(
        invalid(
          'status.storedVersions[0]',
          stored,
          'missing from spec.versions; it was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in it and removes it from status.storedVersions',
        ),
      )
  }
  return errors
}
