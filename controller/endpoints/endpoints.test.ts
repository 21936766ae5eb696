import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Service, ServicePort, ServiceSpec } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta, livePod, type PodParts } from '../../test/support/objects.ts'
import {
  type Group,
  groupEndpoints,
  MANAGED_BY,
  planSlices,
  SERVICE_NAME,
  SLICE_CONTROLLER,
  subsetsOf,
} from './decide.ts'

const service = (spec: Partial<ServiceSpec> = {}, labels = {}): Live<Service> =>
  ({
    metadata: liveMeta('web', { labels }),
    spec: { clusterIP: '10.96.0.9', ports: [{ port: 80, targetPort: 8080 }], ...spec },
  }) as Live<Service>

const NODES: Record<string, Node> = { n1: { metadata: { labels: { 'topology.kubernetes.io/zone': 'a' } } }, n2: {} }
const nodeOf = (name: string) => NODES[name]

/** A pod with these addresses. */
function pod(name: string, ips: string[], parts: PodParts = {}) {
  const made = livePod(name, parts)
  return { ...made, status: { ...made.status, podIP: ips[0], podIPs: ips.map(ip => ({ ip })) } }
}
const grouped = (spec: Partial<ServiceSpec>, ...pods: ReturnType<typeof pod>[]) =>
  groupEndpoints(service(spec), pods, nodeOf)

describe('which pods are endpoints, and how they are', () => {
  const down = { ready: false }
  const early = { publishNotReadyAddresses: true }
  /** Conditions as ready, serving, terminating. */
  const cases: [string, Partial<ServiceSpec>, PodParts, string[], string | undefined][] = [
    ['ready', {}, {}, ['10.1.0.1'], 'ready serving'],
    ['not ready', {}, down, ['10.1.0.1'], ''],
    ['not ready, but wanted all the same', early, down, ['10.1.0.1'], 'ready'],
    ['ending, and still serving', {}, { deleting: true }, ['10.1.0.1'], 'serving terminating'],
    ['ending, and not serving', {}, { deleting: true, ...down }, ['10.1.0.1'], 'terminating'],
    ['ending, but wanted all the same', early, { deleting: true }, ['10.1.0.1'], 'ready serving terminating'],
    ['without an address', {}, {}, [], undefined],
    ['ended', {}, { phase: 'Succeeded' }, ['10.1.0.1'], undefined],
    ['failed', early, { phase: 'Failed' }, ['10.1.0.1'], undefined],
    ['pending, with an address', {}, { phase: 'Pending' }, ['10.1.0.1'], ''],
    ['of another family', {}, {}, ['fd00::1'], undefined],
  ]
  for (const [name, spec, parts, ips, expected] of cases) {
    it(name, () => {
      const [endpoint] = grouped(spec, pod('a', ips, parts))[0]?.endpoints ?? []
      const held =
        endpoint &&
        Object.entries(endpoint.conditions ?? {})
          .filter(([, value]) => value)
          .map(([key]) => key)
      assert.equal(held?.join(' '), expected)
    })
  }

  const facts: [string, PodParts, object][] = [
    ['its node and zone', {}, { nodeName: 'n1', zone: 'a' }],
    ['a node without a zone', { node: 'n2' }, { nodeName: 'n2', zone: undefined }],
    ['a node that is not known', { node: 'gone' }, { nodeName: 'gone', zone: undefined }],
    ['who it is', {}, { targetRef: { kind: 'Pod', namespace: 'default', name: 'a', uid: 'u-a' } }],
    ['its name under the service', { spec: { hostname: 'one', subdomain: 'web' } }, { hostname: 'one' }],
    ['a name under another service', { spec: { hostname: 'one', subdomain: 'db' } }, { hostname: undefined }],
    ['a place under the service without a name', { spec: { subdomain: 'web' } }, { hostname: undefined }],
  ]
  for (const [name, parts, expected] of facts) {
    it(`tells ${name}`, () => {
      const endpoint = grouped({}, pod('a', ['10.1.0.1'], parts))[0]!.endpoints[0]! as unknown as Record<
        string,
        unknown
      >
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(key => [key, endpoint[key]])), expected)
    })
  }
})

describe('families', () => {
  const both = ['10.1.0.1', 'fd00::1']
  const cases: [string, Partial<ServiceSpec>, string[], string][] = [
    ['by what the service says', { ipFamilies: ['IPv6'] }, both, 'IPv6 fd00::1'],
    ['both', { ipFamilies: ['IPv6', 'IPv4'] }, both, 'IPv6 fd00::1, IPv4 10.1.0.1'],
    ['by its own address', { clusterIP: 'fd00::9' }, both, 'IPv6 fd00::1'],
    ['headless: the older one', { clusterIP: 'None' }, both, 'IPv4 10.1.0.1'],
    ['one address of each', { ipFamilies: ['IPv4'] }, ['10.1.0.1', '10.1.0.2'], 'IPv4 10.1.0.1'],
  ]
  for (const [name, spec, ips, expected] of cases) {
    it(name, () => {
      const told = grouped(spec, pod('a', ips)).map(
        ({ family, endpoints }) => `${family} ${endpoints[0]!.addresses.join()}`,
      )
      assert.equal(told.join(', '), expected)
    })
  }
})

