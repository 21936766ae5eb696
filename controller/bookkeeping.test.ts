import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '../api/objects.ts'
import type { Job } from '../api/types/batch-v1.ts'
import type { Endpoints, Pod } from '../api/types/core-v1.ts'
import type { ClusterRole } from '../api/types/rbac-v1.ts'
import type { Live } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import { NODES, PODS } from '../client/resources.ts'
import { ago, liveMeta, livePod, NOW } from '../test/support/objects.ts'
import { readToken } from './bootstrap.ts'
import { mirrorSlices } from './endpoints/mirroring.ts'
import { Expectations } from './expectations.ts'
import { describeNode, isOwner, OwnerGraph } from './garbage/graph.ts'
import { expiryOf } from './jobs/ttl.ts'
import { aggregate } from './roles.ts'

describe('a finished Job goes', () => {
  const job = (ttl: number | undefined, ...conditions: [type: string, status: string, seconds?: number][]) =>
    ({
      metadata: liveMeta('j'),
      spec: { ttlSecondsAfterFinished: ttl },
      status: {
        conditions: conditions.map(([type, status, seconds]) => ({
          ...{ type, status },
          lastTransitionTime: seconds === undefined ? undefined : ago(seconds),
        })),
      },
    }) as unknown as Live<Job>
  const cases: [string, Live<Job>, number | undefined][] = [
    ['some time after it succeeded', job(60, ['Complete', 'True', 10]), NOW + 50_000],
    ['some time after it failed', job(60, ['Suspended', 'False', 99], ['Failed', 'True', 100]), NOW - 40_000],
    ['at once', job(0, ['Complete', 'True', 0]), NOW],
    ['never, unless it says so', job(undefined, ['Complete', 'True', 10]), undefined],
    ['not while it runs', job(0), undefined],
    ['not while it is about to fail', job(0, ['FailureTarget', 'True', 10]), undefined],
    ['not when it did not complete', job(0, ['Complete', 'False', 10]), undefined],
    ['not before its end is dated', job(0, ['Complete', 'True']), undefined],
  ]
  for (const [name, subject, expected] of cases) it(name, () => assert.equal(expiryOf(subject), expected))
})

describe('mirrored slices', () => {
  const endpoints = (subsets: Endpoints['subsets']): Live<Endpoints> => ({
    metadata: liveMeta('db', { labels: { team: 'a' } }),
    subsets,
  })
  it('carry the addresses of Endpoints that somebody wrote, ready or not', () => {
    const [slice, ...rest] = mirrorSlices(
      endpoints([
        {
          addresses: [{ ip: '10.9.0.1', hostname: 'one', nodeName: 'n1' }],
          notReadyAddresses: [{ ip: '10.9.0.2' }],
          ports: [{ port: 5432 }, { name: 'web', port: 80, protocol: 'UDP' }],
        },
      ]),
    )
    assert.deepEqual(rest, [])
    assert.deepEqual(
      [slice?.addressType, slice?.ports],
      [
        'IPv4',
        [
          { name: '', protocol: 'TCP', port: 5432 },
          { name: 'web', protocol: 'UDP', port: 80 },
        ],
      ],
    )
    assert.deepEqual(slice?.endpoints, [
      { addresses: ['10.9.0.1'], conditions: { ready: true }, hostname: 'one', nodeName: 'n1' },
      { addresses: ['10.9.0.2'], conditions: { ready: false } },
    ])
    assert.partialDeepStrictEqual(slice?.metadata, {
      labels: {
        team: 'a',
        'kubernetes.io/service-name': 'db',
        'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
      },
      ownerReferences: [{ kind: 'Endpoints', name: 'db', controller: true }],
    })
  })

  const shapes: [string, Endpoints['subsets'], string[]][] = [
    ['nothing', undefined, []],
    ['an empty subset', [{ ports: [{ port: 1 }] }], []],
    ['a slice a family', [{ addresses: [{ ip: '10.9.0.1' }, { ip: 'fd00::1' }] }], ['0-ipv4 IPv4', '0-ipv6 IPv6']],
    [
      'a slice a subset',
      [{ addresses: [{ ip: '10.9.0.1' }] }, { addresses: [{ ip: '10.9.0.1' }] }],
      ['0-ipv4 IPv4', '1-ipv4 IPv4'],
    ],
  ]
  for (const [name, subsets, expected] of shapes) {
    it(name, () => {
      const made = mirrorSlices(endpoints(subsets))
      assert.deepEqual(
        made.map(({ metadata, addressType }) => `${metadata?.name?.slice(10)} ${addressType}`),
        expected,
      )
    })
  }
})

