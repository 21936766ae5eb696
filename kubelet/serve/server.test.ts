import assert from 'node:assert/strict'
import { once } from 'node:events'
import * as http from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { after, before, describe, it } from 'node:test'
import { WebSocket } from 'ws'
import { ApiError } from '../../api/errors.ts'
import { systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import type { Access } from './access.ts'
import { FakeStreamBackend, runningPod } from './fake.ts'
import { createKubeletServer } from './server.ts'
import { SpdySession } from './spdy/session.ts'
import type { SpdyStream } from './spdy/stream.ts'

const TOKENS: Record<string, { name: string; groups: string[] }> = {
  master: { name: 'api', groups: ['system:masters'] },
  reader: { name: 'reader', groups: [] },
}
const access: Access = {
  authenticateToken: async token => TOKENS[token],
  authorize: async (who, { verb, subresource }) => who.name === 'reader' && verb === 'get' && subresource === 'metrics',
}
const MASTER = { Authorization: 'Bearer master' }

describe("the agent's server", () => {
  const backend = new FakeStreamBackend()
  const log = new MemoryLog()
  const handlers = createKubeletServer({ nodeName: 'node1', backend, access, clock: systemClock, log })
  const server = http.createServer((request, response) => void handlers.handle(request, response))
  let sockets = 0
  let port: number
  let echo: Server

  before(async () => {
    backend.list.push(runningPod('web', ['main', 'waiting']))
    backend.list[0]!.status!.containerStatuses![1]!.state = { waiting: { reason: 'ContainerCreating' } }
    server.on('upgrade', (request, socket, head) => {
      sockets++
      socket.once('close', () => sockets--)
      void handlers.upgrade(request, socket, head)
    })
    await once(server.listen(0, '127.0.0.1'), 'listening')
    port = (server.address() as AddressInfo).port
    echo = createServer({ allowHalfOpen: true }, socket => socket.pipe(socket))
    await once(echo.listen(0, '127.0.0.1'), 'listening')
    backend.ports.set(7, (echo.address() as AddressInfo).port)
  })
  after(() => {
    handlers.close()
    server.close()
    echo.close()
  })

  async function get(path: string, headers: http.OutgoingHttpHeaders = MASTER, method = 'GET') {
    const request = http.request({ host: '127.0.0.1', port, path, headers, method, agent: false }).end()
    const [response] = (await once(request, 'response')) as [http.IncomingMessage]
    return { code: response.statusCode, type: response.headers['content-type'], body: await text(response) }
  }

  async function upgrade(path: string, headers: http.OutgoingHttpHeaders) {
    const request = http.request({
      ...{ host: '127.0.0.1', port, path, method: 'POST', agent: false },
      headers: { Connection: 'Upgrade', ...MASTER, ...headers },
    })
    request.end()
    return await new Promise<{ response: http.IncomingMessage; socket?: Duplex; body?: string }>((resolve, reject) => {
      request.on('upgrade', (response, socket) => resolve({ response, socket }))
      request.on('response', async response => resolve({ response, body: await text(response) }))
      request.on('error', reject)
    })
  }

  async function spdy(path: string, protocol: string): Promise<SpdySession> {
    const { response, socket } = await upgrade(path, { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': protocol })
    assert.equal(response.statusCode, 101)
    return new SpdySession(socket!, { role: 'client', onStream: stream => stream.refuse() })
  }

  function webSocket(path: string, protocols: string[]): WebSocket {
    return new WebSocket(`ws://127.0.0.1:${port}${path}`, protocols, { headers: MASTER })
  }

  describe('answers', () => {
    const CASES: [name: string, path: string, headers: http.OutgoingHttpHeaders, code: number, body: RegExp][] = [
      ['nobody', '/healthz', {}, 401, /^Unauthorized$/],
      ['a token that nobody has', '/healthz', { Authorization: 'Bearer made-up' }, 401, /^Unauthorized$/],
      [
        'somebody who may not',
        '/pods',
        { Authorization: 'Bearer reader' },
        403,
        /^Forbidden \(user=reader, verb=get, resource=nodes, subresource=proxy\)$/,
      ],
      [
        'somebody who may',
        '/metrics',
        { Authorization: 'Bearer reader' },
        200,
        /kubelet_node_name\{node="node1"\} 1\n/,
      ],
      ['health', '/healthz', MASTER, 200, /^ok$/],
      ['its pods', '/pods', MASTER, 200, /"kind":"PodList".*"name":"web"/],
      ['an unknown path', '/run/ns/web/c', MASTER, 404, /not found/],
      ['logs of no pod', '/containerLogs/default/none/c', MASTER, 404, /^pod "none" does not exist$/],
      [
        'logs of no container',
        '/containerLogs/default/web/none',
        MASTER,
        404,
        /^container "none" not found in pod "web"$/,
      ],
      [
        'logs before the start',
        '/containerLogs/default/web/waiting',
        MASTER,
        400,
        /is waiting to start: ContainerCreating$/,
      ],
      [
        'logs that Docker has lost',
        '/containerLogs/default/web/main',
        MASTER,
        400,
        /unable to retrieve container logs/,
      ],
      ['logs with a wrong option', '/containerLogs/default/web/main?tailLines=-1', MASTER, 422, /tailLines/],
      ['exec without an upgrade', '/exec/default/web/main?command=ls', MASTER, 400, /Upgrade request required/],
      ['usage that cannot be had', '/stats/summary', MASTER, 500, /the test has set no usage/],
    ]
    for (const [name, path, headers, code, body] of CASES) {
      it(name, async () => {
        const answer = await get(path, headers)
        assert.equal(answer.code, code, answer.body)
        assert.match(answer.body, body)
      })
    }
    it('only to questions', async () => assert.equal((await get('/pods', MASTER, 'DELETE')).code, 405))

    it('removes the folder of a volume for those who may, and shows none', async () => {
      const path = '/localVolumes/pvc-1'
      assert.equal((await get(path, {}, 'DELETE')).code, 401)
      const refused = await get(path, { Authorization: 'Bearer reader' }, 'DELETE')
      assert.match(refused.body, /user=reader, verb=delete, resource=nodes, subresource=proxy/)
      assert.equal((await get(path)).code, 405)
      assert.deepEqual(backend.removedVolumes, [])
      assert.equal((await get(path, MASTER, 'DELETE')).code, 200)
      assert.deepEqual(backend.removedVolumes, ['pvc-1'])
    })
  })

  describe('refuses an upgrade before the 101', () => {
    const V4 = { Upgrade: 'SPDY/3.1', 'X-Stream-Protocol-Version': 'v4.channel.k8s.io' }
    const CASES: [name: string, path: string, headers: http.OutgoingHttpHeaders, code: number, body: RegExp][] = [
      [
        'without a credential',
        '/exec/default/web/main?command=ls&output=1',
        { ...V4, Authorization: '' },
        401,
        /^Unauthorized$/,
      ],
      ['without a pod', '/exec/default/none/main?command=ls&output=1', V4, 404, /^pod does not exist$/],
      [
        'without a container',
        '/exec/default/web/none?command=ls&output=1',
        V4,
        404,
        /^container not found \("none"\)$/,
      ],
      [
        'of a container that waits',
        '/exec/default/web/waiting?command=ls&output=1',
        V4,
        500,
        /^container not found \("waiting"\)$/,
      ],
      ['without a stream', '/exec/default/web/main?command=ls', V4, 400, /at least 1 of stdin, stdout, stderr/],
      ['without a command', '/exec/default/web/main?output=1', V4, 400, /at least one command/],
      ['to a path that has none', '/pods', V4, 400, /cannot be upgraded/],
      [
        'to another protocol',
        '/exec/default/web/main?command=ls&output=1',
        { Upgrade: 'h2c' },
        400,
        /unsupported protocol "h2c"/,
      ],
      [
        'with old streams only',
        '/exec/default/web/main?command=ls&output=1',
        { ...V4, 'X-Stream-Protocol-Version': 'v2.channel.k8s.io' },
        403,
        /client supports \[v2\.channel\.k8s\.io\], server accepts \[v4\.channel\.k8s\.io\]/,
      ],
      ['to a pod that is not there', '/portForward/default/none', V4, 404, /^pod does not exist$/],
    ]
    for (const [name, path, headers, code, body] of CASES) {
      it(name, async () => {
        const answer = await upgrade(path, headers)
        assert.equal(answer.response.statusCode, code, answer.body)
        assert.match(answer.body ?? '', body)
      })
    }
  })

  describe('exec over SPDY', () => {
    it('waits for all streams, runs, and says how it ended', async () => {
      const session = await spdy(
        '/exec/default/web/main?command=sh&command=-c&command=cat;exit+3&input=1&output=1',
        'v5.channel.k8s.io, v4.channel.k8s.io',
      )
      const [errors, stdin, stdout] = ['error', 'stdin', 'stdout'].map(streamtype => session.open({ streamtype }))
      errors!.end()
      stdin!.end('typed')
      assert.equal(await text(stdout!), 'typed')
      assert.equal(JSON.parse(await text(errors!)).details.causes[0].message, '3')
      session.close()
    })

    it('refuses streams that nobody asked for, and goes on', async () => {
      const session = await spdy('/exec/default/web/main?command=true&output=1', 'v4.channel.k8s.io')
      const stray = session.open({ streamtype: 'stdin' })
      await once(stray, 'close')
      const errors = session.open({ streamtype: 'error' })
      session.open({ streamtype: 'stdout' }).resume()
      assert.equal(JSON.parse(await text(errors)).status, 'Success')
    })

    it('leaves no connection behind when the client goes before its streams are open', async () => {
      const session = await spdy('/exec/default/web/main?command=cat&input=1', 'v4.channel.k8s.io')
      session.open({ streamtype: 'error' })
      session.close()
      await until(() => sockets === 0)
    })
  })

  describe('exec over WebSocket', () => {
    const PROTOCOLS: [protocol: string, status: RegExp][] = [
      ['v5.channel.k8s.io', /"reason":"ExitCode","message":"3"/],
      ['v4.channel.k8s.io', /"reason":"ExitCode","message":"3"/],
      ['v4.base64.channel.k8s.io', /"reason":"ExitCode","message":"3"/],
      ['channel.k8s.io', /^command terminated with non-zero exit code: exit status 3$/],
      ['base64.channel.k8s.io', /^command terminated/],
    ]
    for (const [protocol, status] of PROTOCOLS) {
      it(protocol, async () => {
        const command = 'command=sh&command=-c&command=read+x;echo+"got+$x";exit+3'
        const socket = webSocket(`/exec/default/web/main?${command}&stdin=true&stdout=true`, [protocol])
        const base64 = protocol.includes('base64')
        const heard: Record<string, string> = {}
        socket.on('message', (data: Buffer) => {
          const [channel, bytes] = base64
            ? [data.toString()[0], Buffer.from(data.toString().slice(1), 'base64')]
            : [String(data[0]), data.subarray(1)]
          heard[channel!] = (heard[channel!] ?? '') + bytes
        })
        await once(socket, 'open')
        assert.equal(socket.protocol, protocol)
        socket.send(base64 ? `0${Buffer.from('words\n').toString('base64')}` : '\0words\n')
        assert.equal((await once(socket, 'close'))[0], 1000)
        assert.equal(heard['1'], 'got words\n')
        assert.match(heard['3']!, status)
      })
    }

    it('ends the input on message 255', async () => {
      const socket = webSocket('/exec/default/web/main?command=cat&stdin=true&stdout=true', ['v5.channel.k8s.io'])
      const heard: Buffer[] = []
      socket.on('message', (data: Buffer) => heard.push(data))
      await once(socket, 'open')
      socket.send(Buffer.from('\0some'))
      socket.send(Buffer.of(255, 0))
      await once(socket, 'close')
      assert.equal(heard[0]!.toString(), '\x01some')
    })

    it('passes on a size that came before the program had started', async () => {
      const socket = webSocket('/exec/default/web/main?command=head&command=-1&stdout=true&tty=true', [
        'v5.channel.k8s.io',
      ])
      const heard: Buffer[] = []
      socket.on('message', (data: Buffer) => heard.push(data))
      socket.on('open', () => socket.send(Buffer.from('\x04{"Width":100,"Height":30}')))
      await once(socket, 'close')
      assert.equal(heard[0]?.toString(), '\x01size 100x30\n')
    })

    it('ends the program when the socket closes', async () => {
      const before = backend.killed
      const socket = webSocket('/exec/default/web/main?command=sleep&command=1000&stdout=true', ['v5.channel.k8s.io'])
      await once(socket, 'open')
      await until(() => backend.started.at(-1)?.options.command?.[0] === 'sleep')
      socket.terminate()
      await until(() => backend.killed === before + 1)
    })

    it('refuses a subprotocol that it does not know', async () => {
      const socket = webSocket('/exec/default/web/main?command=ls&stdout=true', ['v9.channel.k8s.io'])
      const [, response] = await once(socket, 'unexpected-response')
      assert.equal(response.statusCode, 403)
    })
  })

  describe('port-forward', () => {
    const open = (session: SpdySession, requestid: string, port = '7'): [data: SpdyStream, errors: SpdyStream] => {
      const errors = session.open({ streamtype: 'error', port, requestid })
      errors.end()
      return [session.open({ streamtype: 'data', port, requestid }), errors]
    }

    it('joins pairs of streams to connections, whatever their order', async () => {
      const session = await spdy('/portForward/default/web', 'portforward.k8s.io')
      const [first] = open(session, '0')
      const late = session.open({ streamtype: 'data', port: '7', requestid: '1' })
      session.open({ streamtype: 'error', port: '7', requestid: '1' }).end()
      late.end('two')
      first.end('one')
      assert.deepEqual(await Promise.all([text(first), text(late)]), ['one', 'two'])
      session.close()
      await until(() => sockets === 0)
    })

    it('says nothing on a refused port, so that clients keep their session; but does of a pod that has gone', async () => {
      const session = await spdy('/portForward/default/web', 'portforward.k8s.io')
      const [data, errors] = open(session, '0', '1')
      assert.deepEqual(await Promise.all([text(data), text(errors)]), ['', ''])
      const [pod] = backend.list.splice(0)
      const [, words] = open(session, '1')
      assert.equal(await text(words), 'error forwarding port 7 to pod: pod does not exist')
      backend.list.push(pod!)
      const [again] = open(session, '2')
      again.end('back')
      assert.equal(await text(again), 'back')
      session.close()
    })

    it('refuses streams without a port', async () => {
      const session = await spdy('/portForward/default/web', 'portforward.k8s.io')
      for (const port of ['0', '65536', 'http', '']) {
        const stream = session.open({ streamtype: 'data', port, requestid: '0' })
        await once(stream, 'close')
        assert.ok(stream.wasReset)
      }
      session.close()
    })

    it('by channels, as client libraries do it', async () => {
      const socket = webSocket('/portForward/default/web?ports=7', ['v4.channel.k8s.io'])
      const heard: string[] = ['', '']
      socket.on('message', (data: Buffer) => {
        heard[data[0]!] += data.toString('latin1', 1)
      })
      await once(socket, 'open')
      socket.send(Buffer.from('\0ping'))
      await until(() => heard[0]!.endsWith('ping'))
      assert.deepEqual(heard, ['\x07\x00ping', '\x07\x00'])
      socket.close()
      await until(() => sockets === 0)
    })

    it('by channels to a refused port says so', async () => {
      const socket = webSocket('/portForward/default/web?ports=1', ['v4.channel.k8s.io'])
      let heard = ''
      socket.on('message', (data: Buffer) => {
        if (data[0] === 1) heard += data.toString('latin1', 1)
      })
      await once(socket, 'close')
      assert.match(heard.slice(2), /^error forwarding port 1 to pod: .*ECONNREFUSED/)
    })
  })

  it('closes what is under way when it closes', async () => {
    const session = await spdy('/portForward/default/web', 'portforward.k8s.io')
    handlers.close()
    await until(() => session.ended && sockets === 0)
  })

  it('does not fall over what is no HTTP', async () => {
    const socket: Socket = connect(port, '127.0.0.1')
    socket.write('\x16\x03\x01 nonsense\r\n\r\n')
    await once(socket.resume(), 'close')
    assert.equal((await get('/healthz')).code, 200)
  })

  it('passes on refusals of the backend as they are', async () => {
    const find = backend.pod
    backend.pod = async () => {
      throw new ApiError('ServiceUnavailable', 'the engine is starting')
    }
    const answer = await get('/containerLogs/default/web/main')
    backend.pod = find
    assert.deepEqual([answer.code, answer.body], [503, 'the engine is starting'])
  })
})

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000
  while (!holds()) {
    assert.ok(performance.now() < end, `not in time: ${holds}`)
    await new Promise(resolve => setTimeout(resolve, 2))
  }
}
