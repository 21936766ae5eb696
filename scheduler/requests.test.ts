import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Container, PodSpec } from '../api/types/core-v1.ts'
import { facts, node, PROFILE, picture } from '../test/support/scheduling.ts'
import { decide, type Refused } from './decide.ts'
import { preempt } from './preempt.ts'
import { type Amounts, addTo, amountOf, podCapacity, podRequests, toAmounts } from './resources.ts'

/** `2/3`: cores and bytes asked for; `2`: cores; `*`: keeps running. */
function container(text: string, name = 'c'): Container {
  const [cpu, memory] = text.replace('*', '').split('/')
  const requests = { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) }
  return { name, resources: { requests }, ...(text.endsWith('*') ? { restartPolicy: 'Always' } : {}) }
}
const spec = (apps: string, inits = '', more: Partial<PodSpec> = {}): PodSpec => ({
  containers: apps.split(' ').map(one => container(one)),
  initContainers: inits
    .split(' ')
    .filter(Boolean)
    .map(one => container(one)),
  ...more,
})

describe('what a pod asks for', () => {
  const cases: [string, PodSpec, [number, number]][] = [
    ['nothing', spec('/'), [0, 0]],
    ['one container', spec('1/3'), [1000, 3]],
    ['all containers', spec('1/3 2/4'), [3000, 7]],
    ['parts of a core', spec('100m 250m'), [350, 0]],
    ['less than a thousandth counts as one', spec('100u'), [1, 0]],
    ['a greater init container', spec('1/3', '3/2'), [3000, 3]],
    ['the greatest init container', spec('1/1', '2/5 4/2'), [4000, 5]],
    ['smaller init containers', spec('4/4', '1/1 2/2'), [4000, 4]],
    ['a sidecar runs beside', spec('1/3', '2/1*'), [3000, 4]],
    ['a sidecar, then an init container beside it', spec('1/1', '2/2* 4/1'), [6000, 3]],
    ['an init container, then a sidecar', spec('1/1', '4/1 2/2*'), [4000, 3]],
    ['two sidecars', spec('1/1', '1/1* 2/2*'), [4000, 4]],
    ['an init container between two sidecars', spec('1/1', '1/1* 5/1 2/2*'), [6000, 4]],
    ['an overhead', spec('1/3', '', { overhead: { cpu: '500m', memory: '7' } }), [1500, 10]],
    ['an overhead on the init container', spec('1', '3', { overhead: { cpu: '500m' } }), [3500, 0]],
    ['the pod speaks for all', spec('1/3 2/4', '', { resources: { requests: { cpu: '8' } } }), [8000, 7]],
    [
      'the pod speaks, and has an overhead',
      spec('1', '', { resources: { requests: { cpu: '8' } }, overhead: { cpu: '1' } }),
      [9000, 0],
    ],
    ['limits are no requests', { containers: [{ name: 'c', resources: { limits: { cpu: '1' } } }] }, [0, 0]],
  ]
  for (const [name, pod, expected] of cases) {
    it(name, () => {
      const { cpu, memory } = podRequests(pod)
      assert.deepEqual([cpu, memory], expected)
    })
  }
  const scored: [string, PodSpec, [number, number]][] = [
    ['nothing counts a little', spec('/'), [100, 209_715_200]],
    ['each container that says nothing', spec('/ /'), [200, 419_430_400]],
    ['only what is not said', spec('1/'), [1000, 209_715_200]],
    ['what is said as none is none', spec('0/0'), [0, 0]],
  ]
  for (const [name, pod, expected] of scored) {
    it(`for scores: ${name}`, () => {
      const { cpu, memory } = podRequests(pod, true)
      assert.deepEqual([cpu, memory], expected)
    })
  }
  const amounts: [Record<string, string>, string, number][] = [
    [{ cpu: '1500m' }, 'cpu', 1500],
    [{ memory: '1Ki' }, 'memory', 1024],
    [{ 'ephemeral-storage': '1k' }, 'ephemeral-storage', 1000],
    [{ 'nvidia.com/gpu': '2' }, 'nvidia.com/gpu', 2],
    [{ 'hugepages-2Mi': '4Mi' }, 'hugepages-2Mi', 4_194_304],
    [{ pods: '7' }, 'pods', 0],
    [{}, 'memory', 0],
  ]
  for (const [given, resource, expected] of amounts)
    it(`${JSON.stringify(given)} ${resource}`, () =>
      assert.equal(amountOf(toAmounts(given) as Amounts, resource), expected))
  /** Disk and a counted resource go the way of cores and memory: added, raised, taken away. */
  const kinds = (disk: string, gpu: string) => ({ 'ephemeral-storage': disk, 'a.b/gpu': gpu })
  const asking = (requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
    name: 'c',
    resources: { requests },
    ...more,
  })
  const others: [string, PodSpec, [number, number]][] = [
    ['added up', { containers: [asking(kinds('3', '1')), asking(kinds('4', '2'))] }, [7, 3]],
    [
      'a greater init container',
      { containers: [asking(kinds('3', '1'))], initContainers: [asking(kinds('9', '5'))] },
      [9, 5],
    ],
    ['a smaller one', { containers: [asking(kinds('3', '4'))], initContainers: [asking(kinds('1', '1'))] }, [3, 4]],
    [
      'what only an init container asks for',
      { containers: [asking({})], initContainers: [asking(kinds('2', '6'))] },
      [2, 6],
    ],
    [
      'the pod speaks for what is counted, and not for disk or cores',
      {
        containers: [asking({ ...kinds('3', '1'), cpu: '1' })],
        resources: { requests: { 'a.b/gpu': '8', memory: '1' } },
      },
      [3, 8],
    ],
  ]
  for (const [name, pod, expected] of others) {
    it(name, () => {
      const total = podRequests(pod)
      assert.deepEqual([amountOf(total, 'ephemeral-storage'), amountOf(total, 'a.b/gpu')], expected)
      assert.equal(total.cpu, pod.containers[0]?.resources?.requests?.cpu ? 1000 : 0)
    })
  }
  it('what goes is taken away again', () => {
    const total = toAmounts({ ...kinds('9', '5'), cpu: '2', memory: '7' })
    addTo(total, toAmounts({ ...kinds('4', '2'), cpu: '1', memory: '3' }), -1)
    assert.deepEqual(total, { cpu: 1000, memory: 4, storage: 5, others: new Map([['a.b/gpu', 3]]) })
  })
  it('a node takes as many pods as it says', () =>
    assert.deepEqual([podCapacity(node('n', { pods: '30' })), podCapacity({})], [30, 110]))
})

