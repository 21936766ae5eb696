import assert from 'node:assert/strict'
import * as http2 from 'node:http2'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { after, describe, it } from 'node:test'
import { Connection } from './connection.ts'
import { FrameType } from './frames.ts'
import { encodeHeaders, HeaderDecoder } from './hpack.ts'
import { decodeHuffman } from './huffman.ts'

const OK = encodeHeaders({ ':status': '200', 'content-type': 'text/plain' })
const closeAtEnd: (() => void)[] = []
after(() => {
  for (const close of closeAtEnd) close()
})

/** Answers every request with what it sent, and trailers. */
function echo(socket: Socket): Connection {
  return new Connection(socket, true, {
    request(stream) {
      stream.sendHeaders(OK, false)
      stream.listener = {
        data: chunk => stream.sendData(chunk, false),
        ended: () => stream.sendHeaders(encodeHeaders({ 'x-path': stream.headers[':path'] ?? '' }), true),
        aborted: () => {},
      }
    },
    closed: () => {},
  })
}

async function listening(onConnection: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createServer(onConnection)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  closeAtEnd.push(() => server.close())
  return { port: (server.address() as AddressInfo).port, server }
}

async function echoClient(): Promise<http2.ClientHttp2Session> {
  const { port } = await listening(echo)
  const session = http2.connect(`http://127.0.0.1:${port}`)
  closeAtEnd.push(() => session.destroy())
  return session
}

function request(session: http2.ClientHttp2Session, body: Buffer, headers: http2.OutgoingHttpHeaders = {}) {
  return new Promise<{ status: number; body: Buffer; trailers: http2.IncomingHttpHeaders }>((resolve, reject) => {
    const stream = session.request({ ':method': 'POST', ':path': '/echo', ...headers })
    const chunks: Buffer[] = []
    let status = 0
    let trailers: http2.IncomingHttpHeaders = {}
    stream.on('response', response => {
      status = Number(response[':status'])
    })
    stream.on('trailers', got => {
      trailers = got
    })
    stream.on('data', chunk => chunks.push(chunk))
    stream.on('end', () => resolve({ status, body: Buffer.concat(chunks), trailers }))
    stream.on('error', reject)
    stream.end(body)
  })
}

describe('Connection as a server, with the client of Node', () => {
  for (const size of [0, 1, 16_383, 16_384, 16_385, 70_000, 3_000_000]) {
    it(`carries ${size} bytes there and back`, async () => {
      const session = await echoClient()
      const body = Buffer.alloc(size, 'x')
      const answer = await request(session, body)
      assert.deepEqual([answer.status, answer.body.equals(body), answer.trailers['x-path']], [200, true, '/echo'])
    })
  }

  it('serves many requests at once on one connection', async () => {
    const session = await echoClient()
    const answers = await Promise.all(
      Array.from({ length: 300 }, (_, i) => request(session, Buffer.from(`body ${i}`), { 'x-number': String(i) })),
    )
    assert.deepEqual(
      answers.map(answer => answer.body.toString()),
      Array.from({ length: 300 }, (_, i) => `body ${i}`),
    )
  })

  it('reads long headers, in several frames', async () => {
    const session = await echoClient()
    const long = 'ü'.repeat(9_000)
    assert.equal(
      (await request(session, Buffer.from('a'), { ':path': `/${encodeURI(long).slice(0, 30_000)}` })).status,
      200,
    )
  })

  it('answers pings and ends gracefully', async () => {
    const { port } = await listening(socket => {
      const connection = echo(socket)
      setImmediate(() => connection.drain())
    })
    const session = http2.connect(`http://127.0.0.1:${port}`)
    await new Promise<void>(resolve => session.on('close', () => resolve()))
  })
})

