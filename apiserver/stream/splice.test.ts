import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http from 'node:http'
import * as https from 'node:https'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, afterEach, before, describe, it } from 'node:test'
import { ApiError } from '../../api/errors.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { FakeClock, systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { asApiAnswer, forwardRequest } from './forward.ts'
import { refuseUpgrade, spliceUpgrade } from './splice.ts'
import { DIAL_WITHIN_MS, type StreamTarget } from './target.ts'

const UPGRADE = 'POST /exec HTTP/1.1\r\nHost: api\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n'

describe('a spliced connection', () => {
  /** The target says what it does with each request; the front door splices everything there. */
  let serve: (request: http.IncomingMessage, socket: Duplex, head: Buffer) => void
  let target: StreamTarget
  const clock = new FakeClock()
  const log = new MemoryLog()
  const agent = http.createServer((_request, response) => response.writeHead(404).end('pod does not exist'))
  const front = http.createServer()
  const open = new Set<Socket>()
  let over = 0

  before(async () => {
    agent.on('upgrade', (request, socket, head) => {
      // As the agent does: who has been left, leaves.
      socket.on('error', () => undefined).on('end', () => setImmediate(() => socket.end()))
      serve(request, socket, head)
    })
    front.on('upgrade', (request, socket, head) => {
      void spliceUpgrade({ request, socket, head }, target, { clock, log }).then(() => over++)
    })
    for (const server of [agent, front]) {
      server.on('connection', socket => {
        open.add(socket)
        socket.once('close', () => open.delete(socket))
      })
      await once(server.listen(0, '127.0.0.1'), 'listening')
    }
    target = { host: '127.0.0.1', port: portOf(agent), path: '/exec/default/web/c?command=ls' }
  })
  after(() => {
    agent.close()
    front.close()
  })
  // Whatever happened, nothing stays behind.
  afterEach(() => until(() => open.size === 0))

  function client(headers = '', body = ''): Socket {
    const socket = connect({ port: portOf(front), host: '127.0.0.1', allowHalfOpen: true })
    socket.write(`${UPGRADE}${headers}\r\n${body}`)
    return socket
  }

  const accept = (socket: Duplex, more = '') => {
    const lines = ['Connection: Upgrade', 'Upgrade: SPDY/3.1', 'X-Stream: one', 'X-Stream: two']
    socket.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('\r\n')}\r\n\r\n${more}`)
  }

  it('carries bytes both ways, each direction ending by itself', async () => {
    serve = async (_request, socket) => {
      accept(socket, 'first words;')
      socket.end(`heard ${await text(socket)}`)
    }
    const socket = client()
    socket.end('all of this')
    const [head, body] = (await text(socket)).split('\r\n\r\n')
    assert.match(head!, /^HTTP\/1\.1 101 Switching Protocols\r\n.*X-Stream: one\r\nX-Stream: two/s)
    assert.equal(body, 'first words;heard all of this')
  })

  it('asks for the path of the target, in the name of nobody but the server', async () => {
    let seen: http.IncomingMessage | undefined
    serve = (request, socket) => {
      seen = request
      accept(socket)
      socket.end()
    }
    const socket = client('Authorization: Bearer secret\r\nImpersonate-User: root\r\nX-Stream-Protocol-Version: v4\r\n')
    socket.end()
    await text(socket)
    assert.equal(seen?.url, target.path)
    assert.equal(seen?.headers['x-stream-protocol-version'], 'v4')
    assert.equal(seen?.headers.authorization, undefined)
    assert.equal(seen?.headers['impersonate-user'], undefined)
  })

  it('gives a refusal in the words of the target, and not a byte more than the request reaches it', async () => {
    let reached = ''
    serve = (_request, socket, head) => {
      reached += head
      socket.on('data', chunk => {
        reached += chunk
      })
      socket.write('HTTP/1.1 404 Not Found\r\nContent-Type: text/plain\r\nContent-Length: 18\r\n\r\npod does not exist')
    }
    const socket = client('', 'GET /pods HTTP/1.1\r\nHost: agent\r\n\r\n')
    const answer = await text(socket)
    socket.end()
    assert.match(answer, /^HTTP\/1\.1 404 Not Found\r\n.*pod does not exist/s)
    assert.match(answer, /Connection: close/)
    assert.equal(reached, '')
  })

  it('ends the other leg when one breaks', async () => {
    for (const breaker of ['client', 'agent']) {
      const before = over
      let far: Duplex | undefined
      serve = (_request, socket) => {
        far = socket.resume()
        accept(socket, 'x')
      }
      const near = client().on('error', () => undefined)
      await once(near, 'data')
      if (breaker === 'client') near.resetAndDestroy()
      else (far as Socket).resetAndDestroy()
      await until(() => over > before)
      near.destroy()
    }
  })

  it('lets the client go that leaves only after the other side has', async () => {
    serve = (_request, socket) => {
      accept(socket, 'all there is')
      socket.end()
    }
    const near = client()
    assert.match(await text(near), /all there is$/)
    await until(() => open.size === 1)
    near.end('too late')
  })

  it('holds a fast sender back for a slow reader', async () => {
    let sent = 0
    serve = (_request, socket) => {
      accept(socket)
      const more = () => {
        while (!socket.destroyed && socket.write(Buffer.alloc(65536))) sent += 65536
      }
      socket.on('drain', more).resume()
      more()
    }
    const socket = client()
    await once(socket, 'readable')
    const settled = await settles(() => sent)
    assert.ok(settled < 64 * 1024 * 1024, `${settled} bytes were taken in for a reader that reads nothing`)
    socket.destroy()
  })

  it('does not take a 101 that names no protocol for one', async () => {
    serve = (_request, socket) => socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\n')
    assert.match(await text(client().end()), /^HTTP\/1\.1 500 .*names no new protocol/s)
  })

  it('says why there is nobody', async () => {
    const good = target
    target = { ...good, port: 1 }
    const answer = await text(client().end())
    target = good
    assert.match(answer, /^HTTP\/1\.1 500 Internal Server Error\r\n/)
    const status = JSON.parse(answer.split('\r\n\r\n')[1]!)
    assert.equal(status.kind, 'Status')
    assert.equal(status.message, 'error dialing backend: dial tcp 127.0.0.1:1: connect: connection refused')
  })

  it('gives up on a machine that does not answer', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const good = target
    target = { ...good, port: portOf(silent) }
    const answer = text(client().end())
    const [held] = (await once(silent, 'connection')) as [Socket]
    clock.advance(DIAL_WITHIN_MS)
    assert.match(await answer, /i\/o timeout/)
    target = good
    held.destroy()
    silent.close()
  })

  it('lets the target go when the client has gone before the answer', async () => {
    let asked: Duplex | undefined
    serve = (_request, socket) => {
      asked = socket.resume()
    }
    const near = client()
    await until(() => asked !== undefined)
    near.resetAndDestroy()
    accept(asked!, 'words for nobody')
    await once(asked!, 'close')
  })

  it('refuses with a Status where nothing is forwarded at all', async () => {
    const [near, far] = await socketPair()
    refuseUpgrade(far, new ApiError('Forbidden', 'you may not'))
    near.end()
    const [head, body] = (await text(near)).split('\r\n\r\n')
    assert.match(head!, /^HTTP\/1\.1 403 Forbidden/)
    assert.deepEqual(JSON.parse(body!), {
      ...{ kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' },
      ...{ message: 'you may not', reason: 'Forbidden', code: 403 },
    })
  })

  describe('over TLS', () => {
    const ca = new Authority(createAuthority('test', systemClock, systemRandom), systemClock, systemRandom)
    const pair = ca.issue({ subject: { commonName: 'system:node:node1' }, usage: 'server', dnsNames: ['node1'] })
    const stranger = new Authority(createAuthority('other', systemClock, systemRandom), systemClock, systemRandom)
    const client = ca.issue({ subject: { commonName: 'api', organizations: ['system:masters'] }, usage: 'client' })
    const server = https.createServer({
      cert: pair.certificate,
      key: pair.key,
      ca: ca.certificatePem,
      requestCert: true,
    })
    before(() => once(server.listen(0, '127.0.0.1'), 'listening'))
    after(() => server.close())
    server.on('request', (request, response) => {
      response
        .setHeader('Connection', 'close')
        .end((request.socket as unknown as { authorized: boolean }).authorized ? 'known' : 'unknown')
    })

    const ask = (tls: StreamTarget['tls']) =>
      forwardRequest(
        { method: 'GET', headers: {}, signal: new AbortController().signal },
        { host: '127.0.0.1', port: portOf(server), path: '/', tls },
        { clock, log },
      )

    it('the target is checked, and shown who we are', async () => {
      const { body } = await ask({
        ca: ca.certificatePem,
        cert: client.certificate,
        key: client.key,
        serverName: 'node1',
      })
      assert.equal(await text(body as http.IncomingMessage), 'known')
    })
    const WRONG: [name: string, tls: StreamTarget['tls'], message: RegExp][] = [
      ['of another authority', { ca: stranger.certificatePem, serverName: 'node1' }, /certificate/],
      ['for another name', { ca: ca.certificatePem, serverName: 'node2' }, /node2/],
      ['for another address', { ca: ca.certificatePem }, /127\.0\.0\.1/],
    ]
    for (const [name, tls, message] of WRONG) {
      it(`a certificate ${name} is not good enough`, async () => {
        await assert.rejects(ask(tls), (error: unknown) => error instanceof ApiError && message.test(error.message))
      })
    }
  })
})

describe('a forwarded request', () => {
  let answer: http.RequestListener
  const server = http.createServer((request, response) => answer(request, response))
  const around = { clock: new FakeClock(), log: new MemoryLog() }
  before(() => once(server.listen(0, '127.0.0.1'), 'listening'))
  after(() => server.close())
  const forward = (extra: object = {}, path = '/') => {
    const request = { method: 'GET' as const, headers: {}, signal: new AbortController().signal, ...extra }
    return forwardRequest(request, { host: '127.0.0.1', port: portOf(server), path }, around)
  }

  it('carries its body and headers, and brings the answer back', async () => {
    answer = async (request, response) => {
      response.setHeader('X-Seen', `${request.method} ${request.url} ${request.headers['x-own']}`)
      response.writeHead(201).end(`got ${await text(request)}`)
    }
    const headers = { 'x-own': '1', authorization: 'Bearer secret', 'content-length': '3' }
    const response = await forward({ method: 'PUT', headers, body: Buffer.from('body') }, '/path?q=1')
    assert.equal(response.status, 201)
    assert.equal(response.headers['x-seen'], 'PUT /path?q=1 1')
    assert.equal(response.headers.connection, undefined)
    assert.equal(await text(response.body as http.IncomingMessage), 'got body')
  })

  it('hands parts of the answer on while it lasts, and ends when the client leaves', async () => {
    const left = new AbortController()
    let gone = false
    answer = (_request, response) => {
      response.write('first')
      response.once('close', () => {
        gone = true
      })
    }
    const { body } = await forward({ signal: left.signal })
    const [first] = await once(body as http.IncomingMessage, 'data')
    assert.equal(String(first), 'first')
    ;(body as http.IncomingMessage).on('error', () => undefined)
    left.abort()
    await until(() => gone)
  })

  const REFUSALS: [code: number, reason: string, message: string][] = [
    [400, 'BadRequest', 'no logs yet'],
    [404, 'NotFound', 'no logs yet'],
    [422, 'Invalid', 'no logs yet'],
    [500, 'InternalError', 'Internal error occurred: no logs yet'],
    [401, 'InternalError', 'Internal error occurred: no logs yet'],
  ]
  for (const [code, reason, message] of REFUSALS) {
    it(`turns a plain ${code} of the agent into ${reason}`, async () => {
      answer = (_request, response) => response.writeHead(code).end('no logs yet')
      await assert.rejects(async () => asApiAnswer(await forward()), { reason, message })
    })
  }
  it('leaves what is no refusal as it is', async () => {
    answer = (_request, response) => response.end('log')
    assert.equal((await asApiAnswer(await forward())).status, 200)
  })
})

function portOf(server: Server | http.Server): number {
  return (server.address() as AddressInfo).port
}

async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect({ port: portOf(server), host: '127.0.0.1', allowHalfOpen: true })
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [near, far]
}

/** The value once it has not grown for a while. */
async function settles(value: () => number): Promise<number> {
  for (let before = -1; before !== value(); ) {
    before = value()
    await new Promise(resolve => setTimeout(resolve, 50))
  }
  return value()
}

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000
  while (!holds()) {
    assert.ok(performance.now() < end, `not in time: ${holds}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
