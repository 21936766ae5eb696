import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Node, Taint, Toleration } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { ago, liveMeta, livePod, type PodParts } from '../../test/support/objects.ts'
import { findGarbage, lastWords, lostFor, missingSince } from '../pod-garbage.ts'
import { mayStayMs } from './eviction.ts'
import { conditionsOfSilentNode, decideTaints, describeDuration, readyStatusOf } from './health.ts'
import { formatRange, nextRange, parseRange } from './ipam.ts'

const FOREVER = Number.POSITIVE_INFINITY
/** `key=value:NoExecute`. */
const taint = (text: string): Taint => {
  const [, key, value, effect] = /^([^=:]+)(?:=([^:]*))?:(\w+)$/.exec(text)!
  return { key: key!, effect: effect!, ...(value === undefined ? {} : { value }) }
}

describe('how long a pod may stay', () => {
  const any = (tolerationSeconds?: number): Toleration => ({ operator: 'Exists', tolerationSeconds })
  const key = (name: string, tolerationSeconds?: number, effect?: string): Toleration => ({
    key: name,
    operator: 'Exists',
    effect,
    tolerationSeconds,
  })
  const cases: [string, Toleration[], string[], number][] = [
    ['no taints', [], [], FOREVER],
    ['a taint that nobody tolerates', [], ['a:NoExecute'], 0],
    ['for ever', [key('a')], ['a:NoExecute'], FOREVER],
    ['whatever it is', [any()], ['a:NoExecute', 'b=c:NoExecute'], FOREVER],
    ['five minutes', [key('a', 300)], ['a:NoExecute'], 300_000],
    ['no time at all', [key('a', 0)], ['a:NoExecute'], 0],
    ['less than none is none', [key('a', -5)], ['a:NoExecute'], 0],
    ['the shorter of two taints', [key('a', 300), key('b', 60)], ['a:NoExecute', 'b:NoExecute'], 60_000],
    ['the first that covers it: for ever', [key('a'), any(60)], ['a:NoExecute'], FOREVER],
    ['the first that covers it: for a while', [any(60), key('a')], ['a:NoExecute'], 60_000],
    ['one of two is not tolerated', [key('a', 300)], ['a:NoExecute', 'b:NoExecute'], 0],
    ['for another effect', [key('a', undefined, 'NoSchedule')], ['a:NoExecute'], 0],
    ['for this effect', [key('a', undefined, 'NoExecute')], ['a:NoExecute'], FOREVER],
    ['by value', [{ key: 'a', value: 'x' }], ['a=x:NoExecute'], FOREVER],
    ['another value', [{ key: 'a', value: 'x' }], ['a=y:NoExecute'], 0],
    ['without a value', [{ key: 'a' }], ['a:NoExecute'], FOREVER],
    ['a larger number', [{ key: 'a', operator: 'Gt', value: '5' }], ['a=6:NoExecute'], FOREVER],
    ['not larger', [{ key: 'a', operator: 'Gt', value: '5' }], ['a=5:NoExecute'], 0],
  ]
  for (const [name, tolerations, taints, expected] of cases)
    it(name, () => assert.equal(mayStayMs(tolerations, taints.map(taint)), expected))
})

const node = (conditions: Record<string, string>, taints: string[] = [], more: object = {}): Node => ({
  spec: { taints: taints.map(taint), ...more },
  status: { conditions: Object.entries(conditions).map(([type, status]) => ({ type, status })) },
})
const PREFIX = 'node.kubernetes.io/'

describe('the taints of a node', () => {
  const notReady = [`${PREFIX}not-ready:NoSchedule`, `${PREFIX}not-ready:NoExecute`]
  const unreachable = [`${PREFIX}unreachable:NoSchedule`, `${PREFIX}unreachable:NoExecute`]
  const cases: [string, Node, boolean, string | undefined][] = [
    ['well', node({ Ready: 'True' }), true, undefined],
    ['not ready', node({ Ready: 'False' }), true, 'not-ready:NoSchedule not-ready:NoExecute'],
    ['out of reach', node({ Ready: 'Unknown' }), true, 'unreachable:NoSchedule unreachable:NoExecute'],
    ['has said nothing yet', node({}), true, 'not-ready:NoSchedule not-ready:NoExecute'],
    ['well again', node({ Ready: 'True' }, notReady), true, ''],
    ['ill, and told so', node({ Ready: 'False' }, notReady), true, undefined],
    [
      'from ill to out of reach',
      node({ Ready: 'Unknown' }, notReady),
      true,
      'unreachable:NoSchedule unreachable:NoExecute',
    ],
    ['out of memory', node({ Ready: 'True', MemoryPressure: 'True' }), true, 'memory-pressure:NoSchedule'],
    ['out of disk', node({ Ready: 'True', DiskPressure: 'True' }), true, 'disk-pressure:NoSchedule'],
    ['out of processes', node({ Ready: 'True', PIDPressure: 'True' }), true, 'pid-pressure:NoSchedule'],
    ['no network', node({ Ready: 'True', NetworkUnavailable: 'True' }), true, 'network-unavailable:NoSchedule'],
    ['pressure that is not known is none', node({ Ready: 'True', MemoryPressure: 'Unknown' }), true, undefined],
    ['cordoned', node({ Ready: 'True' }, [], { unschedulable: true }), true, 'unschedulable:NoSchedule'],
    ['open again', node({ Ready: 'True' }, [`${PREFIX}unschedulable:NoSchedule`]), true, ''],
    [
      'what others put there stays',
      node({ Ready: 'False' }, ['gpu=yes:NoSchedule']),
      true,
      'gpu:NoSchedule not-ready:NoSchedule not-ready:NoExecute',
    ],
    ['nobody is well: nobody has to go', node({ Ready: 'Unknown' }), false, 'unreachable:NoSchedule'],
    [
      'nobody is well any more: those that had to go may stay',
      node({ Ready: 'Unknown' }, unreachable),
      false,
      'unreachable:NoSchedule',
    ],
  ]
  for (const [name, subject, mayEvict, expected] of cases) {
    it(name, () => {
      const taints = decideTaints(subject, mayEvict, ago(0))
      assert.equal(taints?.map(({ key, effect }) => `${key.replace(PREFIX, '')}:${effect}`).join(' '), expected)
    })
  }
})

