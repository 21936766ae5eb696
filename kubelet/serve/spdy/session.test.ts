import assert from 'node:assert/strict'
import { once } from 'node:events'
import { Duplex, PassThrough } from 'node:stream'
import { describe, it } from 'node:test'
import { dataHead, openFrame, pingFrame, resetFrame } from './frames.ts'
import { HeaderPacker } from './headers.ts'
import { SpdySession } from './session.ts'
import type { SpdyStream } from './stream.ts'

/** Two ends of one connection that holds some 64 KB, as a socket does. */
function pipe(): [Duplex, Duplex] {
  const [there, back] = [new PassThrough({ highWaterMark: 65536 }), new PassThrough({ highWaterMark: 65536 })]
  return [Duplex.from({ readable: back, writable: there }), Duplex.from({ readable: there, writable: back })]
}

function connect(onStream: (stream: SpdyStream) => void) {
  const [one, other] = pipe()
  const ended: (Error | undefined)[] = []
  const onEnd = (error?: Error) => ended.push(error)
  const client = new SpdySession(one, { role: 'client', onStream: stream => stream.refuse(), onEnd })
  const server = new SpdySession(other, { role: 'server', onStream, onEnd })
  return { client, server, one, other, ended }
}

async function text(stream: SpdyStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

describe('a SPDY session', () => {
  it('carries streams with their headers, each direction ending by itself', async () => {
    const { client } = connect(stream => {
      stream.accept()
      void text(stream).then(said => stream.end(`${stream.headers.streamtype} said ${said}`))
    })
    const streams = ['one', 'two', 'three'].map(streamtype => client.open({ streamtype }))
    for (const [index, stream] of streams.entries()) stream.end(String(index))
    assert.deepEqual(await Promise.all(streams.map(text)), ['one said 0', 'two said 1', 'three said 2'])
    await Promise.all(streams.map(stream => stream.closed || once(stream, 'close')))
  })

  it('carries megabytes on many streams at once, none of them starving', async () => {
    const size = 2 * 1024 * 1024
    const { client } = connect(stream => stream.pipe(stream))
    const streams = Array.from({ length: 20 }, (_, id) => ({ id, stream: client.open({ id: String(id) }) }))
    const finished: number[] = []
    const received = streams.map(async ({ id, stream }) => {
      stream.end(Buffer.alloc(size, id + 1))
      let length = 0
      for await (const chunk of stream) {
        assert.equal(chunk[0], id + 1)
        length += chunk.length
        if (length > size / 2 && !finished.includes(id)) finished.push(id)
        // The fastest may not be done before the slowest has begun.
        if (length === size) assert.equal(finished.length, streams.length, `stream ${id} ran ahead of others`)
      }
      return length
    })
    assert.deepEqual(
      await Promise.all(received),
      streams.map(() => size),
    )
  })

  it('keeps a megabyte for a reader that is behind, while other streams go on; then the connection waits', async () => {
    const served: SpdyStream[] = []
    const { client, other } = connect(stream => served.push(stream))
    const slow = client.open({ name: 'slow' })
    const quick = client.open({ name: 'quick' })
    slow.write(Buffer.alloc(900_000))
    quick.end('through')
    await until(() => served.length === 2)
    assert.equal(await text(served[1]!), 'through')
    slow.write(Buffer.alloc(900_000))
    await until(() => other.isPaused())
    served[0]!.resume()
    await until(() => !other.isPaused())
  })

  it('drops what is sent to a stream that the other side has reset', async () => {
    const served: SpdyStream[] = []
    const { client, ended } = connect(stream => {
      served.push(stream)
      stream.on('error', error => assert.fail(error))
      stream.write('begin')
    })
    const stream = client.open({})
    await once(stream, 'data')
    stream.destroy()
    await once(served[0]!, 'close')
    assert.ok(served[0]!.wasReset)
    await once(client.open({}), 'data')
    assert.deepEqual(ended, [])
  })

  it('resets a stream that is given up on its own side', async () => {
    const { client } = connect(stream => {
      stream.on('error', () => undefined)
      stream.destroy(new Error('the port broke'))
    })
    const stream = client.open({})
    await once(stream, 'close')
    assert.ok(stream.wasReset)
  })

  it('ends all its streams and its connection when the other side leaves', async () => {
    const served: SpdyStream[] = []
    const { client, server, one, other, ended } = connect(stream => served.push(stream))
    client.open({})
    await until(() => served.length === 1)
    client.close()
    await until(() => ended.length === 2)
    assert.deepEqual(ended, [undefined, undefined])
    assert.ok(served[0]!.destroyed)
    assert.ok(server.ended)
    await until(() => one.writableFinished && other.writableFinished)
  })

  it('echoes a ping, and does not answer the echo of its own', async () => {
    const [peer, transport] = pipe()
    new SpdySession(transport, { role: 'server', onStream: () => assert.fail('no stream was opened') })
    peer.write(Buffer.concat([pingFrame(2), pingFrame(7)]))
    assert.deepEqual((await once(peer, 'data'))[0], pingFrame(7))
  })

  const pack = () => new HeaderPacker().pack({ streamtype: 'data' })
  const HOSTILE: [name: string, bytes: () => Buffer][] = [
    ['no SPDY at all', () => Buffer.from('GET / HTTP/1.1\r\n\r\n\x80\x00\x00\x00\x00\x00\x00\x00')],
    ['a stream id of our own parity', () => openFrame(2, pack())],
    ['a stream id twice', () => Buffer.concat([openFrame(1, pack()), openFrame(1, pack())])],
    ['headers that do not inflate', () => openFrame(1, Buffer.from('no zlib here'))],
  ]
  for (const [name, bytes] of HOSTILE) {
    it(`ends on ${name}, and says so`, async () => {
      const [peer, transport] = pipe()
      const ended = new Promise<Error | undefined>(resolve => {
        new SpdySession(transport, { role: 'server', onStream: stream => stream.accept(), onEnd: resolve })
      })
      peer.on('error', () => undefined).resume()
      peer.write(bytes())
      if (name.startsWith('no SPDY')) peer.end()
      assert.ok(name.startsWith('no SPDY') || (await ended) instanceof Error)
      await until(() => transport.destroyed || transport.writableFinished)
    })
  }

  it('takes data and resets for streams it does not know for what they are: late', async () => {
    const [peer, transport] = pipe()
    const streams: SpdyStream[] = []
    new SpdySession(transport, { role: 'server', onStream: stream => streams.push(stream) })
    const late = Buffer.concat([dataHead(9, 4, true), Buffer.from('late'), resetFrame(9, 5)])
    peer.write(Buffer.concat([late, openFrame(11, pack())]))
    await until(() => streams.length === 1)
  })
})

async function until(holds: () => boolean): Promise<void> {
  const end = performance.now() + 5000
  while (!holds()) {
    assert.ok(performance.now() < end, `not in time: ${holds}`)
    await new Promise(resolve => setImmediate(resolve))
  }
}
