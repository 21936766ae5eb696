import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import {
  dataHead,
  FrameReader,
  goAwayFrame,
  openFrame,
  pingFrame,
  replyFrame,
  resetFrame,
  type SpdyFrame,
} from './frames.ts'

const block = Buffer.from('header block')
const WHOLE: { name: string; bytes: Buffer; frame: SpdyFrame }[] = [
  { name: 'SYN_STREAM', bytes: openFrame(1, block), frame: { type: 'open', id: 1, fin: false, block } },
  { name: 'SYN_STREAM with FIN', bytes: openFrame(3, block, true), frame: { type: 'open', id: 3, fin: true, block } },
  { name: 'SYN_REPLY', bytes: replyFrame(5, block), frame: { type: 'reply', id: 5, fin: false, block } },
  { name: 'RST_STREAM', bytes: resetFrame(7, 5), frame: { type: 'reset', id: 7, status: 5 } },
  { name: 'PING', bytes: pingFrame(0x80000001), frame: { type: 'ping', id: 0x80000001 } },
  { name: 'GOAWAY', bytes: goAwayFrame(9), frame: { type: 'goaway' } },
  {
    name: 'WINDOW_UPDATE',
    bytes: hex('80 03 00 09 00 00 00 08 00 00 00 01 00 00 40 00'),
    frame: { type: 'other', kind: 9 },
  },
  { name: 'SETTINGS without entries', bytes: hex('80 03 00 04 00 00 00 00'), frame: { type: 'other', kind: 4 } },
  {
    name: 'data',
    bytes: Buffer.concat([dataHead(1, 5, true), Buffer.from('hello')]),
    frame: { type: 'data', id: 1, fin: true, payload: Buffer.from('hello') },
  },
  {
    name: 'empty data with FIN',
    bytes: dataHead(1, 0, true),
    frame: { type: 'data', id: 1, fin: true, payload: Buffer.alloc(0) },
  },
]

describe('SPDY frames', () => {
  for (const { name, bytes, frame } of WHOLE) {
    it(`reads ${name}`, () => assert.deepEqual([...new FrameReader().read(bytes)], [frame]))
  }

  it('reads the same frames however the bytes are cut', () => {
    const bytes = Buffer.concat(WHOLE.map(each => each.bytes))
    const expected = joined(new FrameReader().read(bytes))
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length })), cuts => {
        const reader = new FrameReader()
        const places = [0, ...cuts.sort((a, b) => a - b), bytes.length]
        const pieces = places.slice(1).map((end, index) => bytes.subarray(places[index], end))
        assert.deepEqual(joined(pieces.flatMap(piece => [...reader.read(piece)])), expected)
      }),
      { seed: 1 },
    )
  })

  it('hands data on before its frame is complete, with FIN only at its end', () => {
    const reader = new FrameReader()
    const first = [...reader.read(Buffer.concat([dataHead(1, 4, true), Buffer.from('ab')]))]
    assert.deepEqual(first, [{ type: 'data', id: 1, fin: false, payload: Buffer.from('ab') }])
    const second = [...reader.read(Buffer.from('cd'))]
    assert.deepEqual(second, [{ type: 'data', id: 1, fin: true, payload: Buffer.from('cd') }])
  })

  const BROKEN: [name: string, bytes: Buffer, message: RegExp][] = [
    ['another version', hex('80 02 00 06 00 00 00 04 00 00 00 01'), /version 2/],
    ['an HTTP request', Buffer.from('\x80OST / HTTP/1.1\r\n\r\n', 'latin1'), /control frame|version/],
    ['a control frame without end', hex('80 03 00 01 00 ff ff ff'), /control frame of 16777215 bytes/],
    ['a RST_STREAM without status', hex('80 03 00 03 00 00 00 04 00 00 00 01'), /cut short/],
    ['a SYN_STREAM without body', hex('80 03 00 01 00 00 00 02 00 00'), /cut short/],
  ]
  for (const [name, bytes, message] of BROKEN) {
    it(`refuses ${name}`, () => assert.throws(() => [...new FrameReader().read(bytes)], message))
  }
})

describe('bytes that are no frames', () => {
  it('are read as some, or refused; none is ever longer than what came', () => {
    const byte = fc.oneof(fc.constantFrom(0x80, 0, 3, 1, 2, 6, 7, 9, 0xff), fc.nat(255))
    const odd = fc.array(byte, { maxLength: 60 }).map(bytes => Buffer.from(bytes))
    const cut = fc.tuple(fc.constantFrom(...WHOLE), fc.nat(30)).map(([{ bytes }, at]) => bytes.subarray(0, at))
    const whole = fc.constantFrom(...WHOLE).map(({ bytes }) => bytes)
    let refused = 0
    fc.assert(
      fc.property(fc.array(fc.oneof(whole, cut, odd), { minLength: 1, maxLength: 4 }), pieces => {
        const reader = new FrameReader()
        const came = pieces.reduce((sum, { length }) => sum + length, 0)
        let told = 0
        try {
          for (const piece of pieces) {
            for (const frame of reader.read(piece)) told += 'payload' in frame ? frame.payload.length : 0
          }
        } catch (error) {
          refused++
          assert.match(String(error), /^Error: SPDY /)
        }
        assert.ok(told <= came)
      }),
      { seed: 2, numRuns: 1000 },
    )
    assert.ok(refused > 50, `only ${refused} were refused`)
  })
})

/** Pieces of one data frame put together again: how they are cut is not the reader's promise. */
function joined(frames: Iterable<SpdyFrame>): SpdyFrame[] {
  const whole: SpdyFrame[] = []
  for (const frame of frames) {
    const last = whole.at(-1)
    if (frame.type === 'data' && last?.type === 'data' && last.id === frame.id && !last.fin) {
      whole[whole.length - 1] = { ...frame, payload: Buffer.concat([last.payload, frame.payload]) }
    } else whole.push(frame)
  }
  return whole
}

function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(' ', ''), 'hex')
}
