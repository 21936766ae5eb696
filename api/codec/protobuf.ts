import { badRequest } from '../errors.ts'
import type { Kind } from '../kind.ts'
import { apiVersionOf, type KubeObject, type ListMeta } from '../objects.ts'
import { messageFacts, messageOf } from '../schema.ts'
import { readMessage, writeMessage } from './message.ts'
import { WireError, WireReader, WireWriter } from './wire.ts'

/** Kubernetes' protobuf: four bytes, then a message that names the kind and holds the object's own message. */
const MAGIC = Buffer.from('k8s\0')

export function decodeProtobuf(body: Uint8Array, expected?: Kind): KubeObject {
  if (body.length < 4 || MAGIC.compare(body, 0, 4) !== 0) {
    throw badRequest('provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]')
  }
  try {
    return readEnvelope(new WireReader(body, 4), expected)
  } catch (error) {
    if (error instanceof WireError) throw badRequest(`proto: ${error.message}`)
    throw error
  }
}

interface Envelope {
  apiVersion: string
  kind: string
  raw: Uint8Array
}

function readEnvelope(reader: WireReader, expected: Kind | undefined): KubeObject {
  const { apiVersion, kind, raw } = openEnvelope(reader)
  const named = kind !== '' ? { apiVersion, kind } : undefined
  const type = named ?? (expected && { apiVersion: apiVersionOf(expected), kind: expected.kind })
  if (!type) throw badRequest("Object 'Kind' is missing in the protobuf body")
  const message = messageOfType(type.apiVersion, type.kind)
  if (!message) throw badRequest(`no kind "${type.kind}" is registered for version "${type.apiVersion}"`)
  const object = readMessage(message, new WireReader(raw)) as KubeObject
  return named ? { apiVersion, kind, ...object } : object
}

function openEnvelope(reader: WireReader): Envelope {
  const found: Envelope = { apiVersion: '', kind: '', raw: new Uint8Array() }
  while (!reader.done) {
    const [number, type] = reader.tag()
    if (number === 1) readTypeMeta(reader.nested(), found)
    else if (number === 2) found.raw = reader.bytes()
    else reader.skip(type)
  }
  return found
}

function readTypeMeta(reader: WireReader, into: Envelope): void {
  while (!reader.done) {
    const [number, type] = reader.tag()
    if (number === 1) into.apiVersion = reader.string()
    else if (number === 2) into.kind = reader.string()
    else reader.skip(type)
  }
}

/** `apps.v1.Deployment`; what every group has (DeleteOptions, Status) is found in meta. */
export function messageOfType(apiVersion: string, kind: string): string | undefined {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion]
  const own = messageOf({ group: group!, version: version!, kind })
  if (messageFacts(own)) return own
  const meta = `meta.v1.${kind}`
  return messageFacts(meta) ? meta : undefined
}

/** Whether objects of this kind have a protobuf form: custom resources have none. */
export function hasProtobuf(kind: { group: string; version: string; kind: string }): boolean {
  return messageFacts(messageOf(kind)) !== undefined
}

/** The object's own message, without the envelope: what lists and watches are put together from. */
export function encodeMessage(object: KubeObject, type: { apiVersion: string; kind: string }): Buffer {
  const message = messageOfType(type.apiVersion, type.kind)
  if (!message) throw new WireError(`${type.apiVersion} ${type.kind} has no protobuf form`)
  const writer = new WireWriter()
  writeMessage(message, writer, object)
  return writer.finish()
}

export function encodeProtobuf(object: KubeObject): Buffer {
  const type = { apiVersion: object.apiVersion ?? '', kind: object.kind ?? '' }
  return wrapMessage(encodeMessage(object, type), type)
}

/** A message with the envelope around it. */
export function wrapMessage(raw: Uint8Array, { apiVersion, kind }: { apiVersion: string; kind: string }): Buffer {
  const writer = new WireWriter()
  for (const field of [4, 3]) {
    writer.string('')
    writer.tag(field, 2)
  }
  writer.bytes(raw)
  writer.tag(2, 2)
  writer.nested(() => {
    writer.string(kind)
    writer.tag(2, 2)
    writer.string(apiVersion)
    writer.tag(1, 2)
  })
  writer.tag(1, 2)
  writer.raw(MAGIC)
  return writer.finish()
}

/** A list of messages that are encoded already. */
export function encodeProtobufList(kind: Kind, metadata: ListMeta, messages: readonly Uint8Array[]): Buffer {
  const writer = new WireWriter()
  for (let i = messages.length - 1; i >= 0; i--) {
    writer.bytes(messages[i]!)
    writer.tag(2, 2)
  }
  writer.nested(() => writeMessage('meta.v1.ListMeta', writer, metadata))
  writer.tag(1, 2)
  return wrapMessage(writer.finish(), { apiVersion: apiVersionOf(kind), kind: `${kind.kind}List` })
}

/** One event of a watch: its length in four bytes, then the event with the object in its envelope. */
export function protobufWatchFrame(type: string, envelope: Uint8Array): Buffer {
  const writer = new WireWriter()
  writer.nested(() => {
    writer.bytes(envelope)
    writer.tag(1, 2)
  })
  writer.tag(2, 2)
  writer.string(type)
  writer.tag(1, 2)
  const event = writer.finish()
  const frame = Buffer.allocUnsafe(4 + event.length)
  frame.writeUInt32BE(event.length)
  event.copy(frame, 4)
  return frame
}