describe('an aggregated role', () => {
  const rule = (resource: string) => ({ apiGroups: [''], resources: [resource], verbs: ['get'] })
  const role = (name: string, labels: object, ...resources: string[]) =>
    ({ metadata: liveMeta(name, { labels }), rules: resources.map(rule) }) as Live<ClusterRole>
  const into = { 'rbac.example.com/aggregate-to-admin': 'true' }
  const sum = (...clusterRoleSelectors: object[]) => ({
    ...role('admin', into, 'secrets'),
    aggregationRule: { clusterRoleSelectors },
  })
  const all = [
    role('b', into, 'pods', 'nodes'),
    role('a', into, 'pods', 'services'),
    role('c', { other: 'x' }, 'events'),
  ]
  const cases: [string, Live<ClusterRole>, string[]][] = [
    [
      'is the sum of those selected, by name, each rule once, itself left out',
      sum({ matchLabels: into }),
      ['pods', 'services', 'nodes'],
    ],
    [
      'of any of its selectors',
      sum({ matchLabels: into }, { matchExpressions: [{ key: 'other', operator: 'Exists' }] }),
      ['pods', 'services', 'nodes', 'events'],
    ],
    ['that selects nobody', sum({ matchLabels: { none: 'x' } }), []],
    ['without selectors', sum(), []],
  ]
  for (const [name, subject, expected] of cases)
    it(name, () =>
      assert.deepEqual(
        aggregate(subject, [...all, subject]).map(({ resources }) => resources?.[0]),
        expected,
      ),
    )
})

describe('a bootstrap token as its Secret has it', () => {
  const secret = (data: Record<string, string>, type = 'bootstrap.kubernetes.io/token') => ({
    type,
    data: Object.fromEntries(Object.entries(data).map(([name, text]) => [name, Buffer.from(text).toString('base64')])),
  })
  const base = { 'token-id': 'abcdef', 'token-secret': '0123456789abcdef' }
  const cases: [string, ReturnType<typeof secret>, object | undefined][] = [
    [
      'signs',
      secret({ ...base, 'usage-bootstrap-signing': 'true' }),
      { id: 'abcdef', signs: true, expiresAt: undefined },
    ],
    ['does not sign unless it says so', secret(base), { signs: false }],
    ['does not sign for anything but "true"', secret({ ...base, 'usage-bootstrap-signing': 'yes' }), { signs: false }],
    ['ends', secret({ ...base, expiration: ago(-60) }), { expiresAt: NOW + 60_000 }],
    ['whose end nobody can read has ended', secret({ ...base, expiration: 'soon' }), { expiresAt: 0 }],
    ['of another type is none', secret(base, 'Opaque'), undefined],
  ]
  for (const [name, given, expected] of cases) {
    it(name, () => {
      const token = readToken(given)
      if (expected) assert.partialDeepStrictEqual(token, expected)
      else assert.equal(token, undefined)
    })
  }
})

describe('expectations', () => {
  const at = (revision: number, ...pods: Live<Pod>[]) => {
    const known = new Map(pods.map(pod => [`default/${pod.metadata.name}`, pod]))
    return { revision, get: (key: string) => known.get(key) } as unknown as Informer<Pod>
  }
  const pod = (name: string, extra: object = {}) => ({ ...livePod(name), metadata: liveMeta(name, extra) }) as Live<Pod>
  const made = (informer: Informer<Pod>, ...revisions: string[]) => {
    const open = new Expectations(informer)
    for (const resourceVersion of revisions) open.made('set', pod('new', { resourceVersion }))
    return open
  }
  const removed = (informer: Informer<Pod>) => {
    const open = new Expectations(informer)
    open.removed('set', pod('a'))
    return open
  }
  const cases: [string, Expectations<Pod>, boolean][] = [
    ['nothing is under way', made(at(5)), true],
    ['what was made is not seen yet', made(at(6), '7'), false],
    ['what was made is seen', made(at(7), '7'), true],
    ['the last of several counts', made(at(8), '9', '7'), false],
    ['what was removed still stands', removed(at(9, pod('a'))), false],
    ['what was removed is going', removed(at(9, pod('a', { deletionTimestamp: ago(1) }))), true],
    ['what was removed is gone', removed(at(9)), true],
    ['another one stands in its place', removed(at(9, pod('a', { uid: 'u-later' }))), true],
  ]
  for (const [name, open, expected] of cases) {
    it(name, () => {
      assert.equal(open.met('set'), expected)
      assert.equal(open.met('another'), true)
    })
  }
})

