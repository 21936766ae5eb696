import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { CODES, type Record, TYPES } from './message.ts'
import { zoneOf } from './zone.ts'

const service = (name: string, spec: object): Service => ({ metadata: { name, namespace: 'shop' }, spec })

const slice = (
  name: string,
  endpoints: EndpointSlice['endpoints'],
  ports: EndpointSlice['ports'] = [],
): EndpointSlice => ({
  metadata: { name: `${name}-1`, namespace: 'shop', labels: { 'kubernetes.io/service-name': name } },
  addressType: 'IPv4',
  endpoints,
  ports,
})

const SERVICES = [
  service('web', {
    clusterIP: '10.96.0.5',
    clusterIPs: ['10.96.0.5'],
    ports: [{ name: 'http', port: 80 }, { name: 'dns', port: 53, protocol: 'UDP' }, { port: 9 }],
  }),
  service('db', { clusterIP: 'None', clusterIPs: ['None'], ports: [{ name: 'sql', port: 5432 }] }),
  service('idle', { clusterIP: 'None', clusterIPs: ['None'] }),
  service('pending', { ports: [{ port: 80 }] }),
  service('mail', { type: 'ExternalName', externalName: 'mail.example.com.' }),
]
const SLICES = [
  slice(
    'db',
    [
      { addresses: ['10.244.0.2'], hostname: 'db-0', conditions: { ready: true } },
      { addresses: ['10.244.1.2'], conditions: { ready: true } },
      { addresses: ['10.244.1.3'], hostname: 'db-2', conditions: { ready: false } },
    ],
    [{ name: 'sql', port: 5432, protocol: 'TCP' }],
  ),
  { ...slice('db', [{ addresses: ['fd00::2'] }]), addressType: 'IPv6' },
]

const zone = zoneOf(SERVICES, SLICES, 'cluster.local')

function say({ data }: Record): string {
  switch (data.type) {
    case 'A':
      return data.address
    case 'TXT':
      return data.text
    case 'SRV':
      return `${data.priority} ${data.weight} ${data.port} ${data.target}`
    case 'SOA':
      return `SOA ${data.zone}`
    case 'AAAA':
      return Buffer.from(data.bytes).toString('hex')
    default:
      return `${data.type} ${data.name}`
  }
}

const NOWHERE = 'somebody else'
const NO_NAME = 'no such name'
const NO_DATA = 'nothing of this type'

/** What an answer comes to, in words. */
function ask(name: string, type: keyof typeof TYPES): string[] | string {
  const answer = zone.lookUp(name, TYPES[type])
  if (!answer) return NOWHERE
  if (answer.code === CODES.noName) return NO_NAME
  return answer.answers.length === 0 ? NO_DATA : answer.answers.map(say).sort()
}

const CASES: [name: string, type: keyof typeof TYPES, wanted: string[] | string][] = [
  ['web.shop.svc.cluster.local', 'A', ['10.96.0.5']],
  ['web.shop.svc.cluster.local', 'AAAA', NO_DATA],
  ['web.shop.svc.cluster.local', 'TXT', NO_DATA],
  ['web.shop.svc.cluster.local', 'ANY', ['10.96.0.5']],
  ['_http._tcp.web.shop.svc.cluster.local', 'SRV', ['0 100 80 web.shop.svc.cluster.local']],
  ['_dns._udp.web.shop.svc.cluster.local', 'SRV', ['0 100 53 web.shop.svc.cluster.local']],
  ['_dns._tcp.web.shop.svc.cluster.local', 'SRV', NO_NAME],
  ['_tcp.web.shop.svc.cluster.local', 'SRV', NO_DATA],
  ['5.0.96.10.in-addr.arpa', 'PTR', ['PTR web.shop.svc.cluster.local']],
  ['db.shop.svc.cluster.local', 'A', ['10.244.0.2', '10.244.1.2']],
  ['db-0.db.shop.svc.cluster.local', 'A', ['10.244.0.2']],
  ['10-244-1-2.db.shop.svc.cluster.local', 'A', ['10.244.1.2']],
  ['db-2.db.shop.svc.cluster.local', 'A', NO_NAME],
  [
    '_sql._tcp.db.shop.svc.cluster.local',
    'SRV',
    ['0 100 5432 10-244-1-2.db.shop.svc.cluster.local', '0 100 5432 db-0.db.shop.svc.cluster.local'],
  ],
  ['2.0.244.10.in-addr.arpa', 'PTR', ['PTR db-0.db.shop.svc.cluster.local']],
  ['9.0.244.10.in-addr.arpa', 'PTR', NOWHERE],
  ['idle.shop.svc.cluster.local', 'A', NO_NAME],
  ['pending.shop.svc.cluster.local', 'A', NO_NAME],
  ['mail.shop.svc.cluster.local', 'A', ['CNAME mail.example.com']],
  ['mail.shop.svc.cluster.local', 'AAAA', ['CNAME mail.example.com']],
  ['10-244-0-2.shop.pod.cluster.local', 'A', ['10.244.0.2']],
  ['10-244-0-2.shop.pod.cluster.local', 'AAAA', NO_DATA],
  ['nonsense.shop.pod.cluster.local', 'A', NO_NAME],
  ['a.10-244-0-2.shop.pod.cluster.local', 'A', NO_NAME],
  ['shop.pod.cluster.local', 'A', NO_DATA],
  ['shop.svc.cluster.local', 'A', NO_DATA],
  ['svc.cluster.local', 'A', NO_DATA],
  ['cluster.local', 'A', NO_DATA],
  ['nobody.svc.cluster.local', 'A', NO_NAME],
  ['web.shop.cluster.local', 'A', NO_NAME],
  ['example.com', 'A', NOWHERE],
  ['notcluster.local', 'A', NOWHERE],
  ['web', 'A', NOWHERE],
  ['dns-version.cluster.local', 'TXT', ['1.1.0']],
]

describe('the names of a cluster', () => {
  for (const [name, type, wanted] of CASES) {
    it(`${type} ${name}`, () => assert.deepEqual(ask(name, type), wanted))
  }

  it('that are not there say for how long, so that a Service made next is found', () => {
    for (const name of ['nobody.shop.svc.cluster.local', 'shop.svc.cluster.local']) {
      const [soa] = zone.lookUp(name, TYPES.A)!.authority
      assert.deepEqual([say(soa!), soa!.name, soa!.seconds], ['SOA cluster.local', 'cluster.local', 5])
    }
  })

  it('of ports bring the addresses of their targets along', () => {
    const { additional } = zone.lookUp('_sql._tcp.db.shop.svc.cluster.local', TYPES.SRV)!
    assert.deepEqual(additional.map(say).sort(), ['10.244.0.2', '10.244.1.2'])
  })

  it('lie below the domain that the cluster has', () => {
    const other = zoneOf(SERVICES, SLICES, 'kube.home.arpa')
    assert.equal(other.lookUp('web.shop.svc.kube.home.arpa', TYPES.A)?.answers.length, 1)
    assert.equal(other.lookUp('web.shop.svc.cluster.local', TYPES.A), undefined)
  })
})
