import type { Kind, Schema, Subresource } from '../kind.ts'
import { apiVersionOf } from '../objects.ts'
import { messageFacts, messageOf, schemaOf } from '../schema.ts'
import type { KindName } from './render.ts'

/** One call that a kind offers, before it is written in a dialect. */
export interface Operation {
  path: string
  method: 'get' | 'post' | 'put' | 'patch' | 'delete'
  /** What Kubernetes calls it: get, list, post, put, patch, delete, deletecollection, connect. */
  action: string
  id: string
  of: KindName
  /** Media types of the body: kubectl reads from here which kind of patch it may send. */
  consumes: readonly string[]
  /** Names in the path. */
  names: readonly string[]
  query: readonly QueryParameter[]
  body?: Schema
  /** Absent where the answer is no object: logs, streams. */
  answer?: Schema
}

export interface QueryParameter {
  name: string
  type: 'string' | 'integer' | 'boolean'
}

const text = (name: string): QueryParameter => ({ name, type: 'string' })
const flag = (name: string): QueryParameter => ({ name, type: 'boolean' })
const count = (name: string): QueryParameter => ({ name, type: 'integer' })

const SELECTION = [
  ...[flag('allowWatchBookmarks'), text('continue'), text('fieldSelector'), text('labelSelector'), count('limit')],
  ...[text('resourceVersion'), text('resourceVersionMatch'), flag('sendInitialEvents'), count('timeoutSeconds')],
]
const WRITE = [text('dryRun'), text('fieldManager'), text('fieldValidation')]
const DELETION = [text('dryRun'), count('gracePeriodSeconds'), flag('orphanDependents'), text('propagationPolicy')]

const QUERIES: Readonly<Record<string, readonly QueryParameter[]>> = {
  list: [...SELECTION, flag('watch')],
  post: WRITE,
  put: WRITE,
  patch: [...WRITE, flag('force')],
  delete: DELETION,
  deletecollection: [...DELETION, ...SELECTION.filter(({ name }) => name !== 'allowWatchBookmarks')],
}

const METHODS: Readonly<Record<string, Operation['method']>> = {
  get: 'get',
  list: 'get',
  create: 'post',
  update: 'put',
  patch: 'patch',
  delete: 'delete',
  deletecollection: 'delete',
}

export const MEDIA = ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf']
const PATCHES = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
]

const COLLECTION = new Set(['list', 'create', 'deletecollection'])

/** Every call that is offered for a kind and its subresources. */
export function operationsOf(kind: Kind): Operation[] {
  const root = kind.group === '' ? `/api/${kind.version}` : `/apis/${apiVersionOf(kind)}`
  const collection = `${root}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`
  const own = kind.verbs.filter(verb => METHODS[verb])
  const made = own.map(verb =>
    operation(kind, COLLECTION.has(verb) ? collection : `${collection}/{name}`, verb, kind, schemasOf(kind, verb)),
  )
  if (kind.namespaced && own.includes('list')) {
    made.push(operation(kind, `${root}/${kind.plural}`, 'list', kind, schemasOf(kind, 'list')))
  }
  const below = kind.subresources.flatMap(subresource =>
    subresource.verbs
      .filter(verb => METHODS[verb] && verb !== 'list')
      .map(verb => subresourceOperation(kind, `${collection}/{name}`, subresource, verb)),
  )
  return [...made, ...below]
}

interface Schemas {
  body?: Schema
  answer?: Schema
}

function operation(kind: Kind, path: string, verb: string, of: KindName, schemas: Schemas): Operation {
  const method = METHODS[verb]!
  const action = verb === 'list' || verb === 'deletecollection' ? verb : method
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(match => match[1]!)
  const { group, version, kind: name } = of
  const id = operationId(kind, verb, path)
  return {
    path,
    method,
    action,
    id,
    of: { group, version, kind: name },
    names,
    query: QUERIES[action] ?? [],
    consumes: consumedBy(kind, action),
    ...schemas,
  }
}

/** Custom resources have no merge keys and no protobuf messages. */
function consumedBy({ conform }: Kind, action: string): string[] {
  if (action === 'patch') return conform ? PATCHES.filter(type => !type.includes('strategic')) : PATCHES
  return conform ? MEDIA.filter(type => !type.includes('protobuf')) : MEDIA
}

function subresourceOperation(kind: Kind, item: string, subresource: Subresource, verb: string): Operation {
  const { name, kind: of } = subresource
  const isOwn = of.group === kind.group && of.version === kind.version && of.kind === kind.kind
  const message = messageOf(of)
  const schema = isOwn ? kind.schema : messageFacts(message) && schemaOf(message)
  const isStream = isOwn && !subresource.verbs.includes('update') && !subresource.verbs.includes('patch')
  const schemas = isStream || !schema ? {} : schemasFor(schema, verb)
  return operation(kind, `${item}/${name}`, verb, of, schemas)
}

function schemasOf(kind: Kind, verb: string): Schemas {
  return verb === 'list' ? { answer: listSchema(kind) } : schemasFor(kind.schema, verb)
}

function schemasFor(schema: Schema, verb: string): Schemas {
  if (verb === 'patch') return { body: schemaOf('meta.v1.Patch'), answer: schema }
  if (verb === 'delete' || verb === 'deletecollection') {
    return { body: schemaOf('meta.v1.DeleteOptions'), answer: schemaOf('meta.v1.Status') }
  }
  return verb === 'get' ? { answer: schema } : { body: schema, answer: schema }
}

export function listKindOf(kind: Kind): string {
  return kind.listKind ?? `${kind.kind}List`
}

/** The schema of lists of a kind: a definition of its own for built-in kinds, made here for the others. */
export function listSchema(kind: Kind): Schema {
  const message = `${messageOf(kind)}List`
  if (!kind.conform && messageFacts(message)) return schemaOf(message)
  return {
    type: 'object',
    definition: kind.schema.definition!.replace(/[^.]+$/, listKindOf(kind)),
    description: `A list of ${kind.kind}.`,
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: kind.schema },
      kind: { type: 'string' },
      metadata: schemaOf('meta.v1.ListMeta'),
    },
  }
}

/** `listCoreV1NamespacedPod`, as client generators name it. */
function operationId(kind: Kind, verb: string, path: string): string {
  const group = kind.group === '' ? 'core' : kind.group.replace(/\.k8s\.io$/, '')
  const words = [...group.split(/[^A-Za-z0-9]+/), kind.version].map(capital).join('')
  const doing = { get: 'read', update: 'replace', deletecollection: 'deleteCollection' }[verb] ?? verb
  const scope = path.includes('{namespace}') ? 'Namespaced' : ''
  const everywhere = kind.namespaced && scope === '' ? 'ForAllNamespaces' : ''
  const below = /\{name\}\/(.+)$/.exec(path)?.[1] ?? ''
  return `${doing}${words}${scope}${kind.kind}${capital(below)}${everywhere}`
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