describe('a node that is silent', () => {
  const cases: [string, Record<string, string>, string | undefined][] = [
    [
      'all that it said is unknown',
      { Ready: 'True', MemoryPressure: 'False', DiskPressure: 'False', PIDPressure: 'False' },
      'NodeStatusUnknown x4',
    ],
    ['it never said anything', {}, 'NodeStatusNeverUpdated x4'],
    [
      'unknown already',
      { Ready: 'Unknown', MemoryPressure: 'Unknown', DiskPressure: 'Unknown', PIDPressure: 'Unknown' },
      undefined,
    ],
    [
      'one is known still',
      { Ready: 'Unknown', MemoryPressure: 'Unknown', DiskPressure: 'True', PIDPressure: 'Unknown' },
      'NodeStatusUnknown x1',
    ],
  ]
  for (const [name, conditions, expected] of cases) {
    it(name, () => {
      const found = conditionsOfSilentNode(node(conditions), ago(0))?.filter(({ reason }) => reason)
      assert.equal(found && `${found[0]?.reason} x${found.length}`, expected)
    })
  }
  it('is ready as far as it said so', () => {
    assert.deepEqual([readyStatusOf(node({ Ready: 'True' })), readyStatusOf(node({}))], ['True', undefined])
  })
  const durations: [number, string][] = [
    [0, '0s'],
    [59_400, '59s'],
    [60_000, '1m0s'],
    [200_000, '3m20s'],
    [3_600_000, '1h0m'],
    [32_520_000, '9h2m'],
  ]
  for (const [ms, expected] of durations)
    it(`${ms} ms are ${expected}`, () => assert.equal(describeDuration(ms), expected))
})

describe('pods that nobody will finish', () => {
  const there = (name: string, ready: string, taints: string[] = []): Live<Node> =>
    ({ metadata: liveMeta(name), ...node({ Ready: ready }, taints) }) as Live<Node>
  const nodes = new Map(
    [
      there('n1', 'True'),
      there('dead', 'Unknown', [`${PREFIX}out-of-service=nodeshutdown:NoExecute`]),
      there('up', 'True', [`${PREFIX}out-of-service:NoExecute`]),
    ].map(one => [one.metadata.name, one]),
  )
  const ended = (name: string, created: number, evicted = false) => {
    const pod = livePod(name, { phase: evicted ? 'Failed' : 'Succeeded', created })
    return { ...pod, status: { ...pod.status, ...(evicted ? { reason: 'Evicted' } : {}) } }
  }
  const cases: [string, [string, PodParts][], string][] = [
    ['one that runs', [['a', {}]], ''],
    ['its node is gone', [['a', { node: 'gone' }]], 'a orphaned'],
    ['its node has just gone', [['a', { node: 'going' }]], ''],
    ['never placed, and to be deleted', [['a', { node: '', deleting: true }]], 'a unscheduled'],
    ['never placed', [['a', { node: '' }]], ''],
    ['to be deleted on a node that is out of service', [['a', { node: 'dead', deleting: true }]], 'a out-of-service'],
    ['not to be deleted', [['a', { node: 'dead' }]], ''],
    ['out of service, and yet up', [['a', { node: 'up', deleting: true }]], ''],
    ['ended on a node that is gone', [['a', { node: 'gone', phase: 'Succeeded' }]], 'a orphaned'],
  ]
  for (const [name, pods, expected] of cases) {
    it(name, () => {
      const found = findGarbage(
        pods.map(([pod, parts]) => livePod(pod, parts)),
        nodes,
        new Set(['gone']),
        100,
      )
      assert.equal(found.map(({ pod, why }) => `${pod.metadata.name} ${why}`).join(), expected)
    })
  }
  const many: [string, ReturnType<typeof ended>[], number, string][] = [
    ['as many as may stay', [ended('a', 5), ended('b', 9)], 2, ''],
    ['the oldest goes', [ended('a', 5), ended('b', 9)], 1, 'b'],
    ['those that were evicted go first', [ended('a', 5, true), ended('b', 9)], 1, 'a'],
    ['the oldest of those first', [ended('a', 5, true), ended('b', 9, true), ended('c', 99)], 2, 'b'],
    ['0 is no limit', [ended('a', 5), ended('b', 9)], 0, ''],
  ]
  for (const [name, pods, threshold, expected] of many) {
    it(`ended ones: ${name}`, () => {
      const found = findGarbage(pods as never, nodes, new Set(), threshold)
      assert.equal(found.map(({ pod }) => pod.metadata.name).join(' '), expected)
    })
  }
})

