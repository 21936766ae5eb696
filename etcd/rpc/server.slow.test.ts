import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { Channel } from '../client/channel.ts'
import { EtcdError } from '../errors.ts'
import {
  EmptyRequest,
  HeaderResponse,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  WatchCreateRequest,
  WatchFilter,
  WatchRequest,
  WatchResponse,
} from '../proto/control-messages.ts'
import {
  CampaignRequest,
  CampaignResponse,
  LeaderRequest,
  LeaderResponse,
  LockRequest,
  LockResponse,
  ProclaimRequest,
  ResignRequest,
  UnlockRequest,
} from '../proto/lock-messages.ts'
import {
  CompactionRequest,
  CompactionResponse,
  PutRequest,
  PutResponse,
  RangeRequest,
  RangeResponse,
  RangeStreamResponse,
  TxnRequest,
  TxnResponse,
} from '../proto/messages.ts'
import { type RunningEtcd, startEtcd } from '../start.ts'

let directory: string
let running: RunningEtcd
let channel: Channel
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubox-rpc-'))
  const config = {
    name: 'default',
    dataDirectory: directory,
    listenPeerUrls: [],
    advertisePeerUrls: ['http://localhost:2380'],
  }
  running = await startEtcd(
    { ...config, listenClientUrls: ['http://127.0.0.1:0'], advertiseClientUrls: [] },
    { disk: systemDisk, clock: systemClock, random: systemRandom, log: new MemoryLog() },
  )
  await running.member.ready()
  channel = new Channel({ endpoints: [`127.0.0.1:${running.port}`], clock: systemClock })
})
after(async () => {
  channel.close()
  await running.stop()
  await rm(directory, { recursive: true })
})

const put = (key: string, value = '') =>
  channel.unary('/etcdserverpb.KV/Put', [PutRequest, PutResponse], { key, value: Buffer.from(value) })
const grant = async (ttl: number) =>
  (await channel.unary('/etcdserverpb.Lease/LeaseGrant', [LeaseGrantRequest, LeaseGrantResponse], { ttl })).id

