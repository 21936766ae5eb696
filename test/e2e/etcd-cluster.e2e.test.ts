import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { connect } from 'node:tls'
import { Channel, type ChannelTls } from '../../etcd/client/channel.ts'
import { EtcdError } from '../../etcd/errors.ts'
import { Listener } from '../../etcd/listen.ts'
import { idText } from '../../etcd/member/identity.ts'
import { hashKeys } from '../../etcd/mvcc/hash.ts'
import {
  AlarmAction,
  LeaseGrantRequest,
  LeaseGrantResponse,
  LeaseKeepAliveRequest,
  LeaseKeepAliveResponse,
  MemberAddRequest,
  MemberAddResponse,
  MemberPromoteRequest,
  MemberRemoveRequest,
  MembersResponse,
} from '../../etcd/proto/control-messages.ts'
import { PutRequest, PutResponse, RangeRequest, RangeResponse } from '../../etcd/proto/messages.ts'
import { type RunningEtcd, startEtcd } from '../../etcd/start.ts'
import { type TlsFiles, TlsSource } from '../../etcd/tls.ts'
import { Authority, createAuthority } from '../../pki/authority.ts'
import { FakeClock, systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { systemRandom } from '../../platform/random.ts'
import { KUBOX_ETCD } from '../etcd/servers.ts'
import { etcd } from '../peers/index.ts'
import { eventually } from '../support/eventually.ts'
import { freePorts } from '../support/ports.ts'

const PUT = [PutRequest, PutResponse] as const
const RANGE = [RangeRequest, RangeResponse] as const
const CLUSTER = '/etcdserverpb.Cluster'

/** Certificates of one authority, as kubeadm would lay them down. */
class Certificates {
  readonly ca: string
  readonly #authority: Authority
  readonly #directory: string

  constructor(directory: string) {
    const pair = createAuthority('etcd-ca', systemClock, systemRandom)
    this.ca = pair.certificate
    this.#authority = new Authority(pair, systemClock, systemRandom)
    this.#directory = directory
  }

  client(): ChannelTls {
    const subject = { commonName: 'client', organizations: [] }
    const { certificate, key } = this.#authority.issue({ subject, usage: 'client' })
    return { ca: this.ca, cert: certificate, key }
  }

  async server(name: string): Promise<TlsFiles> {
    const request = {
      subject: { commonName: name, organizations: [] },
      ipAddresses: ['127.0.0.1'],
      dnsNames: ['localhost'],
    }
    const { certificate, key } = this.#authority.issue({ ...request, usage: 'server and client' })
    const path = (suffix: string) => join(this.#directory, `${name}.${suffix}`)
    await writeFile(path('crt'), certificate)
    await writeFile(path('key'), key, { mode: 0o600 })
    await writeFile(path('ca'), this.ca)
    return { certFile: path('crt'), keyFile: path('key'), trustedCaFile: path('ca'), clientCertAuth: true }
  }
}

interface Seat {
  name: string
  clientPort: number
  peerPort: number
  directory: string
  log: MemoryLog
  running?: RunningEtcd
}

/** Members in this process, with TLS between them and to their clients. */
class Cluster {
  readonly seats: Seat[] = []
  readonly directory: string
  readonly certificates: Certificates

  constructor(directory: string) {
    this.directory = directory
    this.certificates = new Certificates(directory)
  }

  async seat(): Promise<Seat> {
    const [clientPort = 0, peerPort = 0] = await freePorts(2)
    const name = `m${this.seats.length + 1}`
    const seat = { name, clientPort, peerPort, directory: join(this.directory, name), log: new MemoryLog(name) }
    this.seats.push(seat)
    return seat
  }

  async start(seat: Seat, join = false): Promise<void> {
    const { name, clientPort, peerPort, directory, log } = seat
    const clientUrls = [`https://127.0.0.1:${clientPort}`]
    const peerUrls = [`https://127.0.0.1:${peerPort}`]
    seat.running = await startEtcd(
      {
        name,
        dataDirectory: directory,
        listenClientUrls: clientUrls,
        advertiseClientUrls: clientUrls,
        listenPeerUrls: peerUrls,
        advertisePeerUrls: peerUrls,
        initialCluster: this.seats.map(each => ({ name: each.name, peerUrls: [`https://127.0.0.1:${each.peerPort}`] })),
        join,
        clientTls: await this.certificates.server(`${name}-client`),
        peerTls: await this.certificates.server(`${name}-peer`),
      },
      { disk: systemDisk, clock: systemClock, random: systemRandom, log },
    )
    await seat.running.member.ready()
  }

  async stop(seat: Seat): Promise<void> {
    await seat.running?.stop()
    seat.running = undefined
  }

  get live(): Seat[] {
    return this.seats.filter(seat => seat.running)
  }

  get leader(): Seat {
    return this.live.find(seat => seat.running!.member.isLeader)!
  }

  get followers(): Seat[] {
    return this.live.filter(seat => seat !== this.leader)
  }

  channel(seats: readonly Seat[], tls: ChannelTls | undefined = this.certificates.client()): Channel {
    return new Channel({
      endpoints: seats.map(seat => `https://127.0.0.1:${seat.clientPort}`),
      tls,
      clock: systemClock,
    })
  }

  evidence(): string {
    const lines = this.seats.flatMap(({ log }) => log.entries.slice(-10))
    return lines.map(({ name, message, fields }) => `${name} ${message} ${JSON.stringify(fields)}`).join('\n')
  }

  async alike(): Promise<void> {
    await eventually({ what: 'all members are alike', evidence: () => this.evidence() }, async () => {
      const states = this.live.map(({ running }) => {
        const { keyspace } = running!.member.machine
        return `${keyspace.revision} ${hashKeys(keyspace, 0)}`
      })
      return new Set(states).size === 1
    })
  }
}

describe('three members with TLS between them and to their clients', { timeout: 500_000 }, () => {
  let directory: string
  let cluster: Cluster
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kubox-cluster-'))
    cluster = new Cluster(directory)
    for (let i = 0; i < 3; i++) await cluster.seat()
    await Promise.all(cluster.seats.map(seat => cluster.start(seat)))
  })
  after(async () => {
    await Promise.all(cluster.live.map(seat => cluster.stop(seat)))
    await rm(directory, { recursive: true })
  })

  it('refuse clients without a certificate, and those of another authority', async () => {
    const stranger = new Certificates(directory).client()
    for (const tls of [{ ca: cluster.certificates.ca }, { ...stranger, ca: cluster.certificates.ca }]) {
      const channel = cluster.channel([cluster.leader], tls)
      await assert.rejects(channel.unary('/etcdserverpb.KV/Range', RANGE, { key: 'a' }, 2000), EtcdError)
      channel.close()
    }
  })

  it('take writes at a follower, show them at every member, and time leases at the leader', async () => {
    const channel = cluster.channel([cluster.followers[0]!])
    const grant = [LeaseGrantRequest, LeaseGrantResponse] as const
    const { id: lease } = await channel.unary('/etcdserverpb.Lease/LeaseGrant', grant, { ttl: 60 })
    await channel.unary('/etcdserverpb.KV/Put', PUT, { key: 'a', value: Buffer.from('1'), lease })
    for (const seat of cluster.live) {
      const other = cluster.channel([seat])
      const { kvs } = await other.unary('/etcdserverpb.KV/Range', RANGE, { key: 'a' })
      assert.equal(Buffer.from(kvs[0]!.value).toString(), '1', seat.name)
      other.close()
    }
    const ttl = await new Promise<number>((resolve, reject) => {
      const listener = {
        message: (bytes: Buffer) => resolve(LeaseKeepAliveResponse.decode(bytes).ttl),
        ended: (error: EtcdError | undefined) => reject(error ?? new Error('no answer')),
      }
      channel.stream('/etcdserverpb.Lease/LeaseKeepAlive', listener).then(call => {
        call.send(LeaseKeepAliveRequest.encode({ id: lease }))
      }, reject)
    })
    assert.equal(ttl, 60)
    channel.close()
  })

  it('take in a learner, promote it, and let another go, while they are written to', async t => {
    const channel = cluster.channel(cluster.live.slice(0, 2))
    const acknowledged: string[] = []
    let writing = true
    // Whatever fails here, the tests that follow are not about a store that is written to without end.
    t.after(() => {
      writing = false
    })
    const writer = (async () => {
      for (let i = 0; writing; i++) {
        const written = await channel.unary('/etcdserverpb.KV/Put', PUT, { key: `load/${i}` }).catch(() => undefined)
        if (written) acknowledged.push(`load/${i}`)
      }
    })()
    const seat = await cluster.seat()
    const admin = cluster.channel([cluster.followers[0]!])
    const peerUrls = [`https://127.0.0.1:${seat.peerPort}`]
    const added = await admin.unary(`${CLUSTER}/MemberAdd`, [MemberAddRequest, MemberAddResponse], {
      peerUrls,
      isLearner: true,
    })
    const { id } = added.member!
    await assert.rejects(
      admin.unary(`${CLUSTER}/MemberPromote`, [MemberPromoteRequest, MembersResponse], { id }),
      /can only promote a learner member which is in sync with leader/,
    )
    await cluster.start(seat, true)
    await eventually({ what: 'the learner is promoted', evidence: () => cluster.evidence() }, async () => {
      const { members } = await admin.unary(`${CLUSTER}/MemberPromote`, [MemberPromoteRequest, MembersResponse], { id })
      return members.length === 4 && members.every(member => !member.isLearner)
    })
    const leaving =
      cluster.followers.find(each => each !== seat && !cluster.live.slice(0, 2).includes(each)) ?? cluster.followers[0]!
    const leavingId = BigInt(`0x${leaving.running!.member.id}`)
    // The one that is asked may be the one that goes, and its answer be lost with it.
    const answer = await admin
      .unary(`${CLUSTER}/MemberRemove`, [MemberRemoveRequest, MembersResponse], { id: leavingId })
      .catch(String)
    const evidence = () => `${JSON.stringify(answer)}\n${cluster.evidence()}`
    await eventually({ what: 'three members are left', evidence }, async () => {
      return cluster.leader.running!.member.roster.list().length === 3
    })
    await eventually({ what: 'the member that was removed stops', evidence }, async () => {
      return leaving.running!.member.closed.aborted
    })
    await cluster.stop(leaving)
    writing = false
    await writer
    assert.ok(acknowledged.length > 20, `${acknowledged.length} writes were acknowledged`)
    await cluster.alike()
    const { keyspace } = seat.running!.member.machine
    assert.deepEqual(
      acknowledged.filter(key => !keyspace.get(key)),
      [],
    )
    channel.close()
    admin.close()
  })

  it('bring up to date a member that was away: by the log, and by a snapshot', async () => {
    for (const writes of [200, 7000]) {
      const away = cluster.followers[0]!
      await cluster.stop(away)
      const { member } = cluster.leader.running!
      for (let at = 0; at < writes; at += 200) {
        await Promise.all(
          Array.from({ length: 200 }, (_, i) =>
            member.put(PutRequest.of({ key: `away/${at + i}`, value: Buffer.alloc(100) })),
          ),
        )
      }
      if (writes > 5000) await member.takeSnapshot()
      await cluster.start(away)
      await cluster.alike()
      const bySnapshot = away.log.entries.some(({ message }) => message.includes('received a snapshot'))
      assert.equal(bySnapshot, writes > 5000, cluster.evidence())
    }
  })

  it('serve the real etcdctl, and back themselves up, with certificates', async () => {
    const { ca, cert, key } = cluster.certificates.client()
    const files: Record<string, string> = {}
    for (const [name, content] of Object.entries({ ca, cert, key })) {
      files[name] = join(directory, `client-${name}.pem`)
      await writeFile(files[name], content!)
    }
    const flags = [
      '--endpoints',
      `127.0.0.1:${cluster.leader.clientPort}`,
      '--cacert',
      files.ca!,
      '--cert',
      files.cert!,
      '--key',
      files.key!,
    ]
    const { etcdctl } = await etcd('3.4')
    const ctl = (...args: string[]) =>
      runChecked(systemProcesses, etcdctl, [...flags, ...args], { env: { ETCDCTL_API: '3' } })
    assert.equal(await ctl('put', 'key1', 'value1'), 'OK\n')
    assert.equal(await ctl('get', 'key1'), 'key1\nvalue1\n')
    assert.match(await ctl('get', '/', '--prefix', '--keys-only'), /^$/)
    assert.match(await ctl('get', 'away', '--prefix', '--keys-only', '--limit', '2'), /^away\/0\n\naway\/1\n\n$/)

    const kubox = (...args: string[]) => runChecked(systemProcesses, KUBOX_ETCD[0]!, [...KUBOX_ETCD.slice(1), ...args])
    const file = join(directory, 'backup.db')
    await kubox('snapshot', 'save', file, ...flags)
    const revision = cluster.leader.running!.member.revision
    assert.match(await kubox('snapshot', 'status', file), new RegExp(`revision ${revision},`))
    assert.equal(JSON.parse(await ctl('snapshot', 'status', file, '-w', 'json')).revision, revision)
    assert.match(await kubox('inspect', cluster.followers[0]!.directory), /^member .*\nstate .*term \d+/)
  })

  it('notice that one of them holds other keys, and take no more writes until the alarm is lifted', async () => {
    const leader = cluster.leader.running!.member
    const spoilt = cluster.followers[0]!.running!.member
    await leader.put(PutRequest.of({ key: 'spoilt', value: Buffer.from('good') }))
    await cluster.alike()
    const record = spoilt.machine.keyspace.get('spoilt')!
    const good = record.value
    record.value = Buffer.from('evil')
    await leader.corruption.check()
    await eventually({ what: 'the alarm is raised' }, async () => leader.machine.alarms().length > 0)
    const [alarm] = leader.machine.alarms()
    assert.equal(idText(alarm!.memberId), spoilt.id)
    await assert.rejects(leader.put(PutRequest.of({ key: 'more' })), /corrupt cluster/)
    assert.equal((await leader.range(RangeRequest.of({ key: 'spoilt' }))).count, 1)
    record.value = good
    await leader.alarm({ ...alarm!, action: AlarmAction.deactivate })
    await leader.put(PutRequest.of({ key: 'more' }))
    await cluster.alike()
  })

  it('move their leadership', async () => {
    const before = cluster.leader
    const target = cluster.followers[0]!
    await before.running!.member.roster.moveLeader(target.running!.member.id)
    await eventually({ what: 'the target leads' }, async () => target.running!.member.isLeader)
    assert.equal(before.running!.member.isLeader, false)
    assert.equal(idText(BigInt(`0x${target.running!.member.id}`)), target.running!.member.id)
  })
})

