import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { filterRules } from '../filter/tables.ts'
import type { ServicePort } from './ports.ts'
import { chainsOf, type NodeSide, natRules } from './rules.ts'

const NODE: NodeSide = { chains: chainsOf('kubox'), podRanges: ['10.244.0.0/24', '10.244.1.0/24'] }

const port = (more: Partial<ServicePort> = {}): ServicePort => ({
  name: 'shop/web:http',
  protocol: 'tcp',
  port: 80,
  clusterIps: ['10.96.0.5'],
  externalIps: [],
  inside: ['10.244.0.2:8080'],
  outside: ['10.244.0.2:8080'],
  keepsSource: false,
  ...more,
})

/** The rules of a table without what every node has; chains of a Service by their kinds, since their names are digests. */
function rulesFor(ports: ServicePort[], node: Partial<NodeSide> = {}, present: string[] = []): string[] {
  const plain = new Set(natRules([], { ...NODE, ...node }, []).split('\n'))
  return natRules(ports, { ...NODE, ...node }, present)
    .split('\n')
    .filter(line => !plain.has(line) && !line.startsWith(':'))
    .map(line => line.replace(/KUBOX-(IN|OUT|EXT|TO)-[0-9A-F]{12}/g, '$1').replaceAll('KUBOX-', ''))
    .map(line => line.replace(/ -m comment --comment "[^"]*"/, ''))
}

const CASES: { title: string; ports: ServicePort[]; node?: Partial<NodeSide>; wanted: string[] }[] = [
  {
    title: 'one target',
    ports: [port()],
    wanted: [
      '-A IN -j TO',
      '-A TO -s 10.244.0.2/32 -j MARK',
      '-A TO -p tcp -j DNAT --to-destination 10.244.0.2:8080',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j OUTSIDERS',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j IN',
    ],
  },
  {
    title: 'no target: the filter refuses, nothing is sent on',
    ports: [port({ inside: [], outside: [] })],
    wanted: [],
  },
  {
    title: 'an affinity is recalled before one is drawn, and remembered when it is used',
    ports: [port({ affinitySeconds: 60 })],
    wanted: [
      '-A IN -m recent --name TO --rcheck --seconds 60 --reap -j TO',
      '-A IN -j TO',
      '-A TO -s 10.244.0.2/32 -j MARK',
      '-A TO -m recent --name TO --set -p tcp -j DNAT --to-destination 10.244.0.2:8080',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j OUTSIDERS',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j IN',
    ],
  },
  {
    title: 'a node port comes with the address of this node',
    ports: [port({ nodePort: 30080 })],
    wanted: [
      '-A IN -j TO',
      '-A TO -s 10.244.0.2/32 -j MARK',
      '-A TO -p tcp -j DNAT --to-destination 10.244.0.2:8080',
      '-A EXT -j MARK',
      '-A EXT -j IN',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j OUTSIDERS',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j IN',
      '-A NODEPORTS -p tcp -m tcp --dport 30080 -j EXT',
    ],
  },
  {
    title: 'externalTrafficPolicy Local: strangers keep their address and reach targets here only',
    ports: [
      port({
        ...{ clusterIps: [], externalIps: ['192.168.56.50'], keepsSource: true },
        ...{ inside: ['10.244.1.2:8080'], outside: ['10.244.0.2:8080'] },
      }),
    ],
    wanted: [
      '-A IN -j TO',
      '-A TO -s 10.244.1.2/32 -j MARK',
      '-A TO -p tcp -j DNAT --to-destination 10.244.1.2:8080',
      '-A OUT -j TO',
      '-A TO -s 10.244.0.2/32 -j MARK',
      '-A TO -p tcp -j DNAT --to-destination 10.244.0.2:8080',
      '-A EXT -s 10.244.0.0/24 -j IN',
      '-A EXT -s 10.244.1.0/24 -j IN',
      '-A EXT -m addrtype --src-type LOCAL -j MARK',
      '-A EXT -m addrtype --src-type LOCAL -j IN',
      '-A EXT -j OUT',
      '-A SERVICES -d 192.168.56.50/32 -p tcp -m tcp --dport 80 -j EXT',
    ],
  },
  {
    title: 'externalTrafficPolicy Local without a target here: strangers get nowhere',
    ports: [port({ clusterIps: [], nodePort: 30080, keepsSource: true, outside: [] })],
    wanted: [
      '-A IN -j TO',
      '-A TO -s 10.244.0.2/32 -j MARK',
      '-A TO -p tcp -j DNAT --to-destination 10.244.0.2:8080',
      '-A EXT -s 10.244.0.0/24 -j IN',
      '-A EXT -s 10.244.1.0/24 -j IN',
      '-A EXT -m addrtype --src-type LOCAL -j MARK',
      '-A EXT -m addrtype --src-type LOCAL -j IN',
      '-A NODEPORTS -p tcp -m tcp --dport 30080 -j EXT',
    ],
  },
  {
    title: 'a bridge that the filter does not see: pods of this node come with its address',
    ports: [port()],
    node: { unfilteredRange: '10.244.0.0/24' },
    wanted: [
      '-A IN -j TO',
      '-A TO -s 10.244.0.2/32 -j MARK',
      '-A TO -s 10.244.0.0/24 -j MARK',
      '-A TO -p tcp -j DNAT --to-destination 10.244.0.2:8080',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j OUTSIDERS',
      '-A SERVICES -d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j IN',
    ],
  },
]

describe('the rules of a Service', () => {
  for (const { title, ports, node, wanted } of CASES) {
    it(title, () => assert.deepEqual(rulesFor(ports, node), wanted))
  }

  it('give each of several targets the same chance', () => {
    const inside = ['10.244.0.2:80', '10.244.0.3:80', '10.244.1.2:80', '10.244.1.3:80']
    const drawn = rulesFor([port({ inside })]).filter(line => line.startsWith('-A IN'))
    const passed = drawn.map(line => Number(/--probability (\S+)/.exec(line)?.[1] ?? 1))
    let left = 1
    for (const chance of passed) {
      assert.ok(Math.abs(left * chance - 0.25) < 1e-6, JSON.stringify(passed))
      left -= left * chance
    }
    assert.ok(Math.abs(left) < 1e-6)
  })

  it('remove the chains of what is gone, and no others', () => {
    const present = ['KUBOX-SERVICES', 'KUBOX-TO-0123456789AB']
    const lines = natRules([port()], NODE, present).split('\n')
    assert.deepEqual(
      lines.filter(line => line.startsWith('-X')),
      ['-X KUBOX-TO-0123456789AB'],
    )
    // What is removed in a transaction has to be known to it, and empty.
    assert.ok(lines.includes(':KUBOX-TO-0123456789AB - [0:0]'))
  })

  it('are declared once each, with names that the filter takes', () => {
    const names = natRules([port({ nodePort: 30080 }), port({ name: 'shop/web:admin' })], NODE, [])
      .split('\n')
      .flatMap(line => (line.startsWith(':') ? [line.split(' ')[0]!.slice(1)] : []))
    assert.equal(new Set(names).size, names.length)
    for (const name of names) assert.ok(name.length <= 28, name)
  })

  it('send questions for names to this node, before anything else', () => {
    const dns = { addresses: ['10.96.0.10'], port: 10053 }
    const lines = natRules([], { ...NODE, dns }, []).split('\n')
    assert.deepEqual(
      lines.filter(line => line.includes('REDIRECT')),
      ['udp', 'tcp'].map(
        kind => `-A KUBOX-SERVICES -d 10.96.0.10/32 -p ${kind} -m ${kind} --dport 53 -j REDIRECT --to-ports 10053`,
      ),
    )
  })
})

describe('the table filter', () => {
  const linesFor = (ports: ServicePort[], chain: string, node: Partial<NodeSide> = {}) =>
    filterRules(ports, { ...NODE, ...node })
      .split('\n')
      .filter(line => line.startsWith(`-A KUBOX-${chain} `))
      .map(line => line.replace(/ -m comment --comment "[^"]*"/, '').replace(`-A KUBOX-${chain} `, ''))

  const refusals: { title: string; port: Partial<ServicePort>; wanted: string[] }[] = [
    { title: 'nothing while there are targets', port: { nodePort: 30080 }, wanted: [] },
    {
      title: 'every way in while there are none',
      port: { inside: [], outside: [], nodePort: 30080, externalIps: ['192.168.56.50'] },
      wanted: [
        '-d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j REJECT',
        '-d 192.168.56.50/32 -p tcp -m tcp --dport 80 -j REJECT',
        '-m addrtype --dst-type LOCAL -p tcp -m tcp --dport 30080 -j REJECT',
      ],
    },
    {
      title: 'strangers silently, with the policy Local and targets elsewhere',
      port: { outside: [], nodePort: 30080, keepsSource: true },
      wanted: ['-m addrtype --dst-type LOCAL -p tcp -m tcp --dport 30080 -j DROP'],
    },
    {
      title: 'those inside, with internalTrafficPolicy Local and none here',
      port: { inside: [] },
      wanted: ['-d 10.96.0.5/32 -p tcp -m tcp --dport 80 -j REJECT'],
    },
  ]
  for (const { title, port: more, wanted } of refusals) {
    it(`refuses ${title}`, () => assert.deepEqual(linesFor([port(more)], 'REFUSE'), wanted))
  }

  it('lets the pods of every node send and be sent to, after what is refused', () => {
    assert.deepEqual(linesFor([], 'FORWARD'), [
      '-j KUBOX-REFUSE',
      '-m mark --mark 0x4000/0x4000 -j ACCEPT',
      '-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
      '-s 10.244.0.0/24 -j ACCEPT',
      '-d 10.244.0.0/24 -j ACCEPT',
      '-s 10.244.1.0/24 -j ACCEPT',
      '-d 10.244.1.0/24 -j ACCEPT',
    ])
  })

  it('lets pods ask for names, and nobody else by us', () => {
    const dns = { addresses: ['10.96.0.10'], port: 10053 }
    assert.deepEqual(linesFor([], 'INPUT', { dns, podRanges: ['10.244.0.0/24'] }), [
      '-j KUBOX-REFUSE',
      '-s 10.244.0.0/24 -p udp -m udp --dport 10053 -j ACCEPT',
      '-s 10.244.0.0/24 -p tcp -m tcp --dport 10053 -j ACCEPT',
    ])
  })
})

describe('names of chains', () => {
  it('are plain for the usual cluster, and apart for another on the same machine', () => {
    assert.equal(chainsOf('kubox').services, 'KUBOX-SERVICES')
    const [one, two] = [chainsOf('kubox-a'), chainsOf('kubox-b')]
    assert.match(one.services, /^KUBOX[0-9A-F]{4}-SERVICES$/)
    assert.notEqual(one.prefix, two.prefix)
    assert.ok(!one.services.startsWith(chainsOf('kubox').prefix))
  })
})
