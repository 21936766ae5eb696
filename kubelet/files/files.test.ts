import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSpec } from '../../api/types/core-v1.ts'
import { hostNetworkHosts, podHosts } from './hosts.ts'
import { formatResolv, isLoopbackOnly, parseResolv, podResolv } from './resolv.ts'

const NODE = parseResolv(
  '# a comment\nnameserver 10.0.0.1 # one\nnameserver 10.0.0.2\nsearch lan\noptions edns0 ndots:1\n',
)
const CLUSTER = { servers: ['10.96.0.10'], domain: 'cluster.local' }

const CASES: { title: string; spec: Partial<PodSpec>; expect: string[] }[] = [
  {
    title: 'the cluster first',
    spec: {},
    expect: [
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan',
      'nameserver 10.96.0.10',
      'options ndots:5',
    ],
  },
  {
    title: 'on the network of the node, whom the node asks',
    spec: { hostNetwork: true },
    expect: ['search lan', 'nameserver 10.0.0.1', 'nameserver 10.0.0.2', 'options edns0 ndots:1'],
  },
  {
    title: 'on the network of the node, the cluster after all',
    spec: { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
    expect: [
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan',
      'nameserver 10.96.0.10',
      'options ndots:5',
    ],
  },
  {
    title: 'whom the node asks',
    spec: { dnsPolicy: 'Default' },
    expect: ['search lan', 'nameserver 10.0.0.1', 'nameserver 10.0.0.2', 'options edns0 ndots:1'],
  },
  {
    title: 'only what the pod says',
    spec: {
      dnsPolicy: 'None',
      dnsConfig: {
        nameservers: ['1.2.3.4'],
        searches: ['a.b'],
        options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
      },
    },
    expect: ['search a.b', 'nameserver 1.2.3.4', 'options ndots:2 rotate'],
  },
  {
    title: 'what the pod says over what the cluster does',
    spec: { dnsConfig: { searches: ['lan', 'a.b'], options: [{ name: 'ndots', value: '2' }] } },
    expect: [
      'search shop.svc.cluster.local svc.cluster.local cluster.local lan a.b',
      'nameserver 10.96.0.10',
      'options ndots:2',
    ],
  },
]

describe("a pod's resolv.conf", () => {
  for (const { title, spec, expect } of CASES) {
    it(title, () => {
      const settings = podResolv({ containers: [], ...spec }, 'shop', CLUSTER, NODE)
      assert.deepEqual(formatResolv(settings).trimEnd().split('\n'), expect)
    })
  }

  it('asks whom the node asks where the cluster has no DNS', () => {
    const settings = podResolv({ containers: [] }, 'shop', { servers: [], domain: 'x' }, NODE)
    assert.deepEqual(settings.nameservers, ['10.0.0.1', '10.0.0.2'])
  })

  it('of a node that asks itself is of no use to pods', () => {
    assert.equal(isLoopbackOnly(parseResolv('nameserver 127.0.0.53')), true)
    assert.equal(isLoopbackOnly(NODE), false)
    assert.equal(isLoopbackOnly(parseResolv('')), false)
  })
})

describe("a pod's /etc/hosts", () => {
  it('has its name, its full name and its aliases', () => {
    const text = podHosts('10.1.0.2', 'web', 'web.sub.shop.svc.cluster.local', [
      { ip: '1.2.3.4', hostnames: ['a', 'b'] },
    ])
    const lines = text.split('\n')
    assert.ok(lines.includes('127.0.0.1\tlocalhost'))
    assert.ok(lines.includes('10.1.0.2\tweb.sub.shop.svc.cluster.local\tweb'))
    assert.ok(lines.includes('1.2.3.4\ta\tb'))
  })

  it('on the network of the node is that of the node', () => {
    const text = hostNetworkHosts('127.0.0.1 localhost\n', [{ ip: '1.2.3.4', hostnames: ['a'] }])
    assert.match(
      text,
      /^# Kubernetes-managed hosts file \(host network\)\.\n127\.0\.0\.1 localhost\n[\s\S]*1\.2\.3\.4\ta\n$/,
    )
  })
})
