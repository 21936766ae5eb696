/** DNS on the wire (RFC 1035, EDNS of RFC 6891): as much of it as questions about a cluster need. */

export const TYPES = { A: 1, CNAME: 5, SOA: 6, PTR: 12, TXT: 16, AAAA: 28, SRV: 33, OPT: 41, ANY: 255 } as const
export const CODES = { ok: 0, formatError: 1, failure: 2, noName: 3, notImplemented: 4, refused: 5 } as const

export interface Question {
  /** In lower case, without the dot at its end. */
  name: string
  /** As asked: resolvers compare it letter by letter. */
  asked: string
  type: number
  class: number
}

export interface Query {
  id: number
  recursionDesired: boolean
  opcode: number
  question: Question
  /** How many bytes the asker takes over UDP. */
  size: number
  hasEdns: boolean
}

export type Data =
  | { type: 'A'; address: string }
  | { type: 'PTR' | 'CNAME'; name: string }
  | { type: 'TXT'; text: string }
  | { type: 'SRV'; priority: number; weight: number; port: number; target: string }
  | { type: 'SOA'; zone: string; serial: number }
  /** As another server wrote it: not looked into. */
  | { type: 'AAAA'; bytes: Uint8Array }

export interface Record {
  name: string
  seconds: number
  data: Data
}

export interface Answer {
  code: number
  answers: Record[]
  /** For names and types that are not there: how long that may be remembered. */
  authority: Record[]
  additional: Record[]
}

const HEADER = 12
const INTERNET = 1
const CLASSIC_SIZE = 512

/** Reads a query; undefined for what is none, or is broken: nobody can be answered there. */
export function parseQuery(packet: Uint8Array): Query | undefined {
  const bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength)
  if (bytes.length < HEADER) return undefined
  const flags = bytes.readUInt16BE(2)
  const isAnswer = (flags & 0x8000) !== 0
  if (isAnswer || bytes.readUInt16BE(4) !== 1) return undefined
  const asked = readName(bytes, HEADER)
  if (!asked || asked.end + 4 > bytes.length) return undefined
  const size = ednsSize(bytes, asked.end + 4)
  return {
    id: bytes.readUInt16BE(0),
    opcode: (flags >> 11) & 15,
    recursionDesired: (flags & 0x0100) !== 0,
    question: {
      name: asked.name.toLowerCase(),
      asked: asked.name,
      type: bytes.readUInt16BE(asked.end),
      class: bytes.readUInt16BE(asked.end + 2),
    },
    size: Math.max(CLASSIC_SIZE, size ?? CLASSIC_SIZE),
    hasEdns: size !== undefined,
  }
}

/** Questions have no pointers in their names: a packet of one question has nothing to point to. */
function readName(bytes: Buffer, start: number): { name: string; end: number } | undefined {
  const labels: string[] = []
  let position = start
  while (position < bytes.length) {
    const length = bytes[position]!
    if (length === 0) return { name: labels.join('.'), end: position + 1 }
    if (length > 63 || position + 1 + length > bytes.length) return undefined
    labels.push(bytes.toString('latin1', position + 1, position + 1 + length))
    position += 1 + length
  }
  return undefined
}

/** The size in an OPT record, where the additional section begins with one, as all resolvers send it. */
function ednsSize(bytes: Buffer, position: number): number | undefined {
  const hasAdditional = bytes.readUInt16BE(6) === 0 && bytes.readUInt16BE(8) === 0 && bytes.readUInt16BE(10) > 0
  if (!hasAdditional || position + 5 > bytes.length || bytes[position] !== 0) return undefined
  return bytes.readUInt16BE(position + 1) === TYPES.OPT ? bytes.readUInt16BE(position + 3) : undefined
}

/** The answer as a packet; over `limit` bytes it is sent without records, marked as cut: the asker comes back over TCP. */
export function writeAnswer(query: Query, answer: Answer, limit: number): Buffer {
  const whole = compose(query, answer, false)
  if (whole.length <= limit) return whole
  return compose(query, { code: answer.code, answers: [], authority: [], additional: [] }, true)
}

function compose(query: Query, answer: Answer, isCut: boolean): Buffer {
  const records = [...answer.answers, ...answer.authority, ...answer.additional].map(writeRecord)
  const header = Buffer.alloc(HEADER)
  header.writeUInt16BE(query.id, 0)
  header.writeUInt16BE(flagsOf(query, answer.code, isCut), 2)
  const counts = [1, answer.answers.length, answer.authority.length, answer.additional.length + Number(query.hasEdns)]
  for (const [index, count] of counts.entries()) header.writeUInt16BE(count, 4 + 2 * index)
  const { asked, type, class: kind } = query.question
  const parts = [header, writeName(asked), shorts(type, kind), ...records]
  return Buffer.concat(query.hasEdns ? [...parts, EDNS] : parts)
}

/** We take 1,232 bytes over UDP, as everybody does who wants no fragments. */
const EDNS = Buffer.from([0, 0, TYPES.OPT, 1232 >> 8, 1232 & 255, 0, 0, 0, 0, 0, 0])

/** An answer (QR) of an authority (AA), that would ask further if need be (RA). */
function flagsOf(query: Query, code: number, isCut: boolean): number {
  return (
    0x8400 | (query.opcode << 11) | (isCut ? 0x0200 : 0) | (query.recursionDesired ? 0x0100 : 0) | 0x0080 | (code & 15)
  )
}

function writeRecord({ name, seconds, data }: Record): Buffer {
  const body = writeData(data)
  const life = Buffer.alloc(4)
  life.writeUInt32BE(seconds)
  return Buffer.concat([writeName(name), shorts(TYPES[data.type], INTERNET), life, shorts(body.length), body])
}

function writeData(data: Data): Buffer {
  switch (data.type) {
    case 'A':
      return Buffer.from(data.address.split('.').map(Number))
    case 'AAAA':
      return Buffer.from(data.bytes)
    case 'PTR':
    case 'CNAME':
      return writeName(data.name)
    case 'TXT':
      return Buffer.concat([Buffer.from([data.text.length]), Buffer.from(data.text)])
    case 'SRV':
      return Buffer.concat([shorts(data.priority, data.weight, data.port), writeName(data.target)])
    case 'SOA':
      return writeAuthority(data.zone, data.serial)
  }
}

/** Refresh, retry and expiry are for secondary servers, of which there are none; the last says how long "no" is true. */
function writeAuthority(zone: string, serial: number): Buffer {
  const numbers = Buffer.alloc(20)
  for (const [index, value] of [serial, 7200, 1800, 86_400, 5].entries()) numbers.writeUInt32BE(value, index * 4)
  return Buffer.concat([writeName(`ns.dns.${zone}`), writeName(`hostmaster.${zone}`), numbers])
}

function writeName(name: string): Buffer {
  const labels = name === '' ? [] : name.split('.')
  return Buffer.concat([
    ...labels.map(label => Buffer.concat([Buffer.from([label.length]), Buffer.from(label, 'latin1')])),
    Buffer.from([0]),
  ])
}

function shorts(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2)
  return bytes
}
