import { compileJsonPath, JsonPathError } from '../jsonpath.ts'
import type { FieldError } from '../kind.ts'
import { isLabel1035Name } from '../names.ts'
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  JSONSchemaProps,
} from '../types/apiextensions-v1.ts'
import { duplicate, invalid, required, tooMany } from '../validate/errors.ts'
import { fieldNames, schemaAt } from './field-path.ts'
import { validateRootSchema } from './structural.ts'

/** Everything wrong with one version of a definition. */
export function validateVersion(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { name = '', schema, additionalPrinterColumns = [], selectableFields = [], subresources } = version
  const root = schema?.openAPIV3Schema
  const where = `${path}.schema.openAPIV3Schema`
  const problems = isLabel1035Name(name)
  return [
    ...(problems.length > 0 ? [invalid(`${path}.name`, name, problems.join(','))] : []),
    ...validateDeprecation(version, `${path}.deprecationWarning`),
    ...(root && subresources?.status ? validateStatusRoot(root, where) : []),
    ...(root ? validateRootSchema(root, where) : [required(where, 'schemas are required')]),
    ...additionalPrinterColumns.flatMap((column, index) =>
      validateColumn(column, `${path}.additionalPrinterColumns[${index}]`),
    ),
    ...(subresources?.scale ? validateScale(subresources.scale, `${path}.subresources.scale`) : []),
    ...validateSelectable(
      selectableFields.map(({ jsonPath }) => jsonPath),
      root ?? {},
      `${path}.selectableFields`,
    ),
  ]
}

const AT_STATUS_ROOT = [
  ...['description', 'type', 'format', 'title', 'maximum', 'exclusiveMaximum', 'minimum', 'exclusiveMinimum'],
  ...['maxLength', 'minLength', 'pattern', 'maxItems', 'minItems', 'uniqueItems', 'multipleOf', 'required', 'items'],
  ...['properties', 'externalDocs', 'example', 'x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations'],
]

/** A status is checked by its own property alone: what else says something of it at the root would be lost. */
function validateStatusRoot(root: JSONSchemaProps, path: string): FieldError[] {
  const enabled = 'at the root of the schema if the status subresource is enabled'
  if (root.type && root.type !== 'object') {
    return [invalid(`${path}.type`, root.type, `only "object" is allowed as the type ${enabled}`)]
  }
  const set = Object.entries(root).filter(([, value]) => value !== undefined && value !== false)
  if (set.every(([name]) => AT_STATUS_ROOT.includes(name))) return []
  const shown = AT_STATUS_ROOT.map(name => name.replace('kubernetes-', '')).map(name =>
    name.replace(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase()),
  )
  return [invalid(path, root, `only [${shown.join(' ')}] fields are allowed ${enabled}`)]
}

const LONGEST_WARNING = 256

function validateDeprecation(version: CustomResourceDefinitionVersion, path: string): FieldError[] {
  const { deprecated, deprecationWarning: text } = version
  if (text === undefined) return []
  if (!deprecated) return [invalid(path, text, 'can only be set for deprecated versions')]
  const unprintable = [...text].findIndex(letter => /[^\P{C}]|[\p{Zl}\p{Zp}]/u.test(letter))
  const at = Buffer.byteLength([...text].slice(0, unprintable).join(''))
  const printable = `must only contain printable UTF-8 characters; non-printable character found at index ${at}`
  return [
    ...(Buffer.byteLength(text) > LONGEST_WARNING ? [`must be <= ${LONGEST_WARNING} characters long`] : []),
    ...(text === '' ? ['must not be an empty string'] : []),
    ...(unprintable >= 0 ? [printable] : []),
  ].map(problem => invalid(path, text, problem))
}

const TYPES = ['boolean', 'date', 'integer', 'number', 'string']
const FORMATS = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password']

function validateColumn(column: CustomResourceColumnDefinition, path: string): FieldError[] {
  const { name, type, format, jsonPath } = column
  const errors = name ? [] : [required(`${path}.name`)]
  const known = `must be one of ${TYPES.join(',')}`
  if (!type) errors.push(required(`${path}.type`, known))
  else if (!TYPES.includes(type)) errors.push(invalid(`${path}.type`, type, known))
  if (format && !FORMATS.includes(format)) {
    errors.push(invalid(`${path}.format`, format, `must be one of ${FORMATS.join(',')}`))
  }
  return [...errors, ...validatePath(jsonPath, `${path}.jsonPath`)]
}

function validatePath(jsonPath: string | undefined, path: string): FieldError[] {
  if (!jsonPath) return [required(path)]
  if (!jsonPath.startsWith('.')) return [invalid(path, jsonPath, 'must be a simple json path starting with .')]
  try {
    compileJsonPath(jsonPath)
    return []
  } catch (error) {
    if (error instanceof JsonPathError) return [invalid(path, jsonPath, error.message)]
    throw error
  }
}

function validateScale(scale: CustomResourceSubresourceScale, path: string): FieldError[] {
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale
  return [
    ...validateBelow(specReplicasPath, ['.spec'], 'should be a json path under .spec', `${path}.specReplicasPath`),
    ...validateBelow(
      statusReplicasPath,
      ['.status'],
      'should be a json path under .status',
      `${path}.statusReplicasPath`,
    ),
    ...(labelSelectorPath
      ? validateBelow(
          labelSelectorPath,
          ['.spec', '.status'],
          'should be a json path under either .spec or .status',
          `${path}.labelSelectorPath`,
        )
      : []),
  ]
}

function validateBelow(jsonPath: string, roots: readonly string[], detail: string, path: string): FieldError[] {
  const errors = validatePath(jsonPath, path)
  if (errors.length > 0) return errors
  return roots.some(root => jsonPath.startsWith(`${root}.`)) ? [] : [invalid(path, jsonPath, detail)]
}

const MOST_SELECTABLE = 8
const SELECTABLE = ['boolean', 'integer', 'string']
const PLAIN =
  'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.'

/** Fields by which objects are chosen hold one plain value each. */
function validateSelectable(paths: readonly string[], root: JSONSchemaProps, path: string): FieldError[] {
  const errors = paths.flatMap((jsonPath, index) => {
    const where = `${path}[${index}].jsonPath`
    if (!jsonPath) return [required(where)]
    if (paths.indexOf(jsonPath) < index) return [duplicate(where, jsonPath)]
    return validateSelected(jsonPath, root, where)
  })
  const count = new Set(paths).size
  return count > MOST_SELECTABLE ? [...errors, tooMany(path, count, MOST_SELECTABLE)] : errors
}

function validateSelected(jsonPath: string, root: JSONSchemaProps, path: string): FieldError[] {
  if (fieldNames(jsonPath)?.[0] === 'metadata') {
    return [invalid(path, jsonPath, 'must not point to fields in metadata')]
  }
  const field = schemaAt(root, jsonPath)
  if (!field) return [invalid(path, jsonPath, 'is an invalid path: does not refer to a valid field')]
  return SELECTABLE.includes(field.type ?? '') ? [] : [invalid(path, jsonPath, PLAIN)]
}
