import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { describe, it } from 'node:test'
import { seededRandom } from '../platform/random.ts'
import {
  bootstrapTokenSecret,
  formatBootstrapToken,
  generateBootstrapToken,
  parseBootstrapToken,
} from './bootstrap-token.ts'
import { keyFromJwk, publicKeySet, signToken, TokenError, unverifiedClaims, verifyToken } from './jwt.ts'
import { generateKey } from './keys.ts'

describe('a signed token', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  for (const [name, key] of [
    ['P-256', generateKey()],
    ['RSA', rsa],
  ] as const) {
    it(`of a ${name} key is verified by its public key, also as published`, () => {
      const token = signToken(key, { sub: 'system:serviceaccount:default:default', exp: 10 })
      const published = publicKeySet([key]).keys.map(keyFromJwk)
      assert.equal(verifyToken(token, [generateKey(), ...published]).sub, 'system:serviceaccount:default:default')
      assert.equal('d' in publicKeySet([key]).keys[0]!, false, 'the private part stays here')
    })
  }

  const key = generateKey()
  const token = signToken(key, { sub: 'alice' })
  const [head, body, signature] = token.split('.') as [string, string, string]
  const forged = Buffer.from(JSON.stringify({ sub: 'bob' })).toString('base64url')
  const unsigned = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
  const refused: [string, string][] = [
    ['other claims', `${head}.${forged}.${signature}`],
    ['no signature', `${head}.${body}.`],
    ['algorithm none', `${unsigned}.${body}.${signature}`],
    ['one part', 'abc'],
    ['four parts', `${token}.x`],
    ['a head that is not JSON', `e30x.${body}.${signature}`],
    ['a key we do not have', signToken(generateKey(), { sub: 'alice' })],
  ]
  for (const [name, text] of refused) {
    it(`is refused: ${name}`, () => assert.throws(() => verifyToken(text, [key]), TokenError))
  }

  it('can be looked at without trust', () => {
    assert.equal(unverifiedClaims(token)?.sub, 'alice')
    assert.equal(unverifiedClaims('nonsense'), undefined)
  })
})

describe('a bootstrap token', () => {
  it('has the form ID.SECRET and reads back', () => {
    const token = generateBootstrapToken(seededRandom(1))
    const text = formatBootstrapToken(token)
    assert.match(text, /^[a-z0-9]{6}\.[a-z0-9]{16}$/)
    assert.deepEqual(parseBootstrapToken(text), token)
  })

  for (const text of ['', 'abcdef', 'ABCDEF.0123456789abcdef', 'abcdef.0123456789abcde', 'abcdef.0123456789abcdef0']) {
    it(`is not ${JSON.stringify(text)}`, () => assert.equal(parseBootstrapToken(text), undefined))
  }

  it('becomes a Secret as kubeadm writes it', () => {
    const secret = bootstrapTokenSecret(
      { id: 'abcdef', secret: '0123456789abcdef' },
      { expiration: '2026-01-02T00:00:00Z' },
    )
    assert.equal(secret.metadata.name, 'bootstrap-token-abcdef')
    assert.equal(secret.type, 'bootstrap.kubernetes.io/token')
    assert.equal(secret.stringData.expiration, '2026-01-02T00:00:00Z')
    assert.equal(secret.stringData['auth-extra-groups'], 'system:bootstrappers:kubeadm:default-node-token')
  })
})
