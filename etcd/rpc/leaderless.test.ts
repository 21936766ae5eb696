import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { FakeClock, systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { ClientCall } from '../client/call.ts'
import type { EtcdError } from '../errors.ts'
import { Connection } from '../h2/connection.ts'
import { encodeHeaders, type Headers } from '../h2/hpack.ts'
import { type Member, openMember } from '../member.ts'
import { WatchCreateRequest, WatchRequest } from '../proto/control-messages.ts'
import { ClientServer } from './server.ts'

const clock = new FakeClock()
let leads = true
let directory: string
let member: Member
let server: ClientServer
let socket: Socket
let connection: Connection

/** The member as its server sees it while nobody leads, and with a clock of its own. */
function seenAs(real: Member): Member {
  return new Proxy(real, {
    get(target, name) {
      if (name === 'clock') return clock
      if (name === 'leader' && !leads) return ''
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubox-leaderless-'))
  const machinery = { disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() }
  member = await openMember({ name: 'default', directory, ...machinery })
  await member.ready()
  server = new ClientServer(seenAs(member), machinery.log)
  socket = connect(await server.listen('http://127.0.0.1:0'), '127.0.0.1')
  connection = new Connection(socket, false, { closed: () => {} })
})
after(async () => {
  socket.destroy()
  await server.close()
  await member.close()
  await rm(directory, { recursive: true })
})

/** A watch; `heard` resolves with its first message, `over` with the error that ends it, which is kept as `end`. */
function watch(more: Headers) {
  const heard = Promise.withResolvers<void>()
  const over = Promise.withResolvers<EtcdError | undefined>()
  const watching = { heard: heard.promise, over: over.promise, end: undefined as EtcdError | undefined }
  const ended = (error: EtcdError | undefined) => {
    watching.end = error
    over.resolve(error)
  }
  const call = new ClientCall({ message: () => heard.resolve(), ended })
  const path = { ':method': 'POST', ':scheme': 'http', ':path': '/etcdserverpb.Watch/Watch', ':authority': 'etcd' }
  call.start(connection.request(encodeHeaders({ ...path, 'content-type': 'application/grpc', ...more }), call))
  call.send(WatchRequest.encode({ createRequest: WatchCreateRequest.of({ key: 'k' }) }))
  return watching
}

describe('a stream that wants a leader', () => {
  it('ends when there has been none for three checks, is refused from then on, and served when one is back', async () => {
    const [wanting, content] = [watch({ hasleader: 'true' }), watch({})]
    await Promise.all([wanting.heard, content.heard])
    leads = false
    clock.advance(2000)
    leads = true
    clock.advance(1000)
    leads = false
    clock.advance(2000)
    // Answered on the same connection, so whatever was said before has arrived as well.
    await watch({}).heard
    assert.equal(wanting.end, undefined)
    clock.advance(1000)
    assert.match(String(await wanting.over), /no leader/)
    assert.match(String(await watch({ hasleader: 'true' }).over), /no leader/)
    leads = true
    await Promise.all([watch({ hasleader: 'true' }).heard, watch({}).heard])
    assert.equal(content.end, undefined)
  })
})
