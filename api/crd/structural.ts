import type { FieldError } from '../kind.ts'
import { patternProblem } from '../regex/pattern.ts'
import type { JSONSchemaProps } from '../types/apiextensions-v1.ts'
import { forbidden, invalid, required, unsupported } from '../validate/errors.ts'
import { deepEqual, isRecord } from '../values.ts'
import { validateListType, validateMapType } from './list-types.ts'
import { toSchema } from './schema.ts'
import { validateSchemaRules } from './schema-rules.ts'
import { validateBySchema } from './validate.ts'

const PRESERVE = 'x-kubernetes-preserve-unknown-fields'
const INT_OR_STRING = 'x-kubernetes-int-or-string'

/** The schema of a whole object: structural, which is that every value has a type. */
export function validateRootSchema(schema: JSONSchemaProps, path: string): FieldError[] {
  const { type, nullable } = schema
  const nulled = nullable ? [forbidden(`${path}.nullable`, 'nullable cannot be true at the root')] : []
  if (!type) return [...nulled, required(`${path}.type`, 'must not be empty at the root')]
  const wrong = type === 'object' ? [] : [invalid(`${path}.type`, type, 'must be object at the root')]
  return [...nulled, ...wrong, ...validateStructure(schema, path)]
}

/** What is combined (`allOf`...) adds conditions only. `loose`: the list of which no element is known from before. */
function validateStructure(schema: JSONSchemaProps, path: string, loose?: string): FieldError[] {
  const errors = [
    ...validateOwn(schema, path),
    ...validateListType(schema, path),
    ...validateMapType(schema, path),
    ...validateSchemaRules(schema, path, loose),
  ]
  const inFields = schema['x-kubernetes-map-type'] === 'atomic' ? (loose ?? path) : loose
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const where = `${path}.properties[${name}]`
    if (path.endsWith('openAPIV3Schema') && name === 'metadata') errors.push(...validateMetadata(property, where))
    else errors.push(...validateStructure(property, where, inFields))
  }
  if (isRecord(schema.items)) {
    const inItems = schema['x-kubernetes-list-type'] === 'map' ? loose : (loose ?? path)
    errors.push(...validateStructure(schema.items as JSONSchemaProps, `${path}.items`, inItems))
  }
  if (isRecord(schema.additionalProperties)) {
    const below = schema.additionalProperties as JSONSchemaProps
    errors.push(...validateStructure(below, `${path}.additionalProperties`, loose))
  }
  return [...errors, ...validateConditions(schema, path)]
}

function validateConditions(schema: JSONSchemaProps, path: string): FieldError[] {
  const lists = (['allOf', 'anyOf', 'oneOf'] as const).flatMap(name =>
    (schema[name] ?? []).flatMap((inner, index) => validateCondition(inner, schema, `${path}.${name}[${index}]`)),
  )
  return schema.not ? [...lists, ...validateCondition(schema.not, schema, `${path}.not`)] : lists
}

const SUPPORTED = ['array', 'boolean', 'integer', 'number', 'object', 'string']

function validateOwn(schema: JSONSchemaProps, path: string): FieldError[] {
  const errors: FieldError[] = []
  const { type, properties, additionalProperties, items, pattern } = schema
  if (!type) {
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
  if (schema[PRESERVE] === false) errors.push(invalid(`${path}.${PRESERVE}`, false, 'must be true or undefined'))
  const problem = pattern === undefined ? undefined : patternProblem(pattern)
  if (problem)
    errors.push(invalid(`${path}.pattern`, pattern, `must be a valid regular expression, but isn't: ${problem}`))
  return [...errors, ...validateDefault(schema, path)]
}

function validateDefault(schema: JSONSchemaProps, path: string): FieldError[] {
  if (schema.default === undefined) return []
  return validateBySchema(schema.default, toSchema(schema), `${path}.default`)
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