describe('Connection as a client, with the server of Node', () => {
  it('carries a large request and response, with trailers', async () => {
    const server = http2.createServer()
    server.on('stream', stream => {
      stream.respond({ ':status': 200 }, { waitForTrailers: true })
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
      stream.pipe(stream)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    closeAtEnd.push(() => server.close())
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
    closeAtEnd.push(() => socket.destroy())
    const connection = new Connection(socket, false, { closed: () => {} })
    const body = Buffer.alloc(2_000_000, 'y')
    const heads: Record<string, string>[] = []
    let received = 0
    await new Promise<void>((resolve, reject) => {
      const listener = {
        headers: (headers: Record<string, string>) => void heads.push(headers),
        data: (chunk: Buffer) => {
          received += chunk.length
        },
        ended: resolve,
        aborted: (code: number) => reject(new Error(`aborted with ${code}`)),
      }
      const head = { ':method': 'POST', ':scheme': 'http', ':path': '/', ':authority': 'localhost' }
      const stream = connection.request(encodeHeaders(head), listener)
      stream.sendData(body, true)
    })
    assert.equal(received, body.length)
    assert.deepEqual([heads[0]![':status'], heads.at(-1)!['grpc-status']], ['200', '0'])
  })
})

describe('Connection against peers that break the rules', () => {
  const frame = (type: number, flags: number, stream: number, payload: number[]) =>
    Buffer.from([0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload])
  const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(FrameType.settings, 0, 0, [])])
  const cases: [string, Buffer, number][] = [
    ['no preface', Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n'), 1],
    ['a frame that is too long', Buffer.concat([preface, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]), 6],
    ['a header that is not there', Buffer.concat([preface, frame(FrameType.headers, 5, 1, [0xff, 0xff, 0x7f])]), 9],
    ['data for no stream', Buffer.concat([preface, frame(FrameType.data, 0, 7, [1])]), 1],
    ['an even stream', Buffer.concat([preface, frame(FrameType.headers, 5, 2, [0x82])]), 1],
    [
      'an interrupted header block',
      Buffer.concat([preface, frame(FrameType.headers, 0, 1, [0x82]), frame(FrameType.ping, 0, 0, Array(8).fill(0))]),
      1,
    ],
  ]
  for (const [what, bytes, code] of cases) {
    it(`ends the connection for ${what}`, async () => {
      const { port } = await listening(echo)
      const socket = connect(port, '127.0.0.1')
      const chunks: Buffer[] = []
      socket.on('data', chunk => chunks.push(chunk))
      socket.write(bytes)
      await new Promise<void>(resolve => socket.on('close', () => resolve()))
      const said = Buffer.concat(chunks)
      assert.equal(said.readUInt32BE(said.length - 4), code, said.toString('hex'))
    })
  }
})

describe('headers', () => {
  it('decodes the examples of RFC 7541 with and without Huffman code', () => {
    const plain = new HeaderDecoder()
    const huffman = new HeaderDecoder()
    const rounds: [string, string, Record<string, string>][] = [
      ['828684410f7777772e6578616d706c652e636f6d', '828684418cf1e3c2e5f23a6ba0ab90f4ff', {}],
      ['828684be58086e6f2d6361636865', '828684be5886a8eb10649cbf', { 'cache-control': 'no-cache' }],
    ]
    for (const [one, other, more] of rounds) {
      const expected = { ':method': 'GET', ':scheme': 'http', ':path': '/', ':authority': 'www.example.com', ...more }
      assert.deepEqual({ ...plain.decode(Buffer.from(one, 'hex')) }, expected)
      assert.deepEqual({ ...huffman.decode(Buffer.from(other, 'hex')) }, expected)
    }
  })

  it('decodes what it encodes', () => {
    const headers = { ':status': '200', 'grpc-status': '11', 'grpc-message': 'x'.repeat(500), te: 'trailers' }
    assert.deepEqual({ ...new HeaderDecoder().decode(encodeHeaders(headers)) }, headers)
  })

  it('rejects wrong padding', () => {
    assert.throws(() => decodeHuffman(Buffer.from([0x00, 0x00]), 0, 2), /padded/)
  })
})
