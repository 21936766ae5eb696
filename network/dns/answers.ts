import { type Record, TYPES } from './message.ts'

/** Answers of other servers, as far as they lead from an alias to its addresses. */

/** A question of our own, in the form that any server takes. */
export function writeQuestion(id: number, name: string, type: number): Buffer {
  const labels = name
    .split('.')
    .map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')]))
  const header = Buffer.from([id >> 8, id & 255, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0])
  return Buffer.concat([header, ...labels, Buffer.from([0, type >> 8, type & 255, 0, 1])])
}

/** The aliases and addresses that a packet answers with; throws where it breaks off. */
export function readAddresses(packet: Buffer): Record[] {
  const [questions, answers] = [packet.readUInt16BE(4), packet.readUInt16BE(6)]
  let position = 12
  for (let index = 0; index < questions; index++) position = readName(packet, position).end + 4
  const records: Record[] = []
  for (let index = 0; index < answers; index++) {
    const name = readName(packet, position)
    const length = packet.readUInt16BE(name.end + 8)
    const record = readRecord(packet, name, length)
    if (record) records.push(record)
    position = name.end + 10 + length
  }
  return records
}

interface Name {
  text: string
  end: number
}

function readRecord(packet: Buffer, name: Name, length: number): Record | undefined {
  const start = name.end + 10
  const base = { name: name.text, seconds: packet.readUInt32BE(name.end + 4) }
  const bytes = packet.subarray(start, start + length)
  switch (packet.readUInt16BE(name.end)) {
    case TYPES.A:
      return { ...base, data: { type: 'A', address: bytes.join('.') } }
    case TYPES.AAAA:
      return { ...base, data: { type: 'AAAA', bytes } }
    case TYPES.CNAME:
      return { ...base, data: { type: 'CNAME', name: readName(packet, start).text } }
    default:
      return undefined
  }
}

/** Pointers lead back, and so to an end; one that does not is a trap. */
function readName(packet: Buffer, start: number): Name {
  const labels: string[] = []
  let position = start
  let end: number | undefined
  for (;;) {
    const length = packet.readUInt8(position)
    if (length === 0) return { text: labels.join('.'), end: end ?? position + 1 }
    if (length >= 0xc0) {
      const target = packet.readUInt16BE(position) & 0x3fff
      if (target >= position) throw new Error('a name points forward')
      end ??= position + 2
      position = target
    } else {
      labels.push(packet.toString('latin1', position + 1, position + 1 + length))
      position += 1 + length
    }
  }
}
