import { badRequest } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import { bookmarkObject, type Encoder, listMeta, served } from './encoder.ts'
import { eventLine, jsonBytes } from './json.ts'
import { partialMetadata } from './metadata.ts'

export type IncludeObject = 'None' | 'Metadata' | 'Object'

/** Tables as kubectl prints them: the server chooses the columns, the client only lines them up. */
export function tableEncoder(version: string, include: IncludeObject, now: () => number): Encoder {
  const apiVersion = `meta.k8s.io/${version}`
  const contentType = `application/json;as=Table;v=${version};g=meta.k8s.io`
  const row = (kind: Kind, object: KubeObject) => ({
    cells: kind.columns.map(column => column.cell(object, now()) ?? null),
    ...(include === 'None' ? {} : { object: include === 'Object' ? object : partialMetadata(object, version) }),
  })
  const table = (kind: Kind, metadata: object, rows: unknown[]) => {
    return { kind: 'Table', apiVersion, metadata, columnDefinitions: definitions(kind), rows }
  }
  const single = (kind: Kind, object: KubeObject) =>
    table(kind, { resourceVersion: object.metadata?.resourceVersion }, [row(kind, object)])
  return {
    contentType: 'application/json',
    watchContentType: 'application/json',
    form: `${contentType};include=${include}`,
    stored: (kind, entry) => jsonBytes(single(kind, served(kind, entry))),
    object: (object, kind) => jsonBytes(kind && isOfKind(object, kind) ? single(kind, object) : object),
    list: list =>
      jsonBytes(
        table(
          list.kind,
          listMeta(list),
          list.entries.map(entry => row(list.kind, served(list.kind, entry))),
        ),
      ),
    event: (type, kind, entry) => eventLine(type, jsonBytes(single(kind, served(kind, entry)))),
    bookmark: (kind, revision, end) => {
      const object = partialMetadata(bookmarkObject(kind, revision, end), version)
      const rows = [{ cells: [], object }]
      return eventLine('BOOKMARK', jsonBytes(table(kind, { resourceVersion: String(revision) }, rows)))
    },
    error: status => eventLine('ERROR', jsonBytes(status)),
  }
}

export function parseIncludeObject(text: string | null): IncludeObject {
  if (text === null || text === '') return 'Metadata'
  if (text === 'None' || text === 'Metadata' || text === 'Object') return text
  throw badRequest(`unrecognized includeObject value: ${JSON.stringify(text)}`)
}

function definitions(kind: Kind) {
  return kind.columns.map(({ name, type, format, description, priority }) => {
    return { name, type, format, description, priority }
  })
}

function isOfKind(object: KubeObject, kind: Kind): boolean {
  return object.kind === kind.kind && object.apiVersion === apiVersionOf(kind)
}
