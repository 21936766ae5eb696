import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { HostAlias, PodDNSConfig, PodSpec } from '../../api/types/core-v1.ts'
import { hostNetworkHosts, podHosts } from './hosts.ts'
import { formatResolv, isLoopbackOnly, parseResolv, podResolv, type ResolverSettings } from './resolv.ts'

describe('a resolv.conf that is read', () => {
  const cases: [string, string, Partial<ResolverSettings>][] = [
    ['nothing', '', {}],
    ['white space', ' \n\t\n', {}],
    ['one server', 'nameserver 10.0.0.1', { nameservers: ['10.0.0.1'] }],
    ['two', 'nameserver 10.0.0.1\nnameserver 10.0.0.2', { nameservers: ['10.0.0.1', '10.0.0.2'] }],
    ['behind blanks', '  nameserver \t 10.0.0.1  ', { nameservers: ['10.0.0.1'] }],
    ['of the newer family', 'nameserver fe80::1%eth0', { nameservers: ['fe80::1%eth0'] }],
    ['a comment', '#nameserver 10.0.0.1', {}],
    ['a comment of the other kind', ';nameserver 10.0.0.1', {}],
    ['a word that only begins so', 'nameservers 10.0.0.1', {}],
    ['a server without an address', 'nameserver', {}],
    ['domains', 'search a.b c', { searches: ['a.b', 'c'] }],
    ['the last line of domains counts', 'search a\nsearch b c', { searches: ['b', 'c'] }],
    ['a dot at the end says nothing', 'search a.b. c.', { searches: ['a.b', 'c'] }],
    ['the root stays', 'search .', { searches: ['.'] }],
    ['no domains', 'search', { searches: [] }],
    ['options', 'options ndots:5 timeout:1', { options: ['ndots:5', 'timeout:1'] }],
    ['options of several lines', 'options ndots:5\noptions rotate', { options: ['ndots:5', 'rotate'] }],
    ['lines of Windows', 'nameserver 10.0.0.1\r\nsearch a\r\n', { nameservers: ['10.0.0.1'], searches: ['a'] }],
  ]
  for (const [name, text, expected] of cases) {
    it(name, () => assert.deepEqual(parseResolv(text), { nameservers: [], searches: [], options: [], ...expected }))
  }
  const loops: [string, boolean][] = [
    ['nameserver 127.0.0.53', true],
    ['nameserver 127.0.0.1\nnameserver ::1', true],
    ['nameserver 127.0.0.53\nnameserver 8.8.8.8', false],
    ['nameserver 10.0.0.1', false],
    ['', false],
  ]
  for (const [text, expected] of loops)
    it(`loops: ${JSON.stringify(text)}`, () => assert.equal(isLoopbackOnly(parseResolv(text)), expected))
})

const NODE = parseResolv('nameserver 10.0.0.1\nsearch lan home\noptions rotate')
const CLUSTER = { servers: ['10.96.0.10'], domain: 'cluster.local' }
const OWN = 'search ns.svc.cluster.local svc.cluster.local cluster.local lan home'

