import assert from 'node:assert/strict'
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { parseBootstrapToken } from './bootstrap-token.ts'
import { createSigningRequest, parseSigningRequest } from './csr.ts'
import {
  bitString,
  boolean,
  contextTag,
  DerError,
  decodeAll,
  decodeOid,
  decodeOne,
  encode,
  integer,
  octetString,
  oid,
  sequence,
  TAG,
  time,
} from './der.ts'
import { TokenError, unverifiedClaims, verifyToken } from './jwt.ts'
import { generateKey } from './keys.ts'
import { fromPem, toPem } from './pem.ts'
import { decodeAlternativeNames, encodeAlternativeNames } from './subject.ts'

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const bytes = (text: string) => Buffer.from(text, 'hex')

describe('DER, as X.690 writes it', () => {
  const cases: [string, Uint8Array, string][] = [
    ['true', boolean(true), '0101ff'],
    ['false', boolean(false), '010100'],
    ['zero', integer(Buffer.from([0])), '020100'],
    ['127', integer(Buffer.from([127])), '02017f'],
    ['128 needs a sign byte', integer(Buffer.from([128])), '02020080'],
    ['leading zeros go', integer(Buffer.from([0, 0, 1])), '020101'],
    ['bits with unused ones', bitString(Buffer.from([0xa0]), 5), '030205a0'],
    ['a length of 127', octetString(Buffer.alloc(127)).subarray(0, 2), '047f'],
    ['a length of 128', octetString(Buffer.alloc(128)).subarray(0, 3), '048180'],
    ['a length of 65536', octetString(Buffer.alloc(65_536)).subarray(0, 5), '0483010000'],
    ['an object identifier', oid('1.2.840.113549.1.1.11'), '06092a864886f70d01010b'],
    ['one of the second arc', oid('2.5.29.17'), '0603551d11'],
    ['the last moment of UTCTime', time(new Date('2049-12-31T23:59:59Z')), `170d${hex(Buffer.from('491231235959Z'))}`],
    [
      'the first of GeneralizedTime',
      time(new Date('2050-01-01T00:00:00Z')),
      `180f${hex(Buffer.from('20500101000000Z'))}`,
    ],
    ['a constructed context tag', Buffer.from([contextTag(3)]), 'a3'],
    ['a primitive one', Buffer.from([contextTag(2, false)]), '82'],
  ]
  for (const [name, made, expected] of cases) it(name, () => assert.equal(hex(made), expected))

  it('names objects as they were named', () => {
    for (const name of ['1.2.840.113549.1.1.11', '2.5.29.17', '1.3.101.112', '2.16.840.1.101.3.4.2.1', '0.9.2342'])
      assert.equal(decodeOid(decodeOne(oid(name)).body), name)
  })

  const broken: [string, string, RegExp][] = [
    ['nothing', '', /exactly one/],
    ['two elements where one is due', '05000500', /exactly one/],
    ['a lone tag', '30', /inside a header/],
    ['a length that is cut off', '3082', /inside a length/],
    ['an endless length', '3080', /not supported/],
    ['a length of five bytes', '30850000000000', /not supported/],
    ['more promised than there is', '3005020100', /longer than its container/],
    ['four gigabytes promised', '3084ffffffff', /longer than its container/],
  ]
  for (const [name, text, message] of broken) {
    it(`refuses ${name}`, () =>
      assert.throws(
        () => decodeOne(bytes(text)),
        error => error instanceof DerError && message.test(error.message),
      ))
  }

  it('either reads bytes back whole or says what is wrong, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), input => {
        const read = attempt(() => decodeAll(input))
        if (read) assert.equal(hex(Buffer.concat(read.map(({ whole }) => whole))), hex(input))
      }),
    )
  })

  it('reads back what it wrote, of any length', () => {
    fc.assert(
      fc.property(fc.nat(70_000), length => {
        const element = decodeOne(encode(TAG.octetString, Buffer.alloc(length, 1)))
        assert.deepEqual([element.tag, element.body.length], [TAG.octetString, length])
      }),
    )
  })
})

/** What it returns; undefined where it refused as it should. Anything else that is thrown is a fault. */
function attempt<T>(run: () => T): T | undefined {
  try {
    return run()
  } catch (error) {
    assert.ok(error instanceof DerError, `threw ${error}`)
    return undefined
  }
}

describe('PEM', () => {
  const cases: [string, string, string[]][] = [
    ['nothing', '', []],
    ['a block', toPem('X', Buffer.from('abc')), ['abc']],
    [
      'two blocks, and talk between them',
      `${toPem('X', Buffer.from('a'))}talk\n${toPem('X', Buffer.from('b'))}`,
      ['a', 'b'],
    ],
    ['a block of another kind before it', toPem('Y', Buffer.from('a')) + toPem('X', Buffer.from('b')), ['b']],
    ['lines that end as on Windows', toPem('X', Buffer.from('abc')).replaceAll('\n', '\r\n'), ['abc']],
    ['no end', '-----BEGIN X-----\nYWJj\n', []],
    ['the end of another kind', '-----BEGIN X-----\nYWJj\n-----END Y-----\n', []],
    ['characters that are not base64', '-----BEGIN X-----\nYW*j\n-----END X-----\n', []],
  ]
  for (const [name, text, expected] of cases) it(name, () => assert.deepEqual(fromPem('X', text).map(String), expected))

  it('has lines of 64 characters', () => {
    const lines = toPem('X', Buffer.alloc(100)).trim().split('\n')
    assert.deepEqual(
      lines.map(line => line.length),
      [17, 64, 64, 8, 15],
    )
  })
})

