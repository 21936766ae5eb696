import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import type { Entry } from '../storage/entry.ts'
import { bookmarkObject, type Encoder, type EntryList, listMeta, served } from './encoder.ts'

const COMMA = ','.charCodeAt(0)
const TAIL = Buffer.from(']}\n')
const LINE_END = Buffer.from('}\n')

/** Plain JSON: stored bytes go out as they are. */
export const jsonEncoder: Encoder = {
  contentType: 'application/json',
  watchContentType: 'application/json',
  form: 'json',
  stored: storedJson,
  object: object => Buffer.from(JSON.stringify(object)),
  list: list => listJson(list),
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
  list: list => indented(listJson(list)),
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

/** Stored bytes go straight into the answer's: a long list costs no more memory than it is long. */
function listJson(list: EntryList): Buffer {
  const head = Buffer.from(`${JSON.stringify(listHead(list)).slice(0, -1)},"items":[`)
  const items = list.kind.storage.fromStored ? list.entries.map(entry => storedJson(list.kind, entry)) : undefined
  const lengths = items?.map(item => item.length) ?? list.entries.map(entry => entry.jsonLength)
  const commas = Math.max(0, lengths.length - 1)
  const bytes = Buffer.allocUnsafe(lengths.reduce((sum, length) => sum + length, head.length + commas + TAIL.length))
  let at = head.copy(bytes)
  list.entries.forEach((entry, index) => {
    if (index > 0) bytes[at++] = COMMA
    at = items ? at + items[index]!.copy(bytes, at) : entry.writeJson(bytes, at)
  })
  TAIL.copy(bytes, at)
  return bytes
}

function listHead(list: EntryList) {
  return {
    kind: list.kind.listKind ?? `${list.kind.kind}List`,
    apiVersion: apiVersionOf(list.kind),
    metadata: listMeta(list),
  }
}

function indented(bytes: Uint8Array): Buffer {
  return Buffer.from(`${JSON.stringify(JSON.parse(Buffer.from(bytes).toString()) as KubeObject, null, 2)}\n`)
}
