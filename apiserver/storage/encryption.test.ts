import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { seededRandom } from '../../platform/random.ts'
import { startTestServer } from '../testing.ts'
import { type EncryptionConfiguration, encryptingTransformer, type ProviderConfiguration } from './encryption.ts'
import { createMemoryStore } from './memory.ts'

const key = (name: string) => ({ name, secret: Buffer.alloc(32, name).toString('base64') })
const configuration = (...providers: ProviderConfiguration[]): EncryptionConfiguration => ({
  resources: [{ resources: ['secrets'], providers }],
})
const transformer = (...providers: ProviderConfiguration[]) =>
  encryptingTransformer(configuration(...providers), seededRandom(1))

const KEY = '/registry/secrets/default/a'
const plain = Buffer.from('{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}')

describe('encryption at rest', () => {
  for (const provider of [{ aesgcm: { keys: [key('k1')] } }, { aescbc: { keys: [key('k1')] } }]) {
    const name = Object.keys(provider)[0]
    it(`${name} seals and opens`, () => {
      const sealed = transformer(provider).toStore(plain, KEY)
      assert.ok(Buffer.from(sealed).toString('latin1').startsWith(`k8s:enc:${name}:v1:k1:`))
      assert.ok(!Buffer.from(sealed).includes('Secret'))
      assert.deepEqual(Buffer.from(transformer(provider).fromStore(sealed, KEY)), plain)
    })
  }

  it('leaves other resources alone', () => {
    const other = '/registry/configmaps/default/a'
    assert.deepEqual(transformer({ aesgcm: { keys: [key('k1')] } }).toStore(plain, other), plain)
  })

  it('rotates keys: the first writes, all read', () => {
    const old = transformer({ aesgcm: { keys: [key('old')] } }).toStore(plain, KEY)
    const rotated = transformer({ aesgcm: { keys: [key('new'), key('old')] } })
    assert.deepEqual(Buffer.from(rotated.fromStore(old, KEY)), plain)
    assert.ok(Buffer.from(rotated.toStore(plain, KEY)).toString('latin1').startsWith('k8s:enc:aesgcm:v1:new:'))
  })

  it('reads what was stored before encryption was switched on', () => {
    const now = transformer({ aesgcm: { keys: [key('k1')] } }, { identity: {} })
    assert.deepEqual(now.fromStore(plain, KEY), plain)
  })

  it('does not open a value that was moved to another place', () => {
    const sealed = transformer({ aesgcm: { keys: [key('k1')] } }).toStore(plain, KEY)
    assert.throws(() => transformer({ aesgcm: { keys: [key('k1')] } }).fromStore(sealed, '/registry/secrets/default/b'))
  })

  it('names the key that is missing, and nothing of the value', () => {
    const sealed = transformer({ aesgcm: { keys: [key('old')] } }).toStore(plain, KEY)
    assert.throws(
      () => transformer({ aesgcm: { keys: [key('new')] } }).fromStore(sealed, KEY),
      /no key for k8s:enc:aesgcm:v1:old:/,
    )
  })

  it('is invisible to those who use the server', async () => {
    const store = createMemoryStore(new FakeClock())
    const server = await startTestServer({ store, transformer: transformer({ aesgcm: { keys: [key('k1')] } }) })
    const body = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { password: 'hush' } }
    await server.call('POST', '/api/v1/namespaces/default/secrets', { body })
    const { value } = await store.get('/registry/secrets/default/s')
    assert.ok(value && !Buffer.from(value.value).includes(Buffer.from('hush').toString('base64')))
    const read = await server.call('GET', '/api/v1/namespaces/default/secrets/s')
    assert.equal(Buffer.from(read.json.data.password, 'base64').toString(), 'hush')
    await server.server.close()
  })
})