describe('ports', () => {
  const named = {
    containers: [
      {
        name: 'c',
        ports: [
          { name: 'http', containerPort: 8080 },
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
        ],
      },
    ],
  }
  const sidecar = {
    containers: [{ name: 'c' }],
    initContainers: [{ name: 's', restartPolicy: 'Always', ports: [{ name: 'http', containerPort: 9090 }] }],
  }
  const starter = {
    containers: [{ name: 'c' }],
    initContainers: [{ name: 's', ports: [{ name: 'http', containerPort: 9090 }] }],
  }
  const cases: [string, ServicePort[], object, string][] = [
    ['a number', [{ port: 80, targetPort: 8080 }], {}, ':8080/TCP'],
    ['no target: the same', [{ port: 80 }], {}, ':80/TCP'],
    ['an empty target: the same', [{ port: 80, targetPort: '' }], {}, ':80/TCP'],
    ['target 0: the same', [{ port: 80, targetPort: 0 }], {}, ':80/TCP'],
    ['a name', [{ port: 80, targetPort: 'http' }], named, ':8080/TCP'],
    ['a name of another protocol', [{ port: 53, targetPort: 'dns' }], named, ''],
    ['a name with its protocol', [{ port: 53, targetPort: 'dns', protocol: 'UDP' }], named, ':53/UDP'],
    ['a name of a sidecar', [{ port: 80, targetPort: 'http' }], sidecar, ':9090/TCP'],
    ['a name that is not there', [{ port: 80, targetPort: 'x' }], named, ''],
    ['a name of an init container, which is over', [{ port: 80, targetPort: 'http' }], starter, ''],
    [
      'several',
      [
        { name: 'a', port: 1 },
        { name: 'b', port: 2 },
      ],
      {},
      'a:1/TCP b:2/TCP',
    ],
    [
      'one of several is not there',
      [
        { name: 'a', port: 1 },
        { name: 'b', port: 2, targetPort: 'x' },
      ],
      {},
      'a:1/TCP',
    ],
    ['none', [], {}, ''],
  ]
  for (const [name, ports, spec, expected] of cases) {
    it(name, () => {
      const [group] = grouped({ ports }, pod('a', ['10.1.0.1'], { spec }))
      assert.equal(group?.ports.map(port => `${port.name}:${port.port}/${port.protocol}`).join(' '), expected)
    })
  }
  it('pods with other numbers are a group of their own', () => {
    const other = { containers: [{ name: 'c', ports: [{ name: 'http', containerPort: 9999 }] }] }
    const groups = grouped(
      { ports: [{ port: 80, targetPort: 'http' }] },
      pod('a', ['10.1.0.1'], { spec: named }),
      pod('b', ['10.1.0.2'], { spec: other }),
    )
    assert.deepEqual(
      groups.map(({ ports, endpoints }) => [ports[0]?.port, endpoints.length]),
      [
        [8080, 1],
        [9999, 1],
      ],
    )
  })
  it('tells what speaks there', () => {
    const [group] = grouped({ ports: [{ port: 80, appProtocol: 'kubernetes.io/h2c' }] }, pod('a', ['10.1.0.1']))
    assert.equal(group?.ports[0]?.appProtocol, 'kubernetes.io/h2c')
  })
})

const PORTS = [{ name: '', protocol: 'TCP', port: 8080 }]
const some = (from: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    addresses: [`10.1.${Math.floor((from + i) / 250)}.${(from + i) % 250}`],
    conditions: { ready: true },
    targetRef: { uid: `u${from + i}` },
  }))
const group = (from: number, count: number, ports = PORTS): Group => ({
  family: 'IPv4',
  ports,
  endpoints: some(from, count),
})
const LABELS = { [SERVICE_NAME]: 'web', [MANAGED_BY]: SLICE_CONTROLLER }
const slice = (
  name: string,
  endpoints: object[],
  more: Partial<EndpointSlice> = {},
  labels: Record<string, string> = LABELS,
): Live<EndpointSlice> =>
  ({
    metadata: liveMeta(name, { labels }),
    addressType: 'IPv4',
    ports: PORTS,
    endpoints,
    ...more,
  }) as Live<EndpointSlice>

