import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Pod, Service, ServicePort } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { Live } from '../../client/client.ts'
import { groupEndpoints, planSlices, subsetsOf } from './decide.ts'

function service(spec: Partial<Service['spec']> = {}): Live<Service> {
  const ports: ServicePort[] = [{ name: 'http', port: 80, targetPort: 'web', protocol: 'TCP' }]
  return {
    metadata: { name: 'web', namespace: 'default', uid: 's', resourceVersion: '1', creationTimestamp: '' },
    spec: { clusterIP: '10.96.0.10', ports, ...spec },
  }
}

interface PodParts {
  ip?: string
  ips?: string[]
  ready?: boolean
  phase?: string
  deleting?: boolean
  port?: number
}

function pod(
  name: string,
  { ip = '10.0.0.1', ips, ready = true, phase = 'Running', deleting, port = 8080 }: PodParts = {},
) {
  const metadata = { name, namespace: 'default', uid: `u-${name}`, resourceVersion: '1', creationTimestamp: '' }
  const ports = [{ name: 'web', containerPort: port }]
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'False' }]
  return {
    metadata: { ...metadata, ...(deleting ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}) },
    spec: { nodeName: 'n1', containers: [{ name: 'app', ports }] },
    status: { phase, conditions, podIPs: (ips ?? [ip]).filter(Boolean).map(address => ({ ip: address })) },
  } as Live<Pod>
}

const noNode = () => undefined
const conditionsOf = (groups: ReturnType<typeof groupEndpoints>) =>
  groups.flatMap(group => group.endpoints.map(endpoint => endpoint.conditions))

describe('groupEndpoints', () => {
  const ready = { ready: true, serving: true, terminating: false }
  const cases: [string, Live<Service>, Live<Pod>[], unknown][] = [
    ['a ready pod', service(), [pod('a')], [ready]],
    [
      'one that is not ready',
      service(),
      [pod('a', { ready: false })],
      [{ ready: false, serving: false, terminating: false }],
    ],
    [
      'one that ends, but still serves',
      service(),
      [pod('a', { deleting: true })],
      [{ ready: false, serving: true, terminating: true }],
    ],
    ['one without an address', service(), [pod('a', { ip: '' })], []],
    ['one that is done', service(), [pod('a', { phase: 'Succeeded' })], []],
    [
      'not ready, but to be published',
      service({ publishNotReadyAddresses: true }),
      [pod('a', { ready: false })],
      [{ ready: true, serving: false, terminating: false }],
    ],
    ['an address of the other family', service({ ipFamilies: ['IPv6'] }), [pod('a')], []],
    [
      'both families',
      service({ ipFamilies: ['IPv4', 'IPv6'] }),
      [pod('a', { ips: ['10.0.0.1', 'fd00::1'] })],
      [ready, ready],
    ],
  ]
  for (const [name, subject, pods, expected] of cases) {
    it(name, () => assert.deepEqual(conditionsOf(groupEndpoints(subject, pods, noNode)), expected))
  }

  it('groups pods by what their named port is', () => {
    const groups = groupEndpoints(service(), [pod('a'), pod('b', { port: 9090 }), pod('c')], noNode)
    assert.deepEqual(
      groups.map(({ ports, endpoints }) => [ports[0]?.port, endpoints.length]),
      [
        [8080, 2],
        [9090, 1],
      ],
    )
  })

  it('takes over the zone of the node', () => {
    const labels = { 'topology.kubernetes.io/zone': 'z1' }
    const [group] = groupEndpoints(service(), [pod('a')], () => ({ metadata: { labels } }))
    assert.partialDeepStrictEqual(group?.endpoints[0], { nodeName: 'n1', zone: 'z1' })
  })
})

describe('planSlices', () => {
  const many = (count: number, from = 0) =>
    Array.from({ length: count }, (_, i) =>
      pod(`p${from + i}`, { ip: `10.1.${Math.floor((from + i) / 250)}.${((from + i) % 250) + 1}` }),
    )
  const plan = (pods: Live<Pod>[], existing: Live<EndpointSlice>[]) =>
    planSlices(service(), groupEndpoints(service(), pods, noNode), existing)
  const stored = (slices: EndpointSlice[]) =>
    slices.map(
      (slice, i) =>
        ({ ...slice, metadata: { ...slice.metadata, name: `web-${i}`, uid: `${i}` } }) as Live<EndpointSlice>,
    )

  it('makes slices of at most a hundred', () => {
    const { create } = plan(many(250), [])
    assert.deepEqual(
      create.map(slice => slice.endpoints?.length),
      [100, 100, 50],
    )
    assert.deepEqual(create[0]?.metadata?.labels, {
      'kubernetes.io/service-name': 'web',
      'endpointslice.kubernetes.io/managed-by': 'endpointslice-controller.k8s.io',
    })
  })

  it('leaves alone what is as it should be', () => {
    const slices = stored(plan(many(150), []).create)
    assert.deepEqual(plan(many(150), slices), { create: [], update: [], remove: [] })
  })

  it('changes only the slice that it must', () => {
    const slices = stored(plan(many(150), []).create)
    const changed = plan([...many(149), pod('p149', { ip: '10.1.0.150', ready: false })], slices)
    assert.deepEqual(
      [changed.create.length, changed.update.map(({ metadata }) => metadata.name), changed.remove.length],
      [0, ['web-1'], 0],
    )
    const grown = plan(many(151), slices)
    assert.deepEqual(
      grown.update.map(({ endpoints }) => endpoints?.length),
      [51],
    )
  })

  it('removes what nothing is left of', () => {
    const slices = stored(plan(many(150), []).create)
    const shrunk = plan(many(100), slices)
    assert.deepEqual(
      shrunk.remove.map(({ metadata }) => metadata.name),
      ['web-1'],
    )
    assert.equal(plan([], slices).remove.length, 2)
  })
})

describe('subsetsOf', () => {
  it('tells ready addresses from others, and leaves out what ends', () => {
    const pods = [
      pod('b', { ip: '10.0.0.2' }),
      pod('a'),
      pod('c', { ip: '10.0.0.3', ready: false }),
      pod('d', { ip: '10.0.0.4', deleting: true }),
    ]
    const [subset, ...more] = subsetsOf(groupEndpoints(service(), pods, noNode))
    assert.deepEqual(more, [])
    assert.deepEqual(
      subset?.addresses?.map(({ ip }) => ip),
      ['10.0.0.1', '10.0.0.2'],
    )
    assert.deepEqual(
      subset?.notReadyAddresses?.map(({ ip }) => ip),
      ['10.0.0.3'],
    )
    assert.deepEqual(subset?.ports, [{ name: 'http', protocol: 'TCP', port: 8080 }])
  })
})
