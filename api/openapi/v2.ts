import type { Kind } from '../kind.ts'
import { listKindOf, listSchema, MEDIA, type Operation, operationsOf, type QueryParameter } from './operations.ts'
import type { Prose } from './prose.ts'
import { Definitions, type Json } from './render.ts'
import { tagOf } from './v3.ts'

/** Swagger 2.0 of everything that is served, in one document. */
export interface V2Document {
  swagger: '2.0'
  info: { title: string; version: string }
  paths: Record<string, Json>
  definitions: Record<string, Json>
}

export function v2Document(kinds: readonly Kind[], version: string, prose: Prose): V2Document {
  const definitions = new Definitions('v2', prose)
  const paths: Record<string, Json> = {}
  for (const kind of kinds) {
    definitions.markKind(kind.schema, kind)
    if (kind.verbs.includes('list')) definitions.markKind(listSchema(kind), { ...kind, kind: listKindOf(kind) })
    for (const operation of operationsOf(kind)) {
      paths[operation.path] ??= { parameters: operation.names.map(pathParameter) }
      paths[operation.path]![operation.method] = writeOperation(operation, definitions)
    }
  }
  return { swagger: '2.0', info: { title: 'Kubernetes', version }, paths, definitions: definitions.all() }
}

function writeOperation(operation: Operation, definitions: Definitions): Json {
  const { action, id, of, query, body, answer } = operation
  const schema = answer && definitions.use(answer)
  const ok = { description: 'OK', ...(schema ? { schema } : {}) }
  const sent = body && { name: 'body', in: 'body', required: true, schema: definitions.use(body) }
  return {
    tags: [tagOf(of)],
    operationId: id,
    ...(body ? { consumes: operation.consumes } : {}),
    produces: MEDIA,
    parameters: [...(sent ? [sent] : []), ...query.map(queryParameter)],
    responses: { '200': ok, '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': { group: of.group, kind: of.kind, version: of.version },
  }
}

function queryParameter({ name, type }: QueryParameter): Json {
  return { name, in: 'query', type, uniqueItems: true }
}

function pathParameter(name: string): Json {
  return { name, in: 'path', type: 'string', required: true, uniqueItems: true }
}