describe('nodes that are missing', () => {
  const there =
    (...names: string[]) =>
    (name: string) =>
      names.includes(name)
  /** Since when they were known to be missing, whom pods name, who is there; the same at the moment 50. */
  const cases: [string, [string, number][], string[], string[], [string, number][]][] = [
    ['nobody', [], ['a'], ['a'], []],
    ['since now', [], ['a', 'b'], ['a'], [['b', 50]]],
    ['since some time', [['b', 10]], ['a', 'b'], ['a'], [['b', 10]]],
    ['it came back', [['b', 10]], ['b'], ['b'], []],
    ['nobody names it any more', [['b', 10]], ['a'], ['a'], []],
    [
      'one more',
      [['b', 10]],
      ['b', 'c'],
      [],
      [
        ['b', 10],
        ['c', 50],
      ],
    ],
  ]
  for (const [name, before, named, present, expected] of cases)
    it(name, () => assert.deepEqual([...missingSince(new Map(before), named, there(...present), 50)], expected))

  it('are lost after forty seconds', () => {
    const since = new Map(Object.entries({ a: 60_000, b: 60_001, c: 1 }))
    assert.deepEqual([...lostFor(since, 100_000)], ['a', 'c'])
  })

  const words: [string, PodParts, Parameters<typeof lastWords>[0]['why'], string | undefined][] = [
    ['lost with its node', {}, 'orphaned', 'Failed DisruptionTarget=True DeletionByPodGC'],
    ['never placed', { phase: 'Pending' }, 'unscheduled', 'Failed'],
    ['on a node out of service', {}, 'out-of-service', 'Failed'],
    ['it had ended before', { phase: 'Succeeded' }, 'orphaned', undefined],
    ['it had failed before', { phase: 'Failed' }, 'terminated', undefined],
  ]
  for (const [name, parts, why, expected] of words) {
    it(`last words: ${name}`, () => {
      const status = lastWords({ pod: livePod('a', parts), why }, ago(0))
      const said = status?.conditions?.map(one => ` ${one.type}=${one.status} ${one.reason}`).join() ?? ''
      assert.equal(status && `${status.phase}${said}`, expected)
    })
  }
})

describe('ranges of pods', () => {
  const next: [string, number, string[], string | undefined][] = [
    ['10.244.0.0/16', 24, [], '10.244.0.0/24'],
    ['10.244.0.0/16', 24, ['10.244.0.0/24'], '10.244.1.0/24'],
    ['10.244.0.0/16', 24, ['10.244.0.0/24', '10.244.2.0/24'], '10.244.1.0/24'],
    ['10.244.0.0/24', 24, [], '10.244.0.0/24'],
    ['10.244.0.0/24', 24, ['10.244.0.0/24'], undefined],
    ['10.244.0.0/23', 24, ['10.244.1.0/24', '10.244.0.0/24'], undefined],
    ['10.244.7.9/16', 24, [], '10.244.0.0/24'],
    ['192.168.0.0/30', 31, ['192.168.0.0/31'], '192.168.0.2/31'],
    ['fd00:1::/56', 64, ['fd00:1::/64'], 'fd00:1:0:1::/64'],
  ]
  for (const [cluster, mask, used, expected] of next) {
    it(`${cluster} in /${mask} beside ${used.join(' ') || 'none'}`, () =>
      assert.equal(nextRange(cluster, mask, used), expected))
  }
  for (const text of ['10.0.0.0/8', '0.0.0.0/0', '255.255.255.255/32', 'fd00::/8', '2001:db8:0:1::/64']) {
    it(`${text} is read and written`, () => assert.equal(formatRange(parseRange(text)), text))
  }
  for (const text of ['10.0.0.0', '10.0.0/8', '10.0.0.256/8', '10.0.0.0/33', '10.0.0.0/x', 'a/8', '10.0.0.0/-1']) {
    it(`${text} is no range`, () => assert.throws(() => parseRange(text)))
  }
})
