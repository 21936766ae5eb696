import type { Field, Message } from './schema.ts'

/** Types that stand in files of their own, written by hand. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'meta.v1.ObjectMeta': 'objects',
  'meta.v1.OwnerReference': 'objects',
  'meta.v1.ManagedFieldsEntry': 'objects',
  'meta.v1.ListMeta': 'objects',
  'meta.v1.Status': 'errors',
  'meta.v1.StatusCause': 'errors',
  'meta.v1.StatusDetails': 'errors',
  Quantity: 'types/scalars',
  IntOrString: 'types/scalars',
}

/** One file a group version: `core-v1` holds an interface for each message of `core.v1`. */
export function typesModules(messages: Message[]): Map<string, string> {
  const files = new Map<string, Message[]>()
  for (const message of messages) {
    const [group, version, name] = message.name.split('.')
    if (name === undefined || message.leaf || message.name in ELSEWHERE) continue
    const file = `${group}-${version}`
    files.set(file, [...(files.get(file) ?? []), message])
  }
  return new Map([...files].map(([file, group]) => [file, moduleText(file, group)]))
}

function moduleText(file: string, messages: Message[]): string {
  const imports = new Map<string, Set<string>>()
  const use = (from: string, name: string): string => {
    if (from !== `types/${file}`) imports.set(from, (imports.get(from) ?? new Set()).add(name))
    return name
  }
  const body = messages.map(message => interfaceText(message, use)).join('\n')
  const lines = [...imports].sort(([a], [b]) => (importPath(a) < importPath(b) ? -1 : 1)).map(importLine)
  return `/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */\n${lines.join('')}\n${body}`
}

function importPath(from: string): string {
  return from.startsWith('types/') ? `./${from.slice(6)}.ts` : `../${from}.ts`
}

function importLine([from, names]: [string, Set<string>]): string {
  const sorted = [...names].sort()
  const line = `import type { ${sorted.join(', ')} } from '${importPath(from)}'\n`
  if (line.length <= 121) return line
  return `import type {\n${sorted.map(name => `  ${name},\n`).join('')}} from '${importPath(from)}'\n`
}

type Use = (from: string, name: string) => string

function interfaceText(message: Message, use: Use): string {
  const name = message.name.split('.')[2]!
  const isList = message.isKind && message.fields.some(field => field.type === 'meta.v1.ListMeta')
  const isObject = message.isKind && message.fields.some(field => field.type === 'meta.v1.ObjectMeta')
  if (isList) {
    const items = message.fields.find(field => field.name === 'items')!
    return `export type ${name} = ${use('objects', 'KubeList')}<${typeText(items.type.slice(1, -1), use)}>\n`
  }
  const known = isObject ? ['apiVersion', 'kind', 'metadata'] : []
  const fields = message.fields.filter(field => !known.includes(field.name) && field.name !== '')
  const bases = message.fields.filter(field => field.name === '').map(field => typeText(field.type, use))
  if (isObject) bases.unshift(use('objects', 'KubeObject'))
  const from = bases.length > 0 ? ` extends ${bases.join(', ')}` : ''
  if (fields.length === 0) return `export interface ${name}${from} {}\n`
  return `export interface ${name}${from} {\n${sorted(fields)
    .map(field => fieldText(field, use))
    .join('')}}\n`
}

function sorted(fields: Field[]): Field[] {
  return [...fields].sort((a, b) => (a.name < b.name ? -1 : 1))
}

function fieldText(field: Field, use: Use): string {
  const key = /^[\w$]+$/.test(field.name) ? field.name : `'${field.name}'`
  return `  ${key}${field.required ? '' : '?'}: ${typeText(field.type, use)}\n`
}

const PLAIN: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'string',
  int32: 'number',
  int64: 'number',
  double: 'number',
  bool: 'boolean',
  Time: 'string',
  MicroTime: 'string',
  RawExtension: 'unknown',
  object: 'Record<string, unknown>',
  any: 'unknown',
}

function typeText(type: string, use: Use): string {
  if (type.startsWith('[')) return `${typeText(type.slice(1, -1), use)}[]`
  if (type.startsWith('{')) return `Record<string, ${typeText(type.slice(1, -1), use)}>`
  if (type in PLAIN) return PLAIN[type]!
  const name = type.split('.').at(-1)!
  if (type in ELSEWHERE) return use(ELSEWHERE[type]!, name)
  if (UNTYPED.has(type)) return 'unknown'
  const [group, version] = type.split('.')
  return use(`types/${group}-${version}`, name)
}

/** JSON of any shape. */
const UNTYPED = new Set([
  'meta.v1.FieldsV1',
  'apiextensions.v1.JSON',
  'apiextensions.v1.JSONSchemaPropsOrArray',
  'apiextensions.v1.JSONSchemaPropsOrBool',
  'apiextensions.v1.JSONSchemaPropsOrStringArray',
  'apiextensions.v1.CustomResourceSubresourceStatus',
])