describe('the fewest writes', () => {
  const cases: [string, Group[], Live<EndpointSlice>[], string][] = [
    ['nothing of nothing', [], [], ''],
    ['a first slice', [group(0, 3)], [], '+3'],
    ['as it is', [group(0, 3)], [slice('a', some(0, 3))], ''],
    ['one more', [group(0, 4)], [slice('a', some(0, 3))], 'a=4'],
    ['one less', [group(1, 2)], [slice('a', some(0, 3))], 'a=2'],
    ['all gone', [], [slice('a', some(0, 3))], '-a'],
    ['a hundred fill a slice', [group(0, 100)], [], '+100'],
    ['one more begins another', [group(0, 101)], [], '+100 +1'],
    ['250', [group(0, 250)], [], '+100 +100 +50'],
    ['a full slice is left alone', [group(0, 101)], [slice('a', some(0, 100))], '+1'],
    ['a gap is filled first', [group(0, 100)], [slice('a', some(0, 99))], 'a=100'],
    ['each stays where it is', [group(0, 4)], [slice('a', some(0, 2)), slice('b', some(2, 1))], 'a=3'],
    ['a slice that has none left goes', [group(0, 2)], [slice('a', some(0, 2)), slice('b', some(2, 1))], '-b'],
    [
      'other ports are another slice',
      [group(0, 1, [{ name: '', protocol: 'TCP', port: 1 }])],
      [slice('a', some(0, 1))],
      '+1 -a',
    ],
    ['another family too', [{ ...group(0, 1), family: 'IPv6' }], [slice('a', some(0, 1))], '+1 -a'],
    [
      'labels that were changed come back',
      [group(0, 1)],
      [slice('a', some(0, 1), {}, { [SERVICE_NAME]: 'web' })],
      'a=1',
    ],
    ['two of one', [group(0, 1)], [slice('a', some(0, 1)), slice('b', some(0, 1))], '-b'],
  ]
  for (const [name, groups, existing, expected] of cases) {
    it(name, () => {
      const { create, update, remove } = planSlices(service(), groups, existing)
      const told = [
        ...create.map(made => `+${made.endpoints?.length}`),
        ...update.map(changed => `${changed.metadata.name}=${changed.endpoints?.length}`),
        ...remove.map(gone => `-${gone.metadata.name}`),
      ]
      assert.equal(told.join(' '), expected)
    })
  }
  it('carries the labels of the service, and says when it is headless', () => {
    const [made] = planSlices(service({ clusterIP: 'None' }, { team: 'a' }), [group(0, 1)], []).create
    assert.deepEqual(made?.metadata?.labels, { team: 'a', 'service.kubernetes.io/headless': '', ...LABELS })
    assert.equal(made?.metadata?.ownerReferences?.[0]?.kind, 'Service')
  })
})

describe('the older form', () => {
  const told = (...groups: Group[]) =>
    subsetsOf(groups).map(
      ({ addresses = [], notReadyAddresses = [], ports = [] }) =>
        `${addresses.map(({ ip }) => ip).join()}|${notReadyAddresses.map(({ ip }) => ip).join()}|${ports.map(({ port }) => port).join()}`,
    )
  const cases: [string, Partial<ServiceSpec>, ReturnType<typeof pod>[], string[]][] = [
    [
      'ready and not ready',
      {},
      [pod('b', ['10.1.0.2']), pod('a', ['10.1.0.1']), pod('c', ['10.1.0.3'], { ready: false })],
      ['10.1.0.1,10.1.0.2|10.1.0.3|8080'],
    ],
    ['those that end are left out', {}, [pod('a', ['10.1.0.1'], { deleting: true })], []],
    [
      'unless all are wanted',
      { publishNotReadyAddresses: true },
      [pod('a', ['10.1.0.1'], { deleting: true })],
      ['10.1.0.1||8080'],
    ],
    [
      'the first family only',
      { ipFamilies: ['IPv4', 'IPv6'] },
      [pod('a', ['10.1.0.1', 'fd00::1'])],
      ['10.1.0.1||8080'],
    ],
    ['nobody', {}, [], []],
  ]
  for (const [name, spec, pods, expected] of cases)
    it(name, () => assert.deepEqual(told(...grouped(spec, ...pods)), expected))
  it('an address tells its pod, and its node and its name where it has them', () => {
    const placed = pod('a', ['10.1.0.1'], { node: 'n1', spec: { hostname: 'first', subdomain: 'web' } })
    const [known, plain] = [placed, pod('b', ['10.1.0.2'], { node: '' })].map(
      one => subsetsOf(grouped({}, one))[0]?.addresses?.[0],
    )
    const targetRef = { kind: 'Pod', namespace: 'default', name: 'a', uid: 'u-a' }
    assert.deepEqual(known, { ip: '10.1.0.1', hostname: 'first', nodeName: 'n1', targetRef })
    assert.deepEqual(plain, { ip: '10.1.0.2', targetRef: { ...targetRef, name: 'b', uid: 'u-b' } })
  })
  it('a pod that tells only one address has it', () => {
    const one = pod('a', ['10.1.0.1'])
    const single = { ...one, status: { ...one.status, podIPs: undefined } } as unknown as typeof one
    assert.deepEqual(told(...grouped({}, single)), ['10.1.0.1||8080'])
  })
  it('a port without a name has none', () => {
    assert.deepEqual(subsetsOf([group(0, 1)])[0]?.ports, [{ protocol: 'TCP', port: 8080 }])
  })
  it('no more than a thousand', () => assert.equal(subsetsOf([group(0, 1200)])[0]?.addresses?.length, 1000))
})
