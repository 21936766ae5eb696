import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { Resolver } from 'node:dns/promises'
import { once } from 'node:events'
import { connect } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Service } from '../../api/types/core-v1.ts'
import { systemClock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { DnsServer } from './server.ts'
import { type Zone, zoneOf } from './zone.ts'

const named = (name: string, clusterIP: string): Service => ({
  metadata: { name, namespace: 'shop' },
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ name: 'http', port: 80 }] },
})

/** A server and those beside it, on the loopback. */
function serverWith(zone: () => Zone, upstreams: () => Promise<string[]>, mayAsk: (address: string) => boolean) {
  return new DnsServer({ clock: systemClock, log: new MemoryLog(), port: 0, zone, upstreams, mayAsk })
}

/** The question for the address of site.shop.svc.example. */
const SITE = Buffer.from(
  '1234010000010000000000000473697465 0473686f70 03737663 076578616d706c65 0000010001'.replaceAll(' ', ''),
  'hex',
)

/** A resolver's own patience is shorter than that of the server it asks: this one waits for as long as it takes. */
async function askPatiently(packet: Buffer, port: number): Promise<Buffer> {
  const socket = createSocket('udp4')
  socket.send(packet, port, '127.0.0.1')
  const [reply] = (await once(socket, 'message')) as [Buffer]
  socket.close()
  return reply
}

describe('the DNS server of a node', () => {
  let world: DnsServer
  let cluster: DnsServer
  let services = [named('web', '10.96.0.5')]
  let upstreams: string[] = []
  let resolver: Resolver
  let port: number

  before(async () => {
    // The rest of the world is another server of our own, with a domain of its own.
    world = serverWith(
      () => zoneOf([named('site', '192.0.2.80')], [], 'example'),
      async () => [],
      () => true,
    )
    upstreams = [`127.0.0.1:${await world.listen()}`]
    cluster = serverWith(
      () => zoneOf(services, [], 'cluster.local'),
      async () => upstreams,
      address => address === '127.0.0.1',
    )
    port = await cluster.listen()
    resolver = new Resolver({ timeout: 3_000, tries: 1 })
    resolver.setServers([`127.0.0.1:${port}`])
  })
  after(async () => {
    await cluster.close()
    await world.close()
  })

  it('knows the names of the cluster, in whatever letters', async () => {
    assert.deepEqual(await resolver.resolve4('web.shop.svc.cluster.local'), ['10.96.0.5'])
    assert.deepEqual(await resolver.resolve4('WEB.Shop.svc.CLUSTER.local'), ['10.96.0.5'])
    const [srv] = await resolver.resolveSrv('_http._tcp.web.shop.svc.cluster.local')
    assert.deepEqual([srv?.port, srv?.name], [80, 'web.shop.svc.cluster.local'])
    assert.deepEqual(await resolver.reverse('10.96.0.5'), ['web.shop.svc.cluster.local'])
  })

  it('knows those that are made and forgets those that are removed at once', async () => {
    await assert.rejects(resolver.resolve4('new.shop.svc.cluster.local'), { code: 'ENOTFOUND' })
    services = [...services, named('new', '10.96.0.6')]
    assert.deepEqual(await resolver.resolve4('new.shop.svc.cluster.local'), ['10.96.0.6'])
    services = services.slice(0, 1)
    await assert.rejects(resolver.resolve4('new.shop.svc.cluster.local'), { code: 'ENOTFOUND' })
  })

  it('tells no name from no address of this kind', async () => {
    await assert.rejects(resolver.resolve6('web.shop.svc.cluster.local'), { code: 'ENODATA' })
  })

  it('asks further for all other names', async () => {
    assert.deepEqual(await resolver.resolve4('site.shop.svc.example'), ['192.0.2.80'])
  })

  it('follows an alias to the address it stands for, inside and outside', async () => {
    const alias = (name: string, externalName: string): Service => ({
      metadata: { name, namespace: 'shop' },
      spec: { type: 'ExternalName', externalName },
    })
    services = [...services, alias('in', 'web.shop.svc.cluster.local'), alias('out', 'site.shop.svc.example')]
    assert.deepEqual(await resolver.resolve4('in.shop.svc.cluster.local'), ['10.96.0.5'])
    assert.deepEqual(await resolver.resolve4('out.shop.svc.cluster.local'), ['192.0.2.80'])
    assert.deepEqual(await resolver.resolveCname('out.shop.svc.cluster.local'), ['site.shop.svc.example'])
    services = services.slice(0, 1)
  })

  it('answers over TCP, several questions on one connection, in pieces', async () => {
    const socket = connect(port, '127.0.0.1')
    const question = Buffer.from(
      `12340100000100000000000003776562 0473686f7003737663 07636c7573746572 056c6f63616c 00 00010001`.replaceAll(
        ' ',
        '',
      ),
      'hex',
    )
    const framed = Buffer.concat([Buffer.from([0, question.length]), question])
    const both = Buffer.concat([framed, framed])
    let got = Buffer.alloc(0)
    socket.on('data', chunk => {
      got = Buffer.concat([got, chunk])
    })
    socket.write(both.subarray(0, 20))
    socket.write(both.subarray(20))
    const whole = () => got.length >= 2 && got.length >= 2 * (2 + got.readUInt16BE(0))
    while (!whole()) await once(socket, 'data')
    socket.destroy()
    assert.equal(got.includes(Buffer.from([10, 96, 0, 5])), true)
  })

  it('goes on to the next server when one is silent, and says so when none answers', async t => {
    const silent = createSocket('udp4')
    t.after(() => silent.close())
    silent.bind(0, '127.0.0.1')
    await once(silent, 'listening')
    const [good] = upstreams
    t.after(() => {
      upstreams = [good!]
    })
    upstreams = [`127.0.0.1:${silent.address().port}`, good!]
    assert.equal((await askPatiently(SITE, port)).readUInt16BE(6), 1)
    const FAILED = 2
    for (const nobody of [['127.0.0.1:1'], []]) {
      upstreams = nobody
      assert.equal((await askPatiently(SITE, port)).readUInt16BE(2) & 15, FAILED)
    }
  })

  it('is silent to strangers', async () => {
    const closed = serverWith(
      () => zoneOf(services, [], 'cluster.local'),
      async () => [],
      () => false,
    )
    const stranger = new Resolver({ timeout: 300, tries: 1 })
    stranger.setServers([`127.0.0.1:${await closed.listen()}`])
    await assert.rejects(stranger.resolve4('web.shop.svc.cluster.local'), { code: 'ETIMEOUT' })
    await closed.close()
  })

  it('takes another port where its own is taken', async () => {
    const other = new DnsServer({
      ...{ clock: systemClock, log: new MemoryLog(), port },
      ...{ zone: () => zoneOf([], [], 'cluster.local'), upstreams: async () => [], mayAsk: () => true },
    })
    assert.notEqual(await other.listen(), port)
    await other.close()
  })
})
