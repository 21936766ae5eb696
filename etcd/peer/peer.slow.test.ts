import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { EtcdError, errors, GrpcCode } from '../errors.ts'
import { endpointOf } from '../listen.ts'
import type { Message } from '../raft/message.ts'
import { decodeCall, encodeCall, encodeFrame, FrameReader, Kind, type PeerFrame } from './framing.ts'
import { PeerNetwork } from './network.ts'

describe('peer frames', () => {
  const frames = [
    encodeFrame(Kind.hello, Buffer.from('{}')),
    encodeFrame(Kind.raft),
    encodeCall(Kind.call, 7, 'propose', Buffer.alloc(1000, 'x')),
    encodeCall(Kind.reply, 7, '', Buffer.from('answer')),
  ]
  for (const size of [1, 3, 5, 64, 10_000]) {
    it(`are put together again from pieces of ${size} bytes`, () => {
      const stream = Buffer.concat(frames)
      const reader = new FrameReader()
      const read: PeerFrame[] = []
      for (let at = 0; at < stream.length; at += size) {
        reader.push(stream.subarray(at, at + size), frame =>
          read.push({ ...frame, content: Buffer.from(frame.content) }),
        )
      }
      assert.deepEqual(
        read.map(frame => frame.kind),
        [Kind.hello, Kind.raft, Kind.call, Kind.reply],
      )
      const call = decodeCall(read[2]!.content)
      assert.deepEqual([call.number, call.word, call.content.length], [7, 'propose', 1000])
      assert.equal(decodeCall(read[3]!.content).content.toString(), 'answer')
    })
  }

  it('are refused when they are longer than any frame is', () => {
    assert.throws(() => new FrameReader().push(Buffer.from([0xff, 0xff, 0xff, 0xff, 1]), () => {}), /too long/)
  })
})

describe('PeerNetwork', () => {
  const networks: PeerNetwork[] = []
  after(() => Promise.all(networks.map(network => network.close())))

  async function network(
    from: string,
    cluster = 'c1',
    port = 0,
  ): Promise<PeerNetwork & { port: number; log: MemoryLog }> {
    const log = new MemoryLog()
    const made = new PeerNetwork({ listenUrls: [`http://127.0.0.1:${port}`], tls: undefined, clock: systemClock, log })
    made.identify({ cluster, from })
    await made.listen()
    networks.push(made)
    return Object.assign(made, { port: made.ports[0]!, log })
  }
  const peerOf = (id: string, { port }: { port: number }) => ({ id, peerUrls: [`http://127.0.0.1:${port}`] })
  const vote = (from: string, to: string): Message => {
    return { from, to, term: 3, type: 'vote', lastIndex: 1, lastTerm: 1, force: false }
  }

  /** Sends again and again, as Raft does, until it arrives. */
  async function deliver(sender: PeerNetwork, receiver: PeerNetwork, message: Message): Promise<Message> {
    return new Promise(resolve => {
      receiver.onMessage(resolve)
      const again = () => {
        sender.send(message)
        systemClock.after(20, again)
      }
      again()
    })
  }

  it('brings the last message to one that is let go, however much is on its way', { timeout: 10_000 }, async () => {
    const [a, b] = [await network('a'), await network('b')]
    a.setPeers([peerOf('b', b)])
    await deliver(a, b, vote('a', 'b'))
    const heard = new Promise<void>(resolve => {
      b.onMessage(message => message.type === 'append' && message.commit === 20 && resolve())
    })
    const entries = [{ term: 3, index: 1, type: 'normal' as const, data: Buffer.alloc(1 << 20) }]
    for (let commit = 1; commit <= 20; commit++) {
      a.send({ from: 'a', to: 'b', term: 3, type: 'append', previousIndex: 0, previousTerm: 0, entries, commit })
    }
    a.setPeers([])
    await heard
  })

  it('carries messages, calls and the errors that answer them', { timeout: 10_000 }, async () => {
    const [a, b] = [await network('a'), await network('b')]
    a.setPeers([peerOf('b', b)])
    assert.deepEqual(await deliver(a, b, vote('a', 'b')), vote('a', 'b'))
    b.onCall(async (method, content) => {
      if (method === 'refuse') throw errors.leaseNotFound
      return Buffer.from(`${method} ${content}`)
    })
    assert.equal((await a.call('b', 'echo', Buffer.from('hello'), 1000)).toString(), 'echo hello')
    await assert.rejects(a.call('b', 'refuse', Buffer.alloc(0), 1000), (error: unknown) => {
      assert.ok(error instanceof EtcdError)
      assert.deepEqual([error.code, error.message], [GrpcCode.notFound, 'etcdserver: requested lease not found'])
      return true
    })
  })

  it('comes back after the other was away, and moves with it', { timeout: 20_000 }, async () => {
    const [a, b] = [await network('a'), await network('b')]
    a.setPeers([peerOf('b', b)])
    await deliver(a, b, vote('a', 'b'))
    const unreachable = new Promise(resolve => a.onUnreachable(resolve))
    await b.close()
    assert.equal(await unreachable, 'b')
    const moved = await network('b')
    a.setPeers([peerOf('b', moved)])
    await deliver(a, moved, vote('a', 'b'))
  })

  it('refuses members of another cluster', { timeout: 10_000 }, async () => {
    const [a, stranger] = [await network('a'), await network('x', 'c2')]
    a.onMessage(() => assert.fail('a message from another cluster came through'))
    stranger.setPeers([peerOf('a', a)])
    while (!a.log.entries.some(entry => /cluster ID mismatch/.test(String(entry.fields.error)))) {
      stranger.send(vote('x', 'a'))
      await new Promise(resolve => systemClock.after(20, () => resolve(undefined)))
    }
  })

  it('refuses whoever does not say who it is', { timeout: 10_000 }, async () => {
    const a = await network('a')
    const socket = connect(a.port, '127.0.0.1')
    socket.write(encodeFrame(Kind.raft, Buffer.from('x')))
    await new Promise<void>(resolve => socket.on('close', () => resolve()))
    assert.ok(a.log.entries.some(entry => entry.message === 'rejected a peer connection'))
  })

  it('says at once that nobody is there to be called', async () => {
    const a = await network('a')
    await assert.rejects(a.call('b', 'echo', Buffer.alloc(0), 1000), /no leader/)
  })
})

describe('endpointOf', () => {
  const cases: [string, string, number, boolean][] = [
    ['http://127.0.0.1:2379', '127.0.0.1', 2379, false],
    ['https://[::1]:2380', '::1', 2380, true],
    ['https://master1:443', 'master1', 0, true],
  ]
  for (const [url, host, port, secure] of cases) {
    it(url, () => {
      const endpoint = endpointOf(url)
      assert.deepEqual([endpoint.host, endpoint.secure], [host, secure])
      if (port !== 0) assert.equal(endpoint.port, port)
      else assert.equal(endpoint.port, 443)
    })
  }
  for (const [url, message] of [
    ['unix:///run/x', /must begin with http/],
    ['http://host', /names no port/],
  ] as const) {
    it(`refuses ${url}`, () => assert.throws(() => endpointOf(url), message))
  }
})
