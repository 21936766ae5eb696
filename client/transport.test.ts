import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer as createTcpServer } from 'node:net'
import { describe, it } from 'node:test'
import type { ApiRequest, ApiResponse } from '../api/exchange.ts'
import { sleep, systemClock } from '../platform/clock.ts'
import { readBody } from './client.ts'
import { httpTransport } from './http.ts'
import { inProcessTransport } from './in-process.ts'
import { retryPause, withRetries } from './retry.ts'
import { TransportError, type TransportRequest } from './transport.ts'

const NOW = Date.UTC(2026, 0, 1)

function answer(status: number, headers: Record<string, string> = {}): { response: ApiResponse } {
  return { response: { status, headers } }
}

function broken(code: string): { error: unknown } {
  return { error: new TransportError('broken', { cause: Object.assign(new Error(code), { code }) }) }
}

describe('retryPause', () => {
  const cases: [string, TransportRequest['method'], Parameters<typeof retryPause>[1], number, number | undefined][] = [
    ['an answer is final', 'GET', answer(200), 1, undefined],
    ['a refusal is final', 'GET', answer(409), 1, undefined],
    ['too many requests without a time is final', 'GET', answer(429), 1, undefined],
    ['Retry-After in seconds', 'GET', answer(429, { 'retry-after': '2' }), 1, 2000],
    ['Retry-After counts for writes as well', 'POST', answer(429, { 'retry-after': '1' }), 1, 1000],
    ['Retry-After of an unavailable server', 'POST', answer(503, { 'retry-after': '1' }), 1, 1000],
    ['Retry-After as a date', 'GET', answer(503, { 'retry-after': new Date(NOW + 5000).toUTCString() }), 1, 5000],
    ['Retry-After in the past', 'GET', answer(503, { 'retry-after': new Date(NOW - 5000).toUTCString() }), 1, 0],
    ['Retry-After of an hour is cut', 'GET', answer(429, { 'retry-after': '3600' }), 1, 30_000],
    ['Retry-After that says nothing', 'GET', answer(429, { 'retry-after': 'soon' }), 1, undefined],
    ['Retry-After on a success', 'GET', answer(200, { 'retry-after': '1' }), 1, undefined],
    ['a read over a broken connection', 'GET', broken('ECONNRESET'), 1, 100],
    ['later and later', 'GET', broken('ECONNRESET'), 3, 400],
    ['not for ever', 'GET', broken('ECONNRESET'), 5, undefined],
    ['a write over a broken connection may have been done', 'POST', broken('ECONNRESET'), 1, undefined],
    ['a write that never left', 'POST', broken('ECONNREFUSED'), 1, 100],
    ['a delete that may have been done', 'DELETE', broken('EPIPE'), 1, undefined],
    ['an error that is none of the connection', 'GET', { error: new Error('bug') }, 1, undefined],
  ]
  for (const [name, method, outcome, attempt, expected] of cases) {
    it(name, () => assert.equal(retryPause({ method, path: '/' }, outcome, attempt, NOW), expected))
  }

  it('never repeats what was given up', () => {
    const request: TransportRequest = { method: 'GET', path: '/', signal: AbortSignal.abort() }
    assert.equal(retryPause(request, broken('ECONNRESET'), 1, NOW), undefined)
  })
})

describe('withRetries', () => {
  it('asks again after the time that the server names, and gives the answer of then', async () => {
    const pauses: number[] = []
    const clock = {
      ...systemClock,
      after: (ms: number, run: () => void) => {
        pauses.push(ms)
        return systemClock.after(0, run)
      },
    }
    let asked = 0
    const request = withRetries(
      { request: async () => (++asked < 3 ? answer(429, { 'retry-after': '7' }).response : answer(200).response) },
      clock,
    )
    assert.equal((await request({ method: 'POST', path: '/' })).status, 200)
    assert.deepEqual([asked, pauses], [3, [7000, 7000]])
  })
})

describe('inProcessTransport', () => {
  it('hands over what a socket would carry', async () => {
    let seen: ApiRequest | undefined
    const transport = inProcessTransport(
      async request => {
        seen = request
        return { status: 201, headers: {}, body: Buffer.from('{}') }
      },
      { name: 'system:kube-scheduler', groups: [] },
    )
    const response = await transport.request({
      method: 'POST',
      path: '/api/v1/pods?a=1&b=x%2Fy',
      headers: { 'Content-Type': 'application/json' },
      body: '{"a":1}',
    })
    assert.equal(response.status, 201)
    assert.equal(seen?.path, '/api/v1/pods')
    assert.equal(seen?.query.get('b'), 'x/y')
    assert.equal(seen?.headers['content-type'], 'application/json')
    assert.equal(Buffer.from(seen!.body!).toString(), '{"a":1}')
    assert.equal(seen?.trusted?.name, 'system:kube-scheduler')
  })

  it('ends its requests when it is closed', async () => {
    let signal: AbortSignal | undefined
    const transport = inProcessTransport(
      async request => {
        signal = request.signal
        return { status: 200, headers: {} }
      },
      { name: 'x', groups: [] },
    )
    await transport.request({ method: 'GET', path: '/', signal: new AbortController().signal })
    await transport.close()
    assert.equal(signal?.aborted, true)
  })
})

