import { age, ageColumn } from '../columns/basic.ts'
import { compileJsonPath } from '../jsonpath.ts'
import type { Column, Kind } from '../kind.ts'
import type { CustomResourceColumnDefinition, CustomResourceDefinitionVersion } from '../types/apiextensions-v1.ts'

/** The columns that a version of a custom resource has beside its name. */
export function printerColumns({ additionalPrinterColumns = [] }: CustomResourceDefinitionVersion): Column[] {
  return additionalPrinterColumns.length === 0 ? [ageColumn] : additionalPrinterColumns.map(printerColumn)
}

function printerColumn(column: CustomResourceColumnDefinition): Column {
  const { name, type, format = '', jsonPath, priority = 0 } = column
  const read = compileJsonPath(jsonPath)
  const description = column.description || `Custom resource definition column (in JSONPath format): ${jsonPath}`
  return {
    name,
    type: type as Column['type'],
    format,
    description,
    priority,
    cell: (object, now) => cellOf(type, read(object), now),
  }
}

/** What does not fit the type of its column is not shown. */
function cellOf(type: string, found: readonly unknown[], now: number): unknown {
  const [value] = found
  if (value === undefined || value === null) return null
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null
    case 'number':
      return typeof value === 'number' ? value : null
    case 'boolean':
      return typeof value === 'boolean' ? value : null
    case 'date':
      return typeof value === 'string' ? dateCell(value, now) : null
    default:
      return found.map(asText).join(' ')
  }
}

function dateCell(value: string, now: number): string {
  return Number.isNaN(Date.parse(value)) ? '<invalid>' : age(value, now)
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** What fieldSelector may ask for: `.spec.color` is asked for as `spec.color`. */
export function selectableFields({ selectableFields: fields = [] }: CustomResourceDefinitionVersion): Kind['fields'] {
  return Object.fromEntries(
    fields.map(({ jsonPath }) => {
      const read = compileJsonPath(jsonPath)
      return [jsonPath.replace(/^\./, ''), object => fieldText(read(object)[0])]
    }),
  )
}

function fieldText(value: unknown): string {
  return value === undefined || value === null ? '' : String(value)
}