describe('who owns whom', () => {
  const reference = (name: string, blockOwnerDeletion = false) => ({
    ...{ apiVersion: 'v1', kind: 'Pod', name, uid: `u-${name}`, blockOwnerDeletion },
  })
  const object = (name: string, ...owners: ReturnType<typeof reference>[]): Live<KubeObject> => ({
    metadata: liveMeta(name, { ownerReferences: owners }),
  })
  const graphOf = (...objects: Live<KubeObject>[]) => {
    const graph = new OwnerGraph()
    for (const one of objects) graph.set(PODS, one)
    return graph
  }
  const facts: [string, OwnerGraph, { any: boolean; blocking: number; circle: boolean }][] = [
    ['nobody', graphOf(object('a')), { any: false, blocking: 0, circle: false }],
    [
      'a dependent that does not block',
      graphOf(object('a'), object('b', reference('a'))),
      { any: true, blocking: 0, circle: false },
    ],
    [
      'two that block',
      graphOf(object('a'), object('b', reference('a', true)), object('c', reference('a', true))),
      { any: true, blocking: 2, circle: false },
    ],
    [
      'a circle of two',
      graphOf(object('a', reference('b', true)), object('b', reference('a', true))),
      { any: true, blocking: 1, circle: true },
    ],
    ['itself', graphOf(object('a', reference('a', true))), { any: true, blocking: 1, circle: true }],
    [
      'a circle further down is not its own',
      graphOf(object('a'), object('b', reference('a', true), reference('c', true)), object('c', reference('b', true))),
      { any: true, blocking: 1, circle: false },
    ],
    [
      'dependents seen before their owner',
      graphOf(object('b', reference('a')), object('a')),
      { any: true, blocking: 0, circle: false },
    ],
  ]
  for (const [name, graph, expected] of facts) it(name, () => assert.deepEqual(graph.dependentFacts('u-a'), expected))

  it('follows changes of the references, and forgets who is gone', () => {
    const graph = graphOf(object('a'), object('z'), object('b', reference('a')))
    graph.set(PODS, object('b', reference('z')))
    assert.deepEqual([graph.dependentsOf('u-a'), graph.dependentsOf('u-z').length], [[], 1])
    graph.remove('u-b')
    assert.deepEqual([graph.dependentsOf('u-z'), graph.get('u-b')], [[], undefined])
  })

  const news: [string, Live<KubeObject>, boolean][] = [
    ['the same', object('a'), false],
    ['an owner', object('a', reference('b')), true],
    ['a finalizer', { metadata: liveMeta('a', { finalizers: ['x'] }) }, true],
    ['its end', { metadata: liveMeta('a', { deletionTimestamp: ago(1) }) }, true],
    ['a label', { metadata: liveMeta('a', { labels: { a: 'b' } }) }, false],
  ]
  for (const [name, next, expected] of news)
    it(`news: ${name}`, () => assert.equal(graphOf(object('a')).set(PODS, next).isNews, expected))

  it('an owner is what the reference says, where it can be one', () => {
    const graph = graphOf(object('a'), object('b'))
    const [a, b] = [graph.get('u-a')!, graph.get('u-b')!]
    const { node } = graph.set(NODES, { metadata: { ...liveMeta('n'), namespace: undefined as never } })
    const of = (name: string, kind = 'Pod') => ({ ...reference(name), kind })
    assert.deepEqual(
      [
        isOwner(a, of('a'), b),
        isOwner(a, of('other'), b),
        isOwner(a, of('a', 'ReplicaSet'), b),
        isOwner({ ...a, namespace: 'elsewhere' }, of('a'), b),
        isOwner(node, of('n', 'Node'), b),
      ],
      [true, false, false, false, true],
    )
    assert.deepEqual([describeNode(a), describeNode(node)], ['v1 Pod default/a', 'v1 Node n'])
  })
})
