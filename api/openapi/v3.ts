import type { Kind } from '../kind.ts'
import { listKindOf, listSchema, type Operation, operationsOf, type QueryParameter } from './operations.ts'
import type { Prose } from './prose.ts'
import { Definitions, type Json } from './render.ts'

/** OpenAPI v3 of one group version. */
export function v3Document(kinds: readonly Kind[], version: string, prose: Prose): Json {
  const definitions = new Definitions('v3', prose)
  const paths: Record<string, Json> = {}
  for (const kind of kinds) {
    definitions.markKind(kind.schema, kind)
    if (kind.verbs.includes('list')) definitions.markKind(listSchema(kind), { ...kind, kind: listKindOf(kind) })
    for (const operation of operationsOf(kind)) {
      paths[operation.path] ??= pathItem(operation)
      paths[operation.path]![operation.method] = writeOperation(operation, definitions)
    }
  }
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version },
    paths,
    components: { schemas: definitions.all() },
  }
}

function pathItem({ names }: Operation): Json {
  if (names.length === 0) return {}
  const parameters = names.map(name => ({
    ...{ name, in: 'path', required: true },
    schema: { type: 'string', uniqueItems: true },
  }))
  return { parameters }
}

function writeOperation(operation: Operation, definitions: Definitions): Json {
  const { action, id, of, query, body, answer } = operation
  const schema = answer && definitions.use(answer)
  const responses = {
    '200': { description: 'OK', ...(schema ? { content: { 'application/json': { schema } } } : {}) },
    '401': { description: 'Unauthorized' },
  }
  return {
    tags: [tagOf(of)],
    operationId: id,
    ...(query.length > 0 ? { parameters: query.map(writeParameter) } : {}),
    ...(body ? { requestBody: requestBody(operation, definitions.use(body)) } : {}),
    responses,
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: of.group, version: of.version, kind: of.kind },
  }
}

function requestBody({ action, consumes }: Operation, schema: Json): Json {
  const required = action !== 'delete' && action !== 'deletecollection'
  return { content: Object.fromEntries(consumes.map(type => [type, { schema }])), ...(required ? { required } : {}) }
}

function writeParameter({ name, type }: QueryParameter): Json {
  return { name, in: 'query', schema: { type, uniqueItems: true } }
}

/** `core_v1`, `apps_v1`: how generated clients group calls. */
export function tagOf({ group, version }: { group: string; version: string }): string {
  const name =
    group === '' ? 'core' : group.replace(/\.k8s\.io$/, '').replace(/[^A-Za-z0-9]+(\w)/g, (_, c) => c.toUpperCase())
  return `${name}_${version}`
}