describe('who makes room', () => {
  const limits = { percentage: 10, least: 100 }
  let serial = 0
  /** `a=1@50+3`: a pod of one core with priority 50, started in the third second; `+x`: not started yet. */
  const low = (text: string) => {
    const [, name, cpu, priority, start = 0] = /^(\w+)=(\w+)@(-?\d+)(?:\+(\d|x))?$/.exec(text)!
    const made = facts(name!, { cpu: cpu! }, { priority: Number(priority) }, { uid: `u${serial++}` })
    if (start !== 'x') Object.assign(made.pod, { status: { startTime: `2026-01-01T00:00:0${start}Z` } })
    return made
  }
  const budget = (name: string, allowed: number, disrupted: string[] = []) => ({
    metadata: { name, namespace: 'default' },
    spec: { selector: { matchLabels: { app: name } } },
    status: {
      disruptionsAllowed: allowed,
      currentHealthy: 1,
      desiredHealthy: 1,
      expectedPods: 1,
      disruptedPods: Object.fromEntries(disrupted.map(one => [one, 'now'])),
    },
  })
  /** Nodes of two cores with what stands on them, the cores asked for, budgets; who goes from where. */
  const cases: [string, Record<string, string>, string, ReturnType<typeof budget>[], string][] = [
    ['the only one', { n1: 'a=2@1' }, '1', [], 'n1: a'],
    ['as few as are needed', { n1: 'a=1@1 b=1@1' }, '1', [], 'n1: b'],
    ['the less important', { n1: 'a=1@5 b=1@1' }, '1', [], 'n1: b'],
    ['of equals the one that came last', { n1: 'a=1@1+5 b=1@1+2' }, '1', [], 'n1: a'],
    ['of equals one that has not begun', { n1: 'a=1@1+x b=1@1+2' }, '1', [], 'n1: a'],
    ['both', { n1: 'a=1@1 b=1@1' }, '2', [], 'n1: a b'],
    ['one that is as important stays', { n1: 'a=1@1 b=1@100' }, '1', [], 'n1: a'],
    ['one more important stays', { n1: 'a=2@200' }, '1', [], ''],
    ['a small one more important is kept', { n1: 'a=500m@9 b=1500m@1' }, '1', [], 'n1: b'],
    ['where the most important victim is least so', { n1: 'a=2@9', n2: 'b=2@5' }, '1', [], 'n2: b'],
    ['where the sum is least', { n1: 'a=1@5 b=1@4', n2: 'c=1@5 d=1@1' }, '2', [], 'n2: c d'],
    ['where they are fewest', { n1: 'a=1@5 b=1@5', n2: 'c=2@5' }, '2', [], 'n2: c'],
    ['where the most important came last', { n1: 'a=2@5+1', n2: 'b=2@5+7' }, '2', [], 'n2: b'],
    ['where the most important has not begun', { n1: 'a=2@5+x', n2: 'b=2@5+7' }, '2', [], 'n1: a'],
    [
      'where the first of the most important came last',
      { n1: 'a=1@5+1 b=1@5+9', n2: 'c=1@5+2 d=1@5+3' },
      '2',
      [],
      'n2: c d',
    ],
    ['those less important do not count there', { n1: 'a=1@5+2 b=1@4+1', n2: 'c=1@5+1 d=1@4+9' }, '2', [], 'n1: a b'],
    ['of quite equal nodes the first', { n1: 'a=2@5+1', n2: 'b=2@5+1' }, '2', [], 'n1: a'],
    ['those less than nothing are no gain', { n1: 'a=1@-5 b=1@-5', n2: 'c=2@-5' }, '2', [], 'n2: c'],
    ['where no budget is broken', { n1: 'a=2@1', n2: 'b=2@50' }, '1', [budget('a', 0)], 'n2: b'],
    ['a budget with something left', { n1: 'a=2@1', n2: 'b=2@50' }, '1', [budget('a', 1)], 'n1: a'],
    ['the one without a budget', { n1: 'a=1@1 b=1@50' }, '1', [budget('a', 0)], 'n1: b'],
    [
      'one whose eviction is under way costs its budget nothing',
      { n1: 'a=2@1', n2: 'b=2@50' },
      '1',
      [budget('a', 0, ['a'])],
      'n1: a',
    ],
    ['two of one budget that spares one', { n1: 'a=1@1 a=1@1', n2: 'b=1@5 c=1@5' }, '2', [budget('a', 1)], 'n2: b c'],
    ['no more than a node has', { n1: 'a=2@1' }, '3', [], ''],
  ]
  for (const [name, nodes, cpu, budgets, expected] of cases) {
    it(name, () => {
      const standing = Object.fromEntries(
        Object.entries(nodes).map(([where, text]) => [where, text.split(' ').map(low)]),
      )
      const world = picture(
        Object.keys(nodes).map(where => node(where, { cpu: '2' })),
        standing,
      )
      const pod = facts('high', { cpu }, { priority: 100 })
      const refused = decide(pod, world, PROFILE, 0)
      assert.equal(refused.node, undefined)
      const { candidate } = preempt(pod, world, PROFILE, refused as Refused, { budgets, start: 0, limits })
      const victims = candidate?.victims
        .map(victim => victim.name)
        .sort()
        .join(' ')
      assert.equal(candidate ? `${candidate.node.name}: ${victims}` : '', expected)
    })
  }
})
