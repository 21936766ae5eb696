import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node } from '../../api/types/core-v1.ts'
import { parseRoutes, type Route, routeChanges, routesToOtherNodes } from './rules.ts'

const node = (name: string, podCIDR?: string, address?: string): Node => ({
  metadata: { name },
  spec: { podCIDR },
  status: {
    addresses: address
      ? [
          { type: 'Hostname', address: name },
          { type: 'InternalIP', address },
        ]
      : [],
  },
})

describe('routes to other nodes', () => {
  const cases: [string, Node[], Route[]][] = [
    ['none alone', [node('me', '10.244.0.0/24', '192.168.56.10')], []],
    [
      'one each, in order',
      [
        node('b', '10.244.2.0/24', '192.168.56.12'),
        node('me', '10.244.0.0/24', '1.1.1.1'),
        node('a', '10.244.1.0/24', '192.168.56.11'),
      ],
      [
        { range: '10.244.1.0/24', gateway: '192.168.56.11' },
        { range: '10.244.2.0/24', gateway: '192.168.56.12' },
      ],
    ],
    [
      'none to a node without a range or an address',
      [node('a', undefined, '192.168.56.11'), node('b', '10.244.2.0/24')],
      [],
    ],
  ]
  for (const [name, nodes, expected] of cases)
    it(name, () => assert.deepEqual(routesToOtherNodes(nodes, 'me'), expected))
})

describe('route changes', () => {
  const a = { range: '10.244.1.0/24', gateway: '192.168.56.11' }
  const moved = { ...a, gateway: '192.168.56.99' }
  const b = { range: '10.244.2.0/24', gateway: '192.168.56.12' }
  const cases: [string, Route[], Route[], string[]][] = [
    ['nothing to do', [a, b], [b, a], []],
    ['a new node', [a], [a, b], ['replace 10.244.2.0/24 192.168.56.12']],
    ['a node that has gone', [a, b], [a], ['delete 10.244.2.0/24 192.168.56.12']],
    ['a node whose address changed', [a], [moved], ['replace 10.244.1.0/24 192.168.56.99']],
  ]
  for (const [name, present, wanted, expected] of cases) {
    it(name, () => {
      const said = routeChanges(present, wanted).map(({ action, route }) => `${action} ${route.range} ${route.gateway}`)
      assert.deepEqual(said, expected)
    })
  }

  it('start from what `ip route` prints', () => {
    assert.deepEqual(parseRoutes('10.244.1.0/24 via 192.168.56.11 dev enp0s8 \n10.9.0.0/16 dev x scope link\n'), [a])
  })
})
