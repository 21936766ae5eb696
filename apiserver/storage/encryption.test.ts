import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeClock } from '../../platform/clock.ts'
import { seededRandom } from '../../platform/random.ts'
import { startTestServer } from '../testing.ts'
import { checkEncryption, Encryption, type EncryptionConfiguration } from './encryption.ts'
import { createMemoryStore } from './memory.ts'
import type { ProviderConfiguration } from './seal/providers.ts'

const key = (name: string) => ({ name, secret: Buffer.alloc(32, name).toString('base64') })
const configuration = (...providers: ProviderConfiguration[]): EncryptionConfiguration => ({
  resources: [{ resources: ['secrets'], providers }],
})
const transformer = (...providers: ProviderConfiguration[]) =>
  new Encryption(configuration(...providers), seededRandom(1))

const KEY = '/registry/secrets/default/a'
const plain = Buffer.from('{"apiVersion":"v1","kind":"Secret","metadata":{"name":"a"}}')

describe('encryption at rest', () => {
  for (const provider of ['aesgcm', 'aescbc', 'secretbox'].map(cipher => ({ [cipher]: { keys: [key('k1')] } }))) {
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

  const SECRET = '/api/v1/namespaces/default/secrets/s'
  const sealOf = async (store: ReturnType<typeof createMemoryStore>) => {
    const { value } = await store.get('/registry/secrets/default/s')
    return /^k8s:enc:[^:]*:v1:[^:]*:/.exec(Buffer.from(value!.value).toString('latin1'))?.[0] ?? 'plain'
  }

  it('changes its keys while the server runs, and a write of the same object takes the new one', async () => {
    const store = createMemoryStore(new FakeClock())
    const encryption = transformer({ identity: {} })
    const server = await startTestServer({ store, transformer: encryption })
    const body = { metadata: { name: 's' }, stringData: { a: 'b' } }
    await server.call('POST', SECRET.slice(0, -2), { body })
    assert.equal(await sealOf(store), 'plain')
    const steps: [ProviderConfiguration[], string][] = [
      [[{ aescbc: { keys: [key('k1')] } }, { identity: {} }], 'k8s:enc:aescbc:v1:k1:'],
      [[{ secretbox: { keys: [key('k2')] } }, { aescbc: { keys: [key('k1')] } }], 'k8s:enc:secretbox:v1:k2:'],
      [[{ secretbox: { keys: [key('k3'), key('k2')] } }], 'k8s:enc:secretbox:v1:k3:'],
      [[{ identity: {} }, { secretbox: { keys: [key('k3')] } }], 'plain'],
    ]
    for (const [providers, seal] of steps) {
      encryption.use(configuration(...providers))
      const { json: same } = await server.call('GET', SECRET)
      const replaced = await server.call('PUT', SECRET, { body: same })
      assert.deepEqual([replaced.status, await sealOf(store)], [200, seal])
      const again = await server.call('PUT', SECRET, { body: replaced.json })
      assert.equal(again.json.metadata.resourceVersion, replaced.json.metadata.resourceVersion, 'nothing to write')
      assert.notEqual(replaced.json.metadata.resourceVersion, same.metadata.resourceVersion)
    }
    await server.server.close()
  })

  it('keeps its keys when the new configuration is wrong', () => {
    const encryption = transformer({ aesgcm: { keys: [key('k1')] } })
    const sealed = encryption.toStore(plain, KEY)
    assert.throws(() => encryption.use({ resources: [] }), /resources: Required value/)
    assert.deepEqual(Buffer.from(encryption.fromStore(sealed, KEY)), plain)
  })
})

describe('an encryption configuration', () => {
  const [good, short] = [key('k'), { name: 'k', secret: Buffer.alloc(31, 1).toString('base64') }]
  const of = (...providers: unknown[]) => ({ resources: [{ resources: ['secrets'], providers }] })
  const P = 'resources[0].providers[0]'
  const table: [string, unknown, string[]][] = [
    [
      'of every cipher',
      of({ aesgcm: { keys: [good] } }, { aescbc: { keys: [good] } }, { secretbox: { keys: [good] } }),
      [],
    ],
    [
      'in its whole form',
      { kind: 'EncryptionConfiguration', apiVersion: 'apiserver.config.k8s.io/v1', ...of({ identity: {} }) },
      [],
    ],
    ['of another kind', { kind: 'Secret', ...of({ identity: {} }) }, ['kind: Secret is not EncryptionConfiguration']],
    ['that is empty', undefined, ['resources: Required value']],
    ['without providers', of(), ['resources[0].providers: Required value']],
    [
      'of two in one',
      of({ aesgcm: { keys: [good] }, identity: {} }),
      [`${P}: exactly one provider has to be given, not 2`],
    ],
    [
      'of a key service',
      of({ kms: { name: 'x' } }),
      [`${P}.kms: kubox asks no key service; give aesgcm, aescbc or secretbox`],
    ],
    [
      'of a cipher nobody knows',
      of({ rot13: {} }),
      [`${P}.rot13: unknown; one of aesgcm, aescbc, secretbox, identity`],
    ],
    ['without keys', of({ aesgcm: {} }), [`${P}.aesgcm.keys: Required value`]],
    [
      'with a short key',
      of({ secretbox: { keys: [short] } }),
      [`${P}.secretbox.keys[0].secret: 31 bytes of base64, where 32 are expected`],
    ],
    ['with a name twice', of({ aesgcm: { keys: [good, good] } }), [`${P}.aesgcm.keys[1].name: k stands twice`]],
    [
      'with a name that ends the prefix',
      of({ aesgcm: { keys: [{ ...good, name: 'a:b' }] } }),
      [`${P}.aesgcm.keys[0].name: a name without colons is needed`],
    ],
  ]
  for (const [what, given, problems] of table) {
    it(what, () => assert.deepEqual(checkEncryption(given), problems))
  }
})
