import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { constants, createDeflate, deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { SPDY_DICTIONARY } from './dictionary.ts'
import { HeaderPacker, HeaderUnpacker, type SpdyHeaders } from './headers.ts'

/** A compressor as Go's clients use it: one zlib stream with the dictionary, flushed after each block. */
function goPacker(): (plain: Buffer) => Promise<Buffer> {
  const deflate = createDeflate({ dictionary: SPDY_DICTIONARY, flush: constants.Z_SYNC_FLUSH })
  const chunks: Buffer[] = []
  deflate.on('data', chunk => chunks.push(chunk))
  return plain =>
    new Promise(resolve => {
      deflate.write(plain, () => deflate.flush(() => resolve(Buffer.concat(chunks.splice(0)))))
    })
}

function encode(headers: SpdyHeaders): Buffer {
  const parts = [uint32(Object.keys(headers).length)]
  for (const text of Object.entries(headers).flat()) parts.push(uint32(Buffer.byteLength(text)), Buffer.from(text))
  return Buffer.concat(parts)
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

describe('SPDY headers', () => {
  it('start from the dictionary that the protocol fixes', () => {
    assert.equal(SPDY_DICTIONARY.length, 1423)
    const dictionaryId = deflateSync('x', { dictionary: SPDY_DICTIONARY }).subarray(2, 6)
    assert.equal(dictionaryId.toString('hex'), 'e3c6a7c2')
  })

  it('unpack what Go packs, block after block', async () => {
    const pack = goPacker()
    const unpacker = new HeaderUnpacker()
    const blocks = Array.from({ length: 200 }, (_, id) => ({
      streamtype: id % 2 === 0 ? 'error' : 'data',
      port: String(8080 + (id % 3)),
      requestid: String(id),
      long: 'x'.repeat(id * 7),
    }))
    for (const headers of blocks) {
      assert.deepEqual({ ...unpacker.unpack(await pack(encode(headers))) }, headers)
    }
  })

  it('give back what was packed', () => {
    const text = fc.string({ maxLength: 50 })
    fc.assert(
      fc.property(
        fc.array(
          fc.dictionary(
            text.map(name => name.toLowerCase()),
            text,
          ),
          { maxLength: 5 },
        ),
        list => {
          const packer = new HeaderPacker()
          const unpacker = new HeaderUnpacker()
          for (const headers of list) assert.deepEqual({ ...unpacker.unpack(packer.pack(headers)) }, { ...headers })
        },
      ),
      { seed: 2 },
    )
  })

  it('have names in lower case', async () => {
    const block = await goPacker()(encode({ StreamType: 'Data' }))
    assert.deepEqual({ ...new HeaderUnpacker().unpack(block) }, { streamtype: 'Data' })
  })

  it('end each block with an empty one, which Go waits for', () => {
    const block = new HeaderPacker().pack({})
    assert.equal(block.subarray(0, 2).toString('hex'), '7801')
    assert.equal(block.subarray(-5).toString('hex'), '000000ffff')
  })

  const cutShort = encode({ port: '8080' }).subarray(0, -2)
  const BROKEN: [name: string, block: () => Buffer | Promise<Buffer>][] = [
    ['nothing', () => Buffer.alloc(0)],
    ['no deflate at all', () => Buffer.from('78bbe3c6a7c2ffffffff', 'hex')],
    ['a value cut short', () => goPacker()(cutShort)],
    ['a count without entries', () => goPacker()(uint32(1_000_000))],
    ['a megabyte of zeros in a few bytes', () => goPacker()(Buffer.alloc(1024 * 1024))],
  ]
  for (const [name, block] of BROKEN) {
    it(`refuse ${name}`, async () => {
      const bytes = await block()
      assert.throws(() => new HeaderUnpacker().unpack(bytes))
    })
  }
})
