import {
  encodeMessage,
  encodeProtobuf,
  encodeProtobufList,
  protobufWatchFrame,
  wrapMessage,
} from '../../api/codec/protobuf.ts'
import type { Kind } from '../../api/kind.ts'
import { apiVersionOf } from '../../api/objects.ts'
import type { Entry } from '../storage/entry.ts'
import { bookmarkObject, type Encoder, listMeta, served } from './encoder.ts'

/** Messages made once of an entry serve every reader of it, as its JSON does. */
const messages = new WeakMap<Entry, { kind: Kind; message: Buffer }>()

/** Kubernetes' protobuf: what Go's clients ask for first. */
export const protobufEncoder: Encoder = {
  contentType: 'application/vnd.kubernetes.protobuf',
  watchContentType: 'application/vnd.kubernetes.protobuf;stream=watch',
  form: 'protobuf',
  stored: storedProtobuf,
  object: object => encodeProtobuf(object),
  list: list =>
    encodeProtobufList(
      list.kind,
      listMeta(list),
      list.entries.map(entry => messageOf(list.kind, entry)),
    ),
  event: (type, kind, entry) => protobufWatchFrame(type, storedProtobuf(kind, entry)),
  bookmark: (kind, revision, end) =>
    protobufWatchFrame('BOOKMARK', encodeProtobuf(bookmarkObject(kind, revision, end))),
  error: status => protobufWatchFrame('ERROR', encodeProtobuf(status)),
}

function storedProtobuf(kind: Kind, entry: Entry): Buffer {
  return wrapMessage(messageOf(kind, entry), typeOf(kind))
}

function messageOf(kind: Kind, entry: Entry): Buffer {
  const known = messages.get(entry)
  if (known?.kind === kind) return known.message
  const message = encodeMessage(served(kind, entry), typeOf(kind))
  messages.set(entry, { kind, message })
  return message
}

function typeOf(kind: Kind): { apiVersion: string; kind: string } {
  return { apiVersion: apiVersionOf(kind), kind: kind.kind }
}