/** Everything that a stream says, to be waited for. */
class Heard<T extends object> {
  readonly messages: T[] = []
  error: EtcdError | undefined
  over = false
  #wake: () => void = () => {}
  readonly #type: { decode(bytes: Uint8Array): T }
  constructor(type: { decode(bytes: Uint8Array): T }) {
    this.#type = type
  }
  message(bytes: Buffer): void {
    this.messages.push(this.#type.decode(bytes))
    this.#wake()
  }
  ended(error: EtcdError | undefined): void {
    this.error = error
    this.over = true
    this.#wake()
  }
  async until(wanted: (messages: T[]) => boolean): Promise<T[]> {
    const overdue = AbortSignal.timeout(10_000)
    overdue.addEventListener('abort', () => this.#wake())
    while (!wanted(this.messages)) {
      if (overdue.aborted || this.over) assert.fail(`it said only ${this.messages.length} things (${this.error})`)
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return this.messages
  }
}

async function watching(...requests: Partial<WatchCreateRequest>[]) {
  const heard = new Heard(WatchResponse)
  const call = await channel.stream('/etcdserverpb.Watch/Watch', heard)
  const create = (request: Partial<WatchCreateRequest>) =>
    call.send(WatchRequest.encode({ createRequest: WatchCreateRequest.of(request) }))
  for (const request of requests) create(request)
  await heard.until(messages => messages.filter(message => message.created).length === requests.length)
  const events = () =>
    heard.messages.flatMap(({ watchId, events }) =>
      events.map(({ type, kv }) => `${watchId}${type === 0 ? '+' : '-'}${kv!.key}`),
    )
  return { heard, call, create, events }
}

describe('errors, in code and words', () => {
  const KV = '/etcdserverpb.KV'
  const cases: [string, () => Promise<unknown>, number, string][] = [
    ['a put without key', () => put(''), 3, 'etcdserver: key is not provided'],
    [
      'a revision to come',
      () => channel.unary(`${KV}/Range`, [RangeRequest, RangeResponse], { key: 'a', revision: 1e6 }),
      11,
      'etcdserver: mvcc: required revision is a future revision',
    ],
    [
      'a compaction to come',
      () => channel.unary(`${KV}/Compact`, [CompactionRequest, CompactionResponse], { revision: 1e6 }),
      11,
      'etcdserver: mvcc: required revision is a future revision',
    ],
    [
      'a lease that is not there',
      () => channel.unary(`${KV}/Put`, [PutRequest, PutResponse], { key: 'a', lease: 99n }),
      5,
      'etcdserver: requested lease not found',
    ],
    [
      'too many operations',
      () => channel.unary(`${KV}/Txn`, [TxnRequest, TxnResponse], { success: Array(129).fill({}) }),
      3,
      'etcdserver: too many operations in txn request',
    ],
    ['a request that is too large', () => put('large', 'x'.repeat(1_700_000)), 3, 'etcdserver: request is too large'],
    [
      'one that is larger still',
      () => put('large', 'x'.repeat(2_200_000)),
      8,
      'grpc: received message larger than max (2200012 vs. 2097152)',
    ],
    [
      'users',
      () => channel.unary('/etcdserverpb.Auth/UserList', [EmptyRequest, HeaderResponse], {}),
      12,
      'etcdserver: this store keeps no users and roles; it is protected by client certificates (--client-cert-auth)',
    ],
    [
      'an unknown method',
      () => channel.unary(`${KV}/Nothing`, [EmptyRequest, HeaderResponse], {}),
      12,
      'unknown method Nothing for service etcdserverpb.KV',
    ],
    [
      'a downgrade',
      () => channel.unary('/etcdserverpb.Maintenance/Downgrade', [EmptyRequest, HeaderResponse], {}),
      12,
      'etcdserver: this store has one version only; there is no downgrade',
    ],
    [
      'a move of leadership to nobody',
      () => channel.unary('/etcdserverpb.Maintenance/MoveLeader', [EmptyRequest, HeaderResponse], {}),
      9,
      'etcdserver: bad leader transferee',
    ],
  ]
  for (const [what, run, code, message] of cases) {
    it(`${what}: ${code}`, async () => {
      await assert.rejects(run, (error: unknown) => {
        assert.ok(error instanceof EtcdError)
        assert.deepEqual([error.code, error.message], [code, message])
        return true
      })
    })
  }
})

describe('watches on one stream', () => {
  it('are numbered from 0, or as they wish, and each hears its own', async () => {
    const { heard, call, create, events } = await watching(
      { key: 'one/', rangeEnd: 'one0' },
      { key: 'two' },
      { key: 'one/b', watchId: 7 },
    )
    assert.deepEqual(
      heard.messages.map(message => message.watchId),
      [0, 1, 7],
    )
    await put('one/a')
    await put('one/b')
    await put('two')
    await heard.until(() => events().length >= 4)
    assert.deepEqual(events().sort(), ['0+one/a', '0+one/b', '1+two', '7+one/b'])
    create({ key: 'x', watchId: 7 })
    const refused = (await heard.until(messages => messages.at(-1)!.canceled)).at(-1)!
    assert.deepEqual(
      [refused.created, refused.watchId, refused.cancelReason],
      [true, -1, 'mvcc: duplicate watch ID provided on the WatchStream'],
    )
    call.cancel()
  })

  it('end one by one, and the others go on', async () => {
    const { heard, call, events } = await watching({ key: 'c' }, { key: 'c' })
    call.send(WatchRequest.encode({ cancelRequest: { watchId: 0 } }))
    await heard.until(messages => messages.some(message => message.canceled && message.watchId === 0))
    await put('c')
    await heard.until(() => events().length > 0)
    assert.deepEqual(events(), ['1+c'])
    call.cancel()
  })

  it('leave out what their filters say', async () => {
    const range = { key: 'f/', rangeEnd: 'f0' }
    const { heard, call, events } = await watching(
      { ...range, filters: [WatchFilter.noPut] },
      { ...range, filters: [WatchFilter.noDelete] },
    )
    await put('f/a')
    await running.member.deleteRange({ key: 'f/a', rangeEnd: '', prevKv: false })
    await heard.until(() => events().length >= 2)
    assert.deepEqual(events().sort(), ['0-f/a', '1+f/a'])
    call.cancel()
  })

  it('tell the value before, where asked to', async () => {
    await put('p', 'old')
    const { heard, call } = await watching({ key: 'p', prevKv: true }, { key: 'p' })
    await put('p', 'new')
    const messages = await heard.until(all => all.filter(message => message.events.length > 0).length >= 2)
    const previous = new Map(
      messages.flatMap(({ watchId, events }) => events.map(event => [watchId, event.prevKv] as const)),
    )
    assert.equal(Buffer.from(previous.get(0)!.value).toString(), 'old')
    assert.equal(previous.get(1), undefined)
    call.cancel()
  })

  it('cut large revisions into fragments', async () => {
    const large = Buffer.alloc(400_000)
    const puts = Array.from({ length: 3 }, (_, i) => ({
      requestPut: PutRequest.of({ key: `large/${i}`, value: large }),
    }))
    for (let i = 0; i < 2; i++)
      for (const { requestPut } of puts) await running.member.put({ ...requestPut, key: `${requestPut.key}/${i}` })
    const { heard, call, events } = await watching({
      key: 'large/',
      rangeEnd: 'large0',
      startRevision: 1,
      fragment: true,
    })
    await heard.until(() => events().length >= 6)
    const flags = heard.messages.filter(message => message.events.length > 0).map(message => message.fragment)
    assert.deepEqual(flags, [true, false])
    call.cancel()
  })

  it('tell their progress when asked', async () => {
    const { heard, call } = await watching({ key: 'quiet' })
    await put('elsewhere')
    call.send(WatchRequest.encode({ progressRequest: {} }))
    const progress = (await heard.until(messages => messages.some(message => message.watchId === -1))).at(-1)!
    assert.equal(progress.header!.revision, running.member.revision)
    call.cancel()
  })

  it('end with the compact revision where the past is gone', async () => {
    await put('past')
    const revision = running.member.revision
    await put('past')
    await running.member.compact(revision + 1)
    const { heard } = await watching({ key: 'past', startRevision: revision })
    const last = (await heard.until(messages => messages.at(-1)!.canceled)).at(-1)!
    assert.deepEqual([last.compactRevision, last.watchId], [revision + 1, 0])
  })

  it('deliver everything to a client that is slow to read, without keeping it all', async () => {
    const value = Buffer.alloc(100_000, 'x')
    const { heard, call, events } = await watching({ key: 'slow/', rangeEnd: 'slow0' })
    for (let i = 0; i < 80; i++) await running.member.put(PutRequest.of({ key: `slow/${i}`, value }))
    await heard.until(() => events().length >= 80)
    assert.deepEqual(
      events(),
      Array.from({ length: 80 }, (_, i) => `0+slow/${i}`),
    )
    call.cancel()
  })
})

describe('leases', () => {
  it('are kept alive in the order asked; one that is gone gets 0 seconds', async () => {
    const heard = new Heard(LeaseKeepAliveResponse)
    const call = await channel.stream('/etcdserverpb.Lease/LeaseKeepAlive', heard)
    const id = await grant(30)
    for (const each of [id, 12345n, id]) call.send(LeaseKeepAliveRequest.encode({ id: each }))
    const answers = await heard.until(messages => messages.length === 3)
    assert.deepEqual(
      answers.map(({ id: each, ttl }) => [each, ttl]),
      [
        [id, 30],
        [12345n, 0],
        [id, 30],
      ],
    )
    call.end()
  })
})

describe('locks', () => {
  it('are held by one at a time, in the order of asking', async () => {
    const order: string[] = []
    const lock = async (name: string) => {
      const lease = await grant(30)
      const { key } = await channel.unary('/v3lockpb.Lock/Lock', [LockRequest, LockResponse], { name: 'lock', lease })
      order.push(name)
      return { key, lease }
    }
    const unlock = (key: string) => channel.unary('/v3lockpb.Lock/Unlock', [UnlockRequest, HeaderResponse], { key })
    const first = await lock('first')
    assert.equal(first.key, `lock/${first.lease.toString(16)}`)
    const second = lock('second')
    await put('unrelated')
    assert.deepEqual(order, ['first'])
    await unlock(first.key)
    await unlock((await second).key)
    assert.deepEqual(order, ['first', 'second'])
  })

  it('pass on when the lease of the holder ends', async () => {
    const lease = await grant(30)
    const wanted = [LockRequest, LockResponse] as const
    await channel.unary('/v3lockpb.Lock/Lock', wanted, { name: 'leased', lease })
    const next = channel.unary('/v3lockpb.Lock/Lock', wanted, { name: 'leased', lease: await grant(30) })
    await running.member.revokeLease(lease)
    await next
  })
})

describe('elections', () => {
  it('have one leader, who proclaims, resigns and is followed', async () => {
    const campaign = async (value: string) =>
      channel.unary('/v3electionpb.Election/Campaign', [CampaignRequest, CampaignResponse], {
        name: 'e',
        lease: await grant(30),
        value: Buffer.from(value),
      })
    const heard = new Heard(LeaderResponse)
    const call = await channel.stream('/v3electionpb.Election/Observe', heard)
    call.send(LeaderRequest.encode({ name: 'e' }))
    const leader = () => channel.unary('/v3electionpb.Election/Leader', [LeaderRequest, LeaderResponse], { name: 'e' })
    await assert.rejects(leader(), /election: no leader/)
    const { leader: first } = await campaign('first')
    const second = campaign('second')
    assert.equal(Buffer.from((await leader()).kv!.value).toString(), 'first')
    await channel.unary('/v3electionpb.Election/Proclaim', [ProclaimRequest, HeaderResponse], {
      leader: first,
      value: Buffer.from('still first'),
    })
    await channel.unary('/v3electionpb.Election/Resign', [ResignRequest, HeaderResponse], { leader: first })
    await second
    await heard.until(messages => messages.some(({ kv }) => Buffer.from(kv!.value).toString() === 'second'))
    const proclaim = channel.unary('/v3electionpb.Election/Proclaim', [ProclaimRequest, HeaderResponse], {
      leader: first,
      value: Buffer.from('x'),
    })
    await assert.rejects(proclaim, /election: not leader/)
    call.cancel()
  })
})

describe('ranges as a stream', () => {
  it('are the same as at once', async () => {
    for (let i = 0; i < 2500; i++) await running.member.put(PutRequest.of({ key: `s/${String(i).padStart(5, '0')}` }))
    const heard = new Heard(RangeStreamResponse)
    const call = await channel.stream('/etcdserverpb.KV/RangeStream', heard)
    call.send(RangeRequest.encode({ key: 's/', rangeEnd: 's0' }))
    call.end()
    const count = (messages: { rangeResponse: RangeResponse | undefined }[]) =>
      messages.reduce((sum, { rangeResponse }) => sum + rangeResponse!.kvs.length, 0)
    await heard.until(messages => count(messages) === 2500)
    assert.ok(heard.messages.length > 1)
  })
})

describe('HTTP/1.1 on the same port', () => {
  const get = (path: string, method = 'GET') => fetch(`http://127.0.0.1:${running.port}${path}`, { method })
  const cases: [string, number, RegExp][] = [
    ['/health', 200, /^\{"health":"true","reason":""\}$/],
    ['/health?serializable=true', 200, /"true"/],
    ['/livez', 200, /ok/],
    ['/readyz', 200, /ok/],
    ['/version', 200, /"etcdserver":"3\.5\.\d+"/],
    ['/metrics', 200, /^etcd_server_has_leader 1$/m],
    ['/nothing', 404, /not found/],
  ]
  for (const [path, status, body] of cases) {
    it(path, async () => {
      const response = await get(path)
      assert.equal(response.status, status)
      assert.match(await response.text(), body)
    })
  }

  it('refuses to be written to', async () => {
    const response = await get('/health', 'POST')
    assert.equal(response.status, 405)
    await response.text()
  })
})