describe('addresses in certificates', () => {
  const cases: [string, string][] = [
    ['10.0.2.15', '10.0.2.15'],
    ['fd00::1:2', 'fd00::1:2'],
    ['fd00:0:0:0:0:0:1:2', 'fd00::1:2'],
    ['2001:db8::', '2001:db8::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::ffff:10.0.2.15', '::ffff:10.0.2.15'],
  ]
  for (const [given, read] of cases) {
    it(`${given} reads back as nodes announce it`, () =>
      assert.deepEqual(decodeAlternativeNames(encodeAlternativeNames({ ipAddresses: [given] })).ipAddresses, [read]))
  }
  it('of three bytes are none', () => {
    const names = sequence(encode(contextTag(7, false), Buffer.from([1, 2, 3])))
    assert.throws(() => decodeAlternativeNames(names), DerError)
  })
  it('that are none are not written', () =>
    assert.throws(() => encodeAlternativeNames({ ipAddresses: ['10.0.0'] }), /not an IP address/))
})

describe('a damaged signing request', () => {
  const names = { dnsNames: ['w1', 'w1.example'], ipAddresses: ['192.168.56.12', 'fd00::1'] }
  const subject = { commonName: 'system:node:w1', organizations: ['system:nodes'] }
  const pem = createSigningRequest(generateKey(), subject, names)
  const der = fromPem('CERTIFICATE REQUEST', pem)[0]!
  const parse = (damaged: Uint8Array) => attempt(() => parseSigningRequest(toPem('CERTIFICATE REQUEST', damaged)))

  it('is never taken for what it was, and never more than refused', () => {
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const damaged = Buffer.from(der)
        damaged[at]! ^= change
        const read = parse(damaged)
        // The bits that a bit string does not use are outside the signature; nothing that counts is.
        if (read) assert.deepEqual([read.subject, read.dnsNames], [subject, names.dnsNames])
      }),
      { numRuns: 300 },
    )
  })
  it('is refused however it is cut', () => {
    for (let length = 0; length < der.length; length++) assert.equal(parse(der.subarray(0, length)), undefined)
  })
})

describe('a token that is none', () => {
  const key = generateKey()
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const signedWith = (secret: KeyObject, head: unknown, body: unknown) => {
    const text = `${part(head)}.${part(body)}`
    return `${text}.${sign('sha256', Buffer.from(text), { key: secret, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`
  }
  const cases: [string, string][] = [
    ['empty', ''],
    ['dots', '..'],
    ['three empty parts and more', '...'],
    ['a head that is null', `${part(null)}.${part({})}.c2ln`],
    ['a head that is a list', `${part([])}.${part({})}.c2ln`],
    ['a head that is a number', `${part(1)}.${part({})}.c2ln`],
    ['a head without an algorithm', signedWith(key, {}, { sub: 'a' })],
    ['the algorithm of another kind of key', signedWith(key, { alg: 'RS256' }, { sub: 'a' })],
    ['the public key as a shared secret', signedWith(key, { alg: 'HS256' }, { sub: 'a' })],
    ['another key named', signedWith(key, { alg: 'ES256', kid: 'other' }, { sub: 'a' })],
    ['claims that are null, though signed', signedWith(key, { alg: 'ES256' }, null)],
    ['claims that are text, though signed', signedWith(key, { alg: 'ES256' }, 'alice')],
    ['a signature in the form of certificates', derSigned()],
  ]
  function derSigned(): string {
    const text = `${part({ alg: 'ES256' })}.${part({ sub: 'a' })}`
    return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
  }
  for (const [name, token] of cases) {
    it(name, () => assert.throws(() => verifyToken(token, [key]), TokenError))
  }
  it('and the same with nothing wrong is taken', () =>
    assert.equal(verifyToken(signedWith(key, { alg: 'ES256' }, { sub: 'a' }), [key]).sub, 'a'))
  it('has no claims to look at', () => {
    for (const body of [null, 1, 'alice', []])
      assert.equal(unverifiedClaims(`${part({})}.${part(body)}.c2ln`)?.iss, undefined, JSON.stringify(body))
  })
  it('of a key that cannot sign tokens is refused with a reason', () => {
    const { privateKey } = generateKeyPairSync('ed25519')
    assert.throws(() => verifyToken(signedWith(key, { alg: 'ES256' }, {}), [privateKey]), /type ed25519/)
  })
})

describe('a bootstrap token', () => {
  const cases: [string, string][] = [
    ['a line break at its end', 'abcdef.0123456789abcdef\n'],
    ['space before it', ' abcdef.0123456789abcdef'],
    ['two dots', 'abcdef..0123456789abcdef'],
    ['digits of another script', 'abcde٣.0123456789abcdef'],
  ]
  for (const [name, text] of cases) it(`has not ${name}`, () => assert.equal(parseBootstrapToken(text), undefined))
})
