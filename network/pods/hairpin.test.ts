import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { bridgeOf, type Interfaces } from './hairpin.ts'

const address = (cidr: string) => ({ family: 'IPv4', cidr })
const INTERFACES: Interfaces = {
  lo: [address('127.0.0.1/8')],
  enp0s3: [address('10.0.2.15/24')],
  'br-0123456789ab': [address('10.244.1.1/24'), { family: 'IPv6', cidr: 'fe80::1/64' }],
  docker0: [address('172.17.0.1/16')],
}

describe("the bridge of a node's pods", () => {
  const cases: [range: string, bridge: string | undefined][] = [
    ['10.244.1.0/24', 'br-0123456789ab'],
    ['172.17.0.0/16', 'docker0'],
    ['10.244.2.0/24', undefined],
    ['10.244.1.0/25', undefined],
  ]
  for (const [range, bridge] of cases) {
    it(`for ${range} is ${bridge ?? 'not there yet'}`, () => assert.equal(bridgeOf(range, INTERFACES), bridge))
  }
})
