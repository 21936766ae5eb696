import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type Candidate, candidateAddresses, chooseAddress, defaultRouteInterface } from './addresses.ts'

const nat: Candidate = { interfaceName: 'enp0s3', address: '10.0.2.15' }
const network: Candidate = { interfaceName: 'enp0s8', address: '192.168.56.10' }
const second: Candidate = { interfaceName: 'enp0s9', address: '172.20.0.4' }

describe('the address a master announces', () => {
  const cases: [string, Candidate[], string | undefined, string | undefined, string, RegExp][] = [
    ['is the one asked for', [nat, network], 'enp0s3', '192.168.56.10', '192.168.56.10', /as asked for/],
    ['is the default route’s', [network, second], 'enp0s9', undefined, '172.20.0.4', /where the default route goes/],
    [
      'is never the NAT adapter’s when there is another',
      [nat, network],
      'enp0s3',
      undefined,
      '192.168.56.10',
      /not 10\.0\.2\.15 of enp0s3/,
    ],
    [
      'is the NAT adapter’s when there is no other, and says so',
      [nat],
      'enp0s3',
      undefined,
      '10.0.2.15',
      /other VMs cannot reach it/,
    ],
    ['needs no default route', [network], undefined, undefined, '192.168.56.10', /of enp0s8/],
  ]
  for (const [name, candidates, route, wanted, address, reason] of cases) {
    it(name, () => {
      const choice = chooseAddress(candidates, route, wanted)
      assert.equal(choice.address, address)
      assert.match(choice.reason, reason)
    })
  }

  const refused: [string, Candidate[], string | undefined, RegExp][] = [
    ['no address at all', [], undefined, /no network address that others could reach/],
    ['an address of another machine', [network], '192.168.56.99', /is not an address of this machine/],
    ['no address', [network], 'eth0', /is not an IP address/],
  ]
  for (const [name, candidates, wanted, message] of refused) {
    it(`is refused: ${name}`, () => assert.throws(() => chooseAddress(candidates, undefined, wanted), message))
  }
})

describe('candidates', () => {
  it('leave out loopback, bridges of container engines and IPv6', () => {
    const info = (address: string, family: 'IPv4' | 'IPv6' = 'IPv4', internal = false) =>
      ({ address, family, internal, netmask: '', mac: '', cidr: null }) as never
    const found = candidateAddresses({
      lo: [info('127.0.0.1', 'IPv4', true)],
      docker0: [info('172.17.0.1')],
      'br-2f9c': [info('172.18.0.1')],
      enp0s3: [info('fe80::1', 'IPv6'), info('10.0.2.15')],
      enp0s8: [info('192.168.56.10')],
    })
    assert.deepEqual(found, [nat, network])
  })
})

describe('the default route', () => {
  const head = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n'
  const route = (name: string, destination: string, metric: number, mask: string) =>
    `${name}\t${destination}\t0202000A\t0003\t0\t0\t${metric}\t${mask}\t0\t0\t0\n`
  const cases: [string, string, string | undefined][] = [
    ['none', head + route('eth0', '0038A8C0', 0, '00FFFFFF'), undefined],
    ['one', head + route('eth0', '00000000', 0, '00000000'), 'eth0'],
    [
      'the lowest metric of two',
      head + route('b', '00000000', 200, '00000000') + route('a', '00000000', 100, '00000000'),
      'a',
    ],
  ]
  for (const [name, text, expected] of cases) it(name, () => assert.equal(defaultRouteInterface(text), expected))
})
