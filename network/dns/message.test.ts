import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { type Answer, CODES, parseQuery, TYPES, writeAnswer } from './message.ts'

const hex = (text: string): Buffer => Buffer.from(text.replaceAll(/\s/g, ''), 'hex')

/** `dig A Web.Example`, as it lies on the wire. */
const QUESTION = '03 576562 07 4578616d706c65 00 0001 0001'
const PLAIN = hex(`1234 0100 0001 0000 0000 0000 ${QUESTION}`)
const EDNS = hex(`1234 0120 0001 0000 0000 0001 ${QUESTION} 00 0029 1000 00000000 0000`)

const OK: Omit<Answer, 'answers'> = { code: CODES.ok, authority: [], additional: [] }
const addresses = (count: number): Answer => ({
  ...OK,
  answers: Array.from({ length: count }, (_, index) => ({
    name: 'web.example',
    seconds: 5,
    data: { type: 'A', address: `10.0.0.${index}` } as const,
  })),
})

describe('a question on the wire', () => {
  it('is read, its letters kept as they were asked', () => {
    assert.deepEqual(parseQuery(PLAIN), {
      id: 0x1234,
      opcode: 0,
      recursionDesired: true,
      question: { name: 'web.example', asked: 'Web.Example', type: TYPES.A, class: 1 },
      size: 512,
      hasEdns: false,
    })
  })

  it('says how much its asker takes', () => {
    const query = parseQuery(EDNS)
    assert.deepEqual([query?.size, query?.hasEdns], [4096, true])
  })

  const broken: [title: string, packet: Buffer][] = [
    ['nothing', Buffer.alloc(0)],
    ['half a header', PLAIN.subarray(0, 7)],
    ['no question', hex('1234 0100 0000 0000 0000 0000')],
    ['two questions', hex(`1234 0100 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`)],
    ['an answer', hex(`1234 8100 0001 0000 0000 0000 ${QUESTION}`)],
    ['a name without an end', PLAIN.subarray(0, 20)],
    ['no type', PLAIN.subarray(0, -4)],
    ['a name that points in a circle', hex('1234 0100 0001 0000 0000 0000 c00c 0001 0001')],
    ['a label that is too long', hex('1234 0100 0001 0000 0000 0000 7f41 00 0001 0001')],
  ]
  for (const [title, packet] of broken) {
    it(`that is broken has no answer: ${title}`, () => assert.equal(parseQuery(packet), undefined))
  }

  it('never harms, whatever the bytes', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 600 }), bytes => void parseQuery(bytes)))
  })
})

describe('an answer on the wire', () => {
  it('is what resolvers expect, byte for byte', () => {
    const packet = writeAnswer(parseQuery(PLAIN)!, addresses(1), 512)
    const record = '03 776562 07 6578616d706c65 00 0001 0001 00000005 0004 0a000000'
    assert.deepEqual(packet, hex(`1234 8580 0001 0001 0000 0000 ${QUESTION} ${record}`))
  })

  it('answers the extension with the extension', () => {
    const packet = writeAnswer(parseQuery(EDNS)!, addresses(0), 4096)
    assert.deepEqual(packet, hex(`1234 8580 0001 0000 0000 0001 ${QUESTION} 00 0029 04d0 00000000 0000`))
  })

  it('that is too long is cut whole, and says so', () => {
    const query = parseQuery(PLAIN)!
    const packet = writeAnswer(query, addresses(40), query.size)
    assert.ok(packet.length <= 512)
    assert.equal(packet.readUInt16BE(2) & 0x0200, 0x0200)
    assert.equal(packet.readUInt16BE(6), 0)
    assert.equal(writeAnswer(query, addresses(40), 65_535).readUInt16BE(6), 40)
  })

  const kinds: [title: string, data: Answer['answers'][number]['data'], body: string][] = [
    ['PTR', { type: 'PTR', name: 'a.b' }, '000c 0001 00000005 0005 0161016200'],
    ['CNAME', { type: 'CNAME', name: 'a.b' }, '0005 0001 00000005 0005 0161016200'],
    ['TXT', { type: 'TXT', text: '1.1.0' }, '0010 0001 00000005 0006 05312e312e30'],
    [
      'SRV',
      { type: 'SRV', priority: 0, weight: 100, port: 80, target: 'a' },
      '0021 0001 00000005 0009 0000 0064 0050 016100',
    ],
  ]
  for (const [title, data, body] of kinds) {
    it(title, () => {
      const answer = { ...OK, answers: [{ name: 'x', seconds: 5, data }] }
      const packet = writeAnswer(parseQuery(PLAIN)!, answer, 512)
      assert.equal(packet.subarray(29).toString('hex'), hex(`0178 00 ${body}`).toString('hex'))
    })
  }

  it('says for how long a name is not there', () => {
    const soa = { name: 'z', seconds: 5, data: { type: 'SOA', zone: 'z', serial: 1 } as const }
    const packet = writeAnswer(parseQuery(PLAIN)!, { ...OK, code: CODES.noName, answers: [], authority: [soa] }, 512)
    assert.equal(packet.readUInt16BE(2) & 15, CODES.noName)
    assert.deepEqual(packet.subarray(-4), hex('00000005'))
  })
})