describe('the resolv.conf of a pod', () => {
  const node = 'search lan home | nameserver 10.0.0.1 | options rotate'
  const cases: [string, Partial<PodSpec>, string][] = [
    ['the cluster first', {}, `${OWN} | nameserver 10.96.0.10 | options ndots:5`],
    ['said so', { dnsPolicy: 'ClusterFirst' }, `${OWN} | nameserver 10.96.0.10 | options ndots:5`],
    ["on the node's network", { hostNetwork: true }, node],
    ["on the node's network, said so", { hostNetwork: true, dnsPolicy: 'ClusterFirst' }, node],
    [
      "on the node's network, and the cluster all the same",
      { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' },
      `${OWN} | nameserver 10.96.0.10 | options ndots:5`,
    ],
    ['as the node', { dnsPolicy: 'Default' }, node],
    ['nothing', { dnsPolicy: 'None' }, ''],
  ]
  const told = (spec: Partial<PodSpec>) =>
    formatResolv(podResolv({ containers: [], ...spec }, 'ns', CLUSTER, NODE))
      .trim()
      .split('\n')
      .filter(Boolean)
      .join(' | ')
  for (const [name, spec, expected] of cases) it(name, () => assert.equal(told(spec), expected))

  const numbers = (count: number) => Array.from({ length: count }, (_, i) => i)
  const additions: [string, string, PodDNSConfig, Partial<ResolverSettings>][] = [
    ['servers come behind', 'ClusterFirst', { nameservers: ['1.1.1.1'] }, { nameservers: ['10.96.0.10', '1.1.1.1'] }],
    ['no server twice', 'ClusterFirst', { nameservers: ['10.96.0.10'] }, { nameservers: ['10.96.0.10'] }],
    [
      'no more than three are asked',
      'ClusterFirst',
      { nameservers: ['1.1.1.1', '2.2.2.2', '3.3.3.3'] },
      { nameservers: ['10.96.0.10', '1.1.1.1', '2.2.2.2'] },
    ],
    ['domains come behind', 'Default', { searches: ['x'] }, { searches: ['lan', 'home', 'x'] }],
    ['no domain twice', 'Default', { searches: ['home', 'x', 'x'] }, { searches: ['lan', 'home', 'x'] }],
    [
      'no more than 32 domains',
      'None',
      { searches: numbers(40).map(i => `d${i}`) },
      { searches: numbers(32).map(i => `d${i}`) },
    ],
    [
      'no more than 2,048 letters of them',
      'None',
      { searches: numbers(12).map(i => `${i}`.padStart(2, '0').repeat(100)) },
      { searches: numbers(10).map(i => `${i}`.padStart(2, '0').repeat(100)) },
    ],
    [
      'an option takes the place of its like',
      'ClusterFirst',
      { options: [{ name: 'ndots', value: '1' }] },
      { options: ['ndots:1'] },
    ],
    ['another one comes behind', 'ClusterFirst', { options: [{ name: 'edns0' }] }, { options: ['ndots:5', 'edns0'] }],
    [
      'the last of its like',
      'None',
      {
        options: [
          { name: 'ndots', value: '1' },
          { name: 'ndots', value: '2' },
        ],
      },
      { options: ['ndots:2'] },
    ],
  ]
  for (const [name, dnsPolicy, dnsConfig, expected] of additions) {
    it(name, () =>
      assert.partialDeepStrictEqual(podResolv({ containers: [], dnsPolicy, dnsConfig }, 'ns', CLUSTER, NODE), expected),
    )
  }
})

describe('an /etc/hosts', () => {
  const tail = (text: string) => text.split('\n').slice(7, -1)
  const two: HostAlias[] = [
    { ip: '123.45.67.89', hostnames: ['foo', 'bar'] },
    { ip: '10.0.0.9', hostnames: ['x'] },
  ]
  const aliases = ['', '# Entries added by HostAliases.', '123.45.67.89\tfoo\tbar', '10.0.0.9\tx']
  const cases: [string, string | undefined, HostAlias[], string[]][] = [
    ['its name', undefined, [], ['10.1.0.2\tweb']],
    ['its full name first', 'web.sub.ns.svc.cluster.local', [], ['10.1.0.2\tweb.sub.ns.svc.cluster.local\tweb']],
    ['a full name that is its name', 'web', [], ['10.1.0.2\tweb']],
    ['aliases', undefined, two, ['10.1.0.2\tweb', ...aliases]],
  ]
  for (const [name, full, given, expected] of cases)
    it(name, () => assert.deepEqual(tail(podHosts('10.1.0.2', 'web', full, given)), expected))
  it('ends with a line', () => assert.ok(podHosts('10.1.0.2', 'web', undefined, two).endsWith('\tx\n')))
  it('says whose it is', () =>
    assert.ok(
      podHosts('10.1.0.2', 'web', undefined, []).startsWith('# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n'),
    ))
  it('of the node, with aliases behind', () => {
    assert.equal(
      hostNetworkHosts('1.2.3.4 node\n\n', two),
      `# Kubernetes-managed hosts file (host network).\n1.2.3.4 node\n${aliases.join('\n')}\n`,
    )
  })
})