describe('httpTransport', () => {
  it('keeps one connection, sends who we are, and takes a new token at once', async () => {
    const seen: (string | undefined)[] = []
    const ports = new Set<number | undefined>()
    await withServer(
      (request, response) => {
        seen.push(request.headers.authorization)
        ports.add(request.socket.remotePort)
        response.setHeader('x-path', request.url!).end('hello')
      },
      async server => {
        const transport = httpTransport({ server, credentials: { token: 'one' }, clock: systemClock })
        const response = await transport.request({ method: 'GET', path: '/a?b=c' })
        assert.deepEqual(
          [response.status, response.headers['x-path'], await readBody(response)],
          [200, '/a?b=c', 'hello'],
        )
        // The connection is free again a moment after its body was read.
        await sleep(systemClock, 5)
        await readBody(await transport.request({ method: 'GET', path: '/' }))
        assert.equal(ports.size, 1)
        transport.setCredentials({ token: 'two' })
        await readBody(await transport.request({ method: 'GET', path: '/' }))
        assert.deepEqual(seen, ['Bearer one', 'Bearer one', 'Bearer two'])
        await transport.close()
      },
    )
  })

  it('sends the body with every method', async () => {
    await withServer(
      async (request, response) => {
        let body = ''
        for await (const chunk of request) body += chunk
        response.end(`${request.method} ${request.headers['content-length']} ${body}`)
      },
      async server => {
        const transport = httpTransport({ server, clock: systemClock })
        for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const) {
          const answer = await transport.request({ method, path: '/', body: '{"a":"ä"}' })
          assert.equal(await readBody(answer), `${method} 10 {"a":"ä"}`)
        }
        await transport.close()
      },
    )
  })

  it('speaks of a server that is not there as a TransportError', async () => {
    const gone = await withServer(
      () => {},
      async server => server,
    )
    const clock = { ...systemClock, after: (_: number, run: () => void) => systemClock.after(0, run) }
    const transport = httpTransport({ server: gone, clock })
    await assert.rejects(transport.request({ method: 'POST', path: '/' }), TransportError)
    await transport.close()
  })

  it('speaks of an answer that broke off as a TransportError', async () => {
    await withServer(
      (_, response) => {
        response.writeHead(200, { 'content-length': '100' })
        response.write('half')
        response.socket!.end()
      },
      async server => {
        const transport = httpTransport({ server, clock: systemClock })
        const response = await transport.request({ method: 'GET', path: '/' })
        await assert.rejects(readBody(response), TransportError)
        await transport.close()
      },
    )
  })

  it('lets go of an answer that its asker gave up', async () => {
    await withServer(
      (_, response) => void response.writeHead(200).write('one'),
      async server => {
        const transport = httpTransport({ server, clock: systemClock })
        const given = new AbortController()
        const response = await transport.request({ method: 'GET', path: '/', signal: given.signal })
        const reading = readBody(response)
        given.abort()
        await assert.rejects(reading, { name: 'AbortError' })
        await transport.close()
      },
    )
  })

  it('finishes what is under way on its old connection when it moves to another server', async () => {
    const answers: ServerResponse[] = []
    await withServer(
      (_, response) => void answers.push(response),
      async first => {
        const transport = httpTransport({ server: first, clock: systemClock })
        const asked = transport.request({ method: 'GET', path: '/' })
        while (answers.length === 0) await sleep(systemClock, 1)
        const second = withServer(
          (_, response) => void response.end('second'),
          async server => {
            transport.setServer(server)
            return readBody(await transport.request({ method: 'GET', path: '/' }))
          },
        )
        assert.equal(await second, 'second')
        answers[0]!.end('first')
        assert.equal(await readBody(await asked), 'first')
        await transport.close()
      },
    )
  })

  it('breaks what is under way when it has to connect anew, and goes on', async () => {
    await withServer(
      (request, response) => (request.url === '/watch' ? void response.write('one') : void response.end('two')),
      async server => {
        const transport = httpTransport({ server, clock: systemClock })
        const watch = readBody(await transport.request({ method: 'GET', path: '/watch' }))
        transport.reconnect()
        await assert.rejects(watch, TransportError)
        assert.equal(await readBody(await transport.request({ method: 'GET', path: '/' })), 'two')
        await transport.close()
      },
    )
  })

  it('speaks of a server that hangs up during the handshake as a TransportError', async () => {
    const mute = createTcpServer()
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', resolve))
    const server = `https://127.0.0.1:${(mute.address() as AddressInfo).port}`
    const transport = httpTransport({ server, clock: systemClock })
    const asked = transport.request({ method: 'POST', path: '/' })
    mute.once('connection', socket => socket.destroy())
    await assert.rejects(asked, TransportError)
    await transport.close()
    await new Promise(resolve => mute.close(resolve))
  })
})

function withServer<R>(
  handle: (request: IncomingMessage, response: ServerResponse) => void,
  use: (url: string) => Promise<R>,
): Promise<R> {
  return listening(createServer(handle), use)
}

async function listening<R>(server: ReturnType<typeof createServer>, use: (url: string) => Promise<R>): Promise<R> {
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  } finally {
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  }
}