describe('a listener', () => {
  it('takes up renewed certificates without a restart', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'kubox-renewal-'))
    const certificates = new Certificates(directory)
    const clock = new FakeClock()
    const log = new MemoryLog()
    const options = { host: '127.0.0.1', port: 0, protocols: ['h2'], clock, log, accept: () => {} }
    const tls = new TlsSource(await certificates.server('renewed'))
    const listener = await Listener.open({ ...options, tls })
    try {
      const before = await certificateAt(listener.port, certificates.client())
      clock.advance(60_000)
      assert.equal(await certificateAt(listener.port, certificates.client()), before)
      const { certFile } = await certificates.server('renewed')
      // As of a minute later, whatever the resolution of the file system.
      await utimes(certFile, new Date(), new Date(Date.parse('2100-01-01')))
      clock.advance(60_000)
      const renewed = await certificateAt(listener.port, certificates.client())
      assert.notEqual(renewed, before)
      await writeFile(certFile, 'half a certif')
      clock.advance(60_000)
      assert.equal(await certificateAt(listener.port, certificates.client()), renewed)
      assert.ok(log.entries.some(({ message }) => message.includes('the old ones stay in use')))
    } finally {
      await listener.close()
      await rm(directory, { recursive: true })
    }
  })
})

/** The serial number of the certificate that a server shows. */
async function certificateAt(port: number, tls: ChannelTls): Promise<string> {
  const socket = connect({ host: '127.0.0.1', port, ...tls })
  try {
    await once(socket, 'secureConnect')
    return socket.getPeerCertificate().serialNumber
  } finally {
    socket.destroy()
  }
}
