import type { Entry, Message } from './message.ts'

/** Bytes for the wire: a head in JSON, then what is bulky, as it is. */

const ENTRY_HEAD = 17

export function encodeMessage(message: Message): Uint8Array {
  const { bulk, head } = split(message)
  const json = Buffer.from(JSON.stringify(head))
  const size = Buffer.alloc(4)
  size.writeUInt32LE(json.length)
  return Buffer.concat([size, json, ...bulk])
}

/** Throws on bytes that `encodeMessage` did not make. */
export function decodeMessage(bytes: Uint8Array): Message {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const start = 4 + buffer.readUInt32LE(0)
  const message = JSON.parse(buffer.toString('utf8', 4, start)) as Message
  if (message.type === 'append') message.entries = decodeEntries(buffer, start)
  if (message.type === 'chunk') message.data = buffer.subarray(start)
  return message
}

function split(message: Message): { head: object; bulk: Uint8Array[] } {
  if (message.type === 'append') {
    const { entries, ...head } = message
    return { head, bulk: entries.flatMap(entry => [entryHead(entry), entry.data]) }
  }
  if (message.type === 'chunk') {
    const { data, ...head } = message
    return { head, bulk: [data] }
  }
  return { head: message, bulk: [] }
}

function entryHead(entry: Entry): Uint8Array {
  const head = Buffer.alloc(ENTRY_HEAD)
  head.writeUInt8(entry.type === 'config' ? 1 : 0, 0)
  head.writeUIntLE(entry.term, 1, 6)
  head.writeUIntLE(entry.index, 7, 6)
  head.writeUInt32LE(entry.data.length, 13)
  return head
}

function decodeEntries(buffer: Buffer, start: number): Entry[] {
  const entries: Entry[] = []
  for (let at = start; at < buffer.length; ) {
    const data = at + ENTRY_HEAD
    const end = data + buffer.readUInt32LE(at + 13)
    if (end > buffer.length) throw new Error('the message ends in the middle of an entry')
    entries.push({
      type: buffer[at] === 1 ? 'config' : 'normal',
      term: buffer.readUIntLE(at + 1, 6),
      index: buffer.readUIntLE(at + 7, 6),
      data: buffer.subarray(data, end),
    })
    at = end
  }
  return entries
}
