import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { eventually } from '../../test/support/eventually.ts'
import { createHttpListener, type HttpListener } from '../http.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'
const bearer = (token: string) => `base64url.bearer.authorization.k8s.io.${Buffer.from(token).toString('base64url')}`

describe('a watch over WebSocket', () => {
  let server: TestServer
  let listener: HttpListener
  let base: string
  before(async () => {
    server = await startTestServer({ authentication: { staticTokens: 'good,ann,1,system:masters\n' } })
    listener = createHttpListener({ server: server.server, log: server.log })
    base = `ws://127.0.0.1:${await listener.listen(0, '127.0.0.1')}`
  })
  after(async () => {
    await listener.close()
    await server.server.close()
  })

  it('tells each event in a message, to whoever shows a token as a browser can', async () => {
    const { json } = await server.call('GET', MAPS)
    const target = `${base}${MAPS}?watch=true&resourceVersion=${json.metadata.resourceVersion}`
    const socket = new WebSocket(target, ['v1.kubox.test', bearer('good')])
    const seen: string[] = []
    const enough = new Promise<void>(resolve => {
      socket.on('message', data => {
        const { type, object } = JSON.parse(String(data))
        if (seen.push(`${type} ${object.metadata.name} ${object.data?.k ?? ''}`) === 22) resolve()
      })
    })
    await once(socket, 'open')
    assert.equal(socket.protocol, 'v1.kubox.test')
    for (let i = 0; i < 20; i++) await server.call('POST', MAPS, { body: { metadata: { name: `m${i}` } } })
    const long = 'ä'.repeat(300_000)
    await server.call('POST', MAPS, { body: { metadata: { name: 'long' }, data: { k: long } } })
    await server.call('DELETE', `${MAPS}/m0`)
    await enough
    const added = Array.from({ length: 20 }, (_, i) => `ADDED m${i} `)
    assert.deepEqual(seen, [...added, `ADDED long ${long}`, 'DELETED m0 '])
    socket.close()
    await once(socket, 'close')
  })

  it('ends when its time is over', async () => {
    const socket = new WebSocket(`${base}${MAPS}?watch=1&timeoutSeconds=5`, [bearer('good'), 'v1.kubox.test'])
    await once(socket, 'message')
    server.clock.advance(5000)
    const [code] = await once(socket, 'close')
    assert.equal(code, 1000)
  })

  const refusals: [string, string, string[], number][] = [
    ['with a token that nobody knows', `${MAPS}?watch=true`, [bearer('bad'), 'x'], 401],
    ['without a token', `${MAPS}?watch=true`, ['x'], 403],
    ['of a kind that is none', '/api/v1/namespaces/default/nonsense?watch=true', [bearer('good'), 'x'], 404],
    ['with a selector that is none', `${MAPS}?watch=true&labelSelector=((`, [bearer('good'), 'x'], 400],
  ]
  for (const [what, target, protocols, code] of refusals) {
    it(`${what} is refused with ${code}`, async () => {
      const socket = new WebSocket(base + target, protocols)
      socket.on('error', () => undefined)
      const [, response] = await once(socket, 'unexpected-response')
      assert.equal(response.statusCode, code)
      socket.terminate()
    })
  }

  it('stands in the audit log from its beginning to its end', async () => {
    const stages: string[] = []
    const write = (line: string) =>
      stages.push(`${JSON.parse(line).stage} ${JSON.parse(line).responseStatus?.code ?? ''}`)
    const audited = await startTestServer({
      authentication: { staticTokens: 'good,ann,1,system:masters\n' },
      audit: { policy: { rules: [{ level: 'Metadata', users: ['ann'] }] }, log: { write } },
    })
    const door = createHttpListener({ server: audited.server, log: audited.log })
    const port = await door.listen(0, '127.0.0.1')
    const socket = new WebSocket(`ws://127.0.0.1:${port}${MAPS}?watch=true`, [bearer('good'), 'x'])
    await once(socket, 'open')
    const counted = (line: RegExp) =>
      eventually({ what: String(line), everyMs: 10 }, async () =>
        line.test((await audited.call('GET', '/metrics')).text),
      )
    await counted(/^apiserver_longrunning_requests\{verb="WATCH",.*resource="configmaps".*\} 1$/m)
    socket.close()
    await eventually(
      { what: 'the end is told', everyMs: 10, evidence: () => stages.join() },
      async () => stages.length === 3,
    )
    await counted(/^apiserver_longrunning_requests\{verb="WATCH",.*\} 0$/m)
    await counted(/^apiserver_request_total\{verb="WATCH",.*code="101"\} 1$/m)
    assert.deepEqual(stages, ['RequestReceived ', 'ResponseStarted 101', 'ResponseComplete 101'])
    await door.close()
    await audited.server.close()
  })
})
