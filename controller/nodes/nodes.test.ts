import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { Node, Taint } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, livePod } from '../../test/support/objects.ts'
import { findGarbage } from '../pod-garbage.ts'
import { mayStayMs } from './eviction.ts'
import { conditionsOfSilentNode, decideTaints, describeDuration } from './health.ts'
import { formatRange, nextRange, parseRange } from './ipam.ts'

function node(ready: string | undefined, extra: Partial<Node> = {}, more: Record<string, string> = {}): Node {
  const all = { ...(ready ? { Ready: ready } : {}), ...more }
  return { ...extra, status: { conditions: Object.entries(all).map(([type, status]) => ({ type, status })) } }
}

describe('decideTaints', () => {
  const cases: [string, Node, boolean, string[] | undefined][] = [
    ['a healthy node', node('True'), true, undefined],
    ['not ready', node('False'), true, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    ['silent', node('Unknown'), true, ['unreachable:NoSchedule', 'unreachable:NoExecute']],
    ['nobody is healthy: nobody is evicted', node('Unknown'), false, ['unreachable:NoSchedule']],
    ['never heard of', node(undefined), true, ['not-ready:NoSchedule', 'not-ready:NoExecute']],
    [
      'under pressure',
      node('True', {}, { MemoryPressure: 'True', DiskPressure: 'True', PIDPressure: 'False' }),
      true,
      ['memory-pressure:NoSchedule', 'disk-pressure:NoSchedule'],
    ],
    ['cordoned', node('True', { spec: { unschedulable: true } }), true, ['unschedulable:NoSchedule']],
    [
      'well again',
      node('True', { spec: { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] } }),
      true,
      [],
    ],
  ]
  for (const [name, subject, mayEvict, expected] of cases) {
    it(name, () => {
      const taints = decideTaints(subject, mayEvict, ago(0))
      assert.deepEqual(
        taints?.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`),
        expected,
      )
    })
  }
  it("keeps other people's taints, and is content with its own work", () => {
    const own = { key: 'gpu', effect: 'NoSchedule' }
    const taints = decideTaints(node('False', { spec: { taints: [own] } }), true, ago(0))!
    assert.equal(taints[0], own)
    assert.equal(decideTaints(node('False', { spec: { taints } }), true, ago(0)), undefined)
  })
})

describe('conditionsOfSilentNode', () => {
  it('makes everything unknown, once', () => {
    const conditions = conditionsOfSilentNode(node('True'), ago(0))!
    assert.deepEqual(
      conditions.map(({ type, status, reason }) => [type, status, reason]),
      [
        ['Ready', 'Unknown', 'NodeStatusUnknown'],
        ...['MemoryPressure', 'DiskPressure', 'PIDPressure'].map(type => [type, 'Unknown', 'NodeStatusNeverUpdated']),
      ],
    )
    assert.equal(conditionsOfSilentNode({ status: { conditions } }, ago(0)), undefined)
  })
})

describe('mayStayMs', () => {
  const taint: Taint = { key: 'a', effect: 'NoExecute' }
  const cases: [string, Parameters<typeof mayStayMs>[0], Taint[], number][] = [
    ['no taint', [], [], Number.POSITIVE_INFINITY],
    ['no toleration', [], [taint], 0],
    ['tolerated for ever', [{ key: 'a', operator: 'Exists' }], [taint], Number.POSITIVE_INFINITY],
    ['for a while', [{ key: 'a', operator: 'Exists', tolerationSeconds: 30 }], [taint], 30_000],
    [
      'the first of two that cover it',
      [
        { key: 'a', operator: 'Exists', tolerationSeconds: 30 },
        { operator: 'Exists', tolerationSeconds: 5 },
      ],
      [taint],
      30_000,
    ],
    [
      'one of two taints is not tolerated',
      [{ key: 'a', operator: 'Exists' }],
      [taint, { key: 'b', effect: 'NoExecute' }],
      0,
    ],
    ['negative seconds', [{ key: 'a', operator: 'Exists', tolerationSeconds: -1 }], [taint], 0],
  ]
  for (const [name, tolerations, taints, expected] of cases)
    it(name, () => assert.equal(mayStayMs(tolerations, taints), expected))
})

describe('node ranges', () => {
  const cases: [string, number, string[], string | undefined][] = [
    ['10.244.0.0/16', 24, [], '10.244.0.0/24'],
    ['10.244.0.0/16', 24, ['10.244.0.0/24', '10.244.2.0/24'], '10.244.1.0/24'],
    ['10.0.0.0/24', 25, ['10.0.0.0/25', '10.0.0.128/25'], undefined],
    ['192.168.0.0/20', 26, ['192.168.0.0/26'], '192.168.0.64/26'],
    ['fd00:10::/48', 64, ['fd00:10::/64'], 'fd00:10:0:1::/64'],
  ]
  for (const [cluster, size, used, expected] of cases) {
    it(`${cluster} cut by ${size}, ${used.length} given`, () => assert.equal(nextRange(cluster, size, used), expected))
  }
  it('never gives the same range twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), count => {
        const given: string[] = []
        for (let i = 0; i < count; i++) given.push(nextRange('10.96.0.0/18', 24, given)!)
        assert.equal(new Set(given).size, count)
      }),
      { numRuns: 20 },
    )
  })
  it('writes what it reads', () => {
    for (const cidr of ['10.1.2.0/24', '0.0.0.0/0', 'fd00::/8']) assert.equal(formatRange(parseRange(cidr)), cidr)
    for (const wrong of ['10.1.2/24', '10.1.2.3', '10.1.2.300/24', '10.0.0.0/33'])
      assert.throws(() => parseRange(wrong))
  })
})

describe('findGarbage', () => {
  const nodes = new Map<string, Live<Node>>([['n1', { metadata: liveMeta('n1'), spec: {} }]])
  const broken: Live<Node> = {
    metadata: liveMeta('n2'),
    spec: { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] },
  }
  nodes.set('n2', broken)
  const done = (name: string, created: number) => livePod(name, { phase: 'Succeeded', created })
  const cases: [string, ReturnType<typeof livePod>[], string[], number, string[]][] = [
    ['nothing', [livePod('a')], [], 10, []],
    ['its node is gone', [livePod('a', { node: 'n9' })], ['n9'], 10, ['a orphaned']],
    ['its node is gone for a moment', [livePod('a', { node: 'n9' })], [], 10, []],
    ['ends before it was placed', [livePod('a', { node: '', deleting: true })], [], 10, ['a unscheduled']],
    [
      'ends on a node that is out of service',
      [livePod('a', { node: 'n2', deleting: true })],
      [],
      10,
      ['a out-of-service'],
    ],
    [
      'too many have ended: the oldest go',
      [done('young', 1), done('old', 99), done('older', 999)],
      [],
      1,
      ['older terminated', 'old terminated'],
    ],
  ]
  for (const [name, pods, missing, threshold, expected] of cases) {
    it(name, () => {
      const garbage = findGarbage(pods, nodes, new Set(missing), threshold)
      assert.deepEqual(
        garbage.map(({ pod, why }) => `${pod.metadata.name} ${why}`),
        expected,
      )
    })
  }
})

describe('describeDuration', () => {
  for (const [ms, expected] of [
    [5000, '5s'],
    [200_000, '3m20s'],
    [32_520_000, '9h2m'],
  ] as const) {
    it(expected, () => assert.equal(describeDuration(ms), expected))
  }
})
