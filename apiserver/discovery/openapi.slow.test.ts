import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { withServer } from '../testing.ts'

const PROTOBUF = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf'

describe('/openapi/v3', () => {
  it('names a document for every group version, each by the hash of what it says', () =>
    withServer(async server => {
      const { json } = await server.call('GET', '/openapi/v3')
      assert.ok(json.paths['api/v1'] && json.paths['apis/apps/v1'] && json.paths['apis/autoscaling/v2'])
      for (const [path, { serverRelativeURL }] of Object.entries<{ serverRelativeURL: string }>(json.paths)) {
        assert.match(serverRelativeURL, new RegExp(`^/openapi/v3/${path}\\?hash=[0-9A-F]{128}$`))
        const document = await server.call('GET', serverRelativeURL)
        assert.equal(document.status, 200, path)
        assert.equal(document.json.openapi, '3.0.0')
      }
    }))

  it('may be kept for ever under its hash, and asked for again without', () =>
    withServer(async server => {
      const { json } = await server.call('GET', '/openapi/v3')
      const url: string = json.paths['apis/apps/v1'].serverRelativeURL
      const kept = await server.call('GET', url)
      assert.equal(kept.headers['cache-control'], 'public, immutable')
      assert.match(String(kept.headers.expires), /GMT$/)
      const bare = await server.call('GET', '/openapi/v3/apis/apps/v1')
      assert.deepEqual([bare.headers['cache-control'], bare.headers.etag], ['no-cache, private', kept.headers.etag])
      const headers = { 'if-none-match': String(kept.headers.etag) }
      assert.equal((await server.call('GET', '/openapi/v3/apis/apps/v1', { headers })).status, 304)
    }))

  it('sends whoever comes with an old hash to the new one', () =>
    withServer(async server => {
      const answer = await server.call('GET', '/openapi/v3/apis/apps/v1?hash=OLD')
      assert.equal(answer.status, 301)
      assert.match(String(answer.headers.location), /^\/openapi\/v3\/apis\/apps\/v1\?hash=[0-9A-F]{128}$/)
    }))

  it('has the same hashes on every server', async () => {
    const hashes: unknown[] = []
    for (let i = 0; i < 2; i++)
      await withServer(async server => {
        hashes.push((await server.call('GET', '/openapi/v3')).json)
      })
    assert.deepEqual(hashes[0], hashes[1])
  })

  it('knows nothing of groups that are not served, and speaks JSON only', () =>
    withServer(async server => {
      assert.equal((await server.call('GET', '/openapi/v3/apis/nothing/v1')).status, 404)
      const headers = { accept: 'application/x-unheard-of' }
      assert.equal((await server.call('GET', '/openapi/v3/api/v1', { headers })).status, 406)
    }))
})

describe('/openapi/v2', () => {
  const cases: [string, string | undefined, number, RegExp][] = [
    ['JSON where nothing is said', undefined, 200, /^application\/json/],
    ['JSON', 'application/json', 200, /^application\/json/],
    ['protobuf as old kubectls call it', PROTOBUF, 200, /proto-openapi\.spec\.v2\.v1\.0\+protobuf$/],
    ['protobuf by its new name', PROTOBUF.replace('@', '.'), 200, /protobuf$/],
    ['protobuf before JSON', `${PROTOBUF}, application/json`, 200, /protobuf$/],
    ['nothing else', 'text/html', 406, /^application\/json/],
  ]
  for (const [name, accept, status, type] of cases) {
    it(`speaks ${name}`, () =>
      withServer(async server => {
        const answer = await server.call('GET', '/openapi/v2', { headers: accept ? { accept } : {} })
        assert.equal(answer.status, status)
        assert.match(String(answer.headers['content-type']), type)
        if (status !== 200) return
        const headers = { ...(accept ? { accept } : {}), 'if-none-match': String(answer.headers.etag) }
        assert.equal((await server.call('GET', '/openapi/v2', { headers })).status, 304)
      }))
  }
})
