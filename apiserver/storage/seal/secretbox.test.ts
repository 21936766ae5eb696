import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { poly1305 } from './poly1305.ts'
import { deriveKey, keyStream } from './salsa.ts'
import { openBox, sealBox } from './secretbox.ts'

const hex = (text: string) => Buffer.from(text.replace(/\s/g, ''), 'hex')

/** The values that NaCl itself is tested with. */
const SHARED = hex('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742')
const FIRST = hex('1b27556473e985d462cd51197a9a46c76009549eac6474f206c4ee0844f68389')
const SECOND = hex('dc908dda0b9344a953629b733820778880f3ceb421bb61b91cbd4c3e66256ce4')
const NONCE = hex('69696ee955b62b73cd62bda875fc73d68219e0036b7a0b37')
const MESSAGE = hex(`
  be075fc53c81f2d5cf141316ebeb0c7b5228c52a4c62cbd44b66849b64244ffce5ecbaaf33bd751a1ac728d45e6c61296cdc3c01233561f4
  1db66cce314adb310e3be8250c46f06dceea3a7fa1348057e2f6556ad6b1318a024a838f21af1fde048977eb48f59ffd4924ca1c60902e52
  f0a089bc76897040e082f937763848645e0705`)
const BOX = hex(`
  f3ffc7703f9400e52a7dfb4b3d3305d98e993b9f48681273c29650ba32fc76ce48332ea7164d96a4476fb8c531a1186ac0dfc17c98dce87b
  4da7f011ec48c97271d2c20f9b928fe2270d6fb863d51738b48eeee314a7cc8ab932164548e526ae90224368517acfeabd6bb3732bc0e9da
  99832b61ca01b6de56244a9e88d5f9b37973f622a43d14a6599b1f654cb45a74e355a5`)

describe('HSalsa20', () => {
  const cases: [string, Buffer, Buffer, Buffer][] = [
    ['of a shared key and nothing', SHARED, Buffer.alloc(16), FIRST],
    ['of the first key and half a nonce', FIRST, NONCE.subarray(0, 16), SECOND],
  ]
  for (const [what, key, input, wanted] of cases) it(what, () => assert.deepEqual(deriveKey(key, input), wanted))
})

describe('Salsa20', () => {
  const key = Buffer.alloc(32)
  key[0] = 0x80
  const begins =
    'e3be8fdd8beca2e3ea8ef9475b29a6e7003951e1097a5c38d23b7a5fad9f6844b22c97559e2723c7cbbd3fe4fc8d9a0744652a83e72a9c461876af4d7ef1a117'
  it('begins as eSTREAM says', () => assert.deepEqual(keyStream(key, Buffer.alloc(8), 64), hex(begins)))

  it('is the same stream however much of it is wanted', () => {
    const long = keyStream(key, Buffer.alloc(8), 1000)
    for (const length of [0, 1, 63, 64, 65, 128, 999])
      assert.deepEqual(keyStream(key, Buffer.alloc(8), length), long.subarray(0, length))
  })
})

describe('Poly1305', () => {
  const cases: [string, Buffer, Buffer, string][] = [
    [
      'as RFC 8439 says',
      Buffer.from('Cryptographic Forum Research Group'),
      hex('85d6be7857556d337f4452fe42d506a80103808afb0db2fd4abff6af4149f51b'),
      'a8061dc1305136c6c22b8baf0c0127a9',
    ],
    ['of nothing under nothing', Buffer.alloc(64), Buffer.alloc(32), '00000000000000000000000000000000'],
    [
      'where the sum passes the prime',
      Buffer.from('ff'.repeat(16), 'hex'),
      hex(`02${'00'.repeat(31)}`),
      '03000000000000000000000000000000',
    ],
    [
      'where the sum passes 128 bits',
      hex(`02${'00'.repeat(15)}`),
      hex(`02${'00'.repeat(15)}${'ff'.repeat(16)}`),
      '03000000000000000000000000000000',
    ],
    [
      'where a block is the prime itself',
      hex(`${'ff'.repeat(16)}f0${'ff'.repeat(15)}11${'00'.repeat(15)}`),
      hex(`01${'00'.repeat(31)}`),
      '05000000000000000000000000000000',
    ],
  ]
  for (const [what, message, key, tag] of cases) {
    it(what, () => assert.equal(poly1305(message, key).toString('hex'), tag))
  }
})

describe('secretbox', () => {
  it('seals as NaCl does', () => assert.deepEqual(sealBox(MESSAGE, NONCE, FIRST), BOX))
  it('opens what NaCl sealed', () => assert.deepEqual(openBox(BOX, NONCE, FIRST), MESSAGE))

  it('opens whatever it sealed, and nothing in which a bit has changed', () => {
    const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map(Buffer.from)
    const property = fc.property(
      fc.uint8Array({ maxLength: 300 }),
      bytes(24),
      bytes(32),
      fc.nat(),
      (message, nonce, key, at) => {
        const box = sealBox(message, nonce, key)
        assert.deepEqual(openBox(box, nonce, key), Buffer.from(message))
        box[at % box.length]! ^= 1 << (at % 8)
        assert.equal(openBox(box, nonce, key), undefined)
      },
    )
    fc.assert(property, { seed: 3, numRuns: 100 })
  })

  for (const length of [0, 15]) {
    it(`opens no box of ${length} bytes`, () => assert.equal(openBox(Buffer.alloc(length), NONCE, FIRST), undefined))
  }
})
