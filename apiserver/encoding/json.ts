import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import type { Entry } from '../storage/entry.ts'
import { bookmarkObject, type Encoder, type EntryList, listMeta, served } from './encoder.ts'

const COMMA = Buffer.from(',')
const LINE_END = Buffer.from('}\n')

/** Plain JSON: stored bytes go out as they are. */
export const jsonEncoder: Encoder = {
  contentType: 'application/json',
  watchContentType: 'application/json',
  form: 'json',
  stored: storedJson,
  object: object => Buffer.from(JSON.stringify(object)),
  list: list =>
    wrapItems(
      list,
      list.entries.map(entry => storedJson(list.kind, entry)),
    ),
  event: (type, kind, entry) => eventLine(type, storedJson(kind, entry)),
  bookmark: (kind, revision, end) => eventLine('BOOKMARK', jsonBytes(bookmarkObject(kind, revision, end))),
  error: status => eventLine('ERROR', jsonBytes(status)),
}

/** JSON for human eyes: `?pretty=true`. */
export const prettyEncoder: Encoder = {
  ...jsonEncoder,
  form: 'pretty',
  stored: (kind, entry) => indented(storedJson(kind, entry)),
  object: object => Buffer.from(`${JSON.stringify(object, null, 2)}\n`),
  list: list =>
    indented(
      Buffer.concat(
        wrapItems(
          list,
          list.entries.map(entry => storedJson(list.kind, entry)),
        ),
      ),
    ),
}

export function eventLine(type: string, object: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), object, LINE_END])
}

export function jsonBytes(object: unknown): Buffer {
  return Buffer.from(JSON.stringify(object))
}

function storedJson(kind: Kind, entry: Entry): Buffer {
  return kind.storage.fromStored ? jsonBytes(served(kind, entry)) : entry.json()
}

function wrapItems(list: EntryList, items: Uint8Array[]): Uint8Array[] {
  const head = {
    kind: list.kind.listKind ?? `${list.kind.kind}List`,
    apiVersion: apiVersionOf(list.kind),
    metadata: listMeta(list),
  }
  const parts: Uint8Array[] = [Buffer.from(`${JSON.stringify(head).slice(0, -1)},"items":[`)]
  items.forEach((item, index) => {
    if (index > 0) parts.push(COMMA)
    parts.push(item)
  })
  parts.push(Buffer.from(']}\n'))
  return parts
}

function indented(bytes: Uint8Array): Buffer {
  return Buffer.from(`${JSON.stringify(JSON.parse(Buffer.from(bytes).toString()) as KubeObject, null, 2)}\n`)
}
