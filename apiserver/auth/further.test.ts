import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { publicKeySet, signToken } from '../../pki/jwt.ts'
import { FakeClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { startTestServer } from '../testing.ts'
import { TokenRefused } from './authenticator.ts'
import { identityOf, type OidcOptions, OidcTokens } from './oidc.ts'
import { parseTokenFile } from './static-tokens.ts'

describe('a token file', () => {
  it('is read line by line', () => {
    const users = parseTokenFile('# people\nsecret,ann,1,"ops,dev"\nother,bob,2\n')
    assert.deepEqual(users, [
      ['secret', { name: 'ann', uid: '1', groups: ['ops', 'dev'] }],
      ['other', { name: 'bob', uid: '2', groups: [] }],
    ])
  })

  it('with a broken line says where, and not what stands there', () => {
    assert.throws(
      () => parseTokenFile('ok,ann,1\nsecret-without-user\n'),
      error => {
        return error instanceof Error && /line 2/.test(error.message) && !/secret/.test(error.message)
      },
    )
  })
})

describe('an identity provider', () => {
  const issuer = 'https://login.example.com'
  const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const newKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
  const options: OidcOptions = { issuer, clientId: 'kubox', groupsClaim: 'groups' }
  const clock = new FakeClock()
  const seconds = () => Math.floor(clock.now() / 1000)
  const token = (claims: object = {}, by = key) =>
    signToken(by, { iss: issuer, aud: 'kubox', sub: 'ann', exp: seconds() + 60, groups: ['ops'], ...claims })

  function provider() {
    const keys = [key]
    let asked = 0
    const fetch = async (url: string): Promise<unknown> => {
      asked++
      return url.endsWith('/keys') ? publicKeySet(keys) : { issuer, jwks_uri: `${issuer}/keys` }
    }
    return { keys, asked: () => asked, tokens: new OidcTokens(options, { clock, log: new MemoryLog(), fetch }) }
  }

  it('vouches for its tokens', async () => {
    const { tokens, asked } = provider()
    assert.deepEqual(await tokens.authenticateToken(token()), { name: `${issuer}#ann`, groups: ['ops'] })
    await tokens.authenticateToken(token())
    assert.equal(asked(), 2, 'the keys are kept')
  })

  it('may change its keys', async () => {
    const { tokens, keys } = provider()
    await tokens.authenticateToken(token())
    keys.push(newKey)
    clock.advance(11_000)
    assert.equal((await tokens.authenticateToken(token({}, newKey)))?.name, `${issuer}#ann`)
  })

  it('is not asked about the tokens of others', async () => {
    const { tokens, asked } = provider()
    assert.equal(await tokens.authenticateToken(token({ iss: 'https://elsewhere' })), undefined)
    assert.equal(asked(), 0)
  })

  const refused: [string, () => string][] = [
    ['expired', () => token({ exp: seconds() - 1 })],
    ['without an end', () => token({ exp: undefined })],
    ['for another client', () => token({ aud: 'other' })],
    ['signed by somebody else', () => token({}, newKey)],
    ['cut off', () => token().slice(0, -5)],
  ]
  for (const [what, make] of refused) {
    it(`refuses a token ${what}`, () => assert.rejects(provider().tokens.authenticateToken(make()), TokenRefused))
  }

  const names: [string, Record<string, unknown>, Partial<OidcOptions>, string][] = [
    ['the issuer before the subject', { sub: 'a' }, {}, `${issuer}#a`],
    ['nothing before an address', { email: 'a@b', email_verified: true }, { usernameClaim: 'email' }, 'a@b'],
    ["a prefix of one's own", { sub: 'a' }, { usernamePrefix: 'oidc:' }, 'oidc:a'],
    ['no prefix', { sub: 'a' }, { usernamePrefix: '-' }, 'a'],
  ]
  for (const [what, claims, more, name] of names) {
    it(`names with ${what}`, () => assert.equal(identityOf(claims, { ...options, ...more }).name, name))
  }
})

describe('webhooks that know users and rights', () => {
  it('are asked, and their answers used', async () => {
    const asked: string[] = []
    const service = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        const { kind, spec } = JSON.parse(Buffer.concat(chunks).toString())
        asked.push(kind)
        const known = spec.token === 'good'
        const status =
          kind === 'TokenReview'
            ? { authenticated: known, user: { username: 'ann', groups: ['ops'] } }
            : { allowed: spec.resourceAttributes?.resource === 'configmaps' }
        response.end(JSON.stringify({ kind, status }))
      })
    })
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
    const webhook = { url: `http://127.0.0.1:${(service.address() as AddressInfo).port}/` }
    const server = await startTestServer({
      authentication: { tokenWebhook: webhook },
      authorization: ['Webhook', 'RBAC'],
      authorizationWebhook: webhook,
    })
    const get = (path: string, token: string) =>
      server.call('GET', path, { as: null, headers: { authorization: `Bearer ${token}` } })
    assert.equal((await get('/api/v1/namespaces/default/configmaps', 'good')).status, 200)
    assert.equal((await get('/api/v1/namespaces/default/secrets', 'good')).status, 403)
    const reviews = () => asked.filter(kind => kind === 'TokenReview').length
    for (let i = 0; i < 2; i++) {
      assert.equal((await get('/api/v1/namespaces/default/configmaps', 'bad')).status, 401)
    }
    assert.equal(reviews(), 2, 'both answers are kept')
    server.clock.advance(120_000)
    assert.equal((await get('/api/v1/namespaces/default/configmaps', 'bad')).status, 401)
    assert.equal((await get('/api/v1/namespaces/default/configmaps', 'good')).status, 200)
    assert.equal(reviews(), 4, 'and asked for again after their time')
    await server.server.close()
    service.close()
    service.closeAllConnections()
  })

  it('are told in v1beta1 where they know nothing newer, and a no is forgotten after its time', async () => {
    const asked: { apiVersion: string; spec: Record<string, unknown> }[] = []
    const service = createServer((request, response) => {
      const chunks: Buffer[] = []
      request.on('data', chunk => chunks.push(chunk))
      request.on('end', () => {
        asked.push(JSON.parse(Buffer.concat(chunks).toString()))
        response.end(JSON.stringify({ status: { allowed: false, reason: 'not today' } }))
      })
    })
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`
    const server = await startTestServer({
      authorization: ['Webhook'],
      authorizationWebhook: { url, version: 'v1beta1', noGoodMs: 5000 },
    })
    const get = () => server.call('GET', '/version', { as: { name: 'ann', groups: ['ops'] } })
    const { status, json } = await get()
    assert.deepEqual([status, json.message], [403, 'forbidden: User "ann" cannot get path "/version": not today'])
    await get()
    assert.equal(asked.length, 1)
    server.clock.advance(5000)
    await get()
    assert.equal(asked.length, 2)
    assert.deepEqual([asked[0]!.apiVersion, asked[0]!.spec.group], ['authorization.k8s.io/v1beta1', ['ops']])
    await server.server.close()
    service.close()
    service.closeAllConnections()
  })

  it('are asked for only where they are named', async () => {
    await assert.rejects(startTestServer({ authorization: ['Webhook'] }), /needs --authorization-webhook-config-file/)
    await assert.rejects(startTestServer({ authorization: ['ABAC'] }), /needs --authorization-policy-file/)
    await assert.rejects(
      startTestServer({ authorization: ['Nonsense' as 'RBAC'] }),
      /unknown authorization mode: Nonsense/,
    )
  })
})
