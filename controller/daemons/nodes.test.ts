import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DaemonSet, DaemonSetSpec } from '../../api/types/apps-v1.ts'
import type { Node, NodeSelectorRequirement, PodSpec, Taint, Toleration } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { daemonStatus, fitsNode, nodeOf, planDaemons, specForNode } from './decide.ts'

function set(spec: Partial<DaemonSetSpec> = {}, template: Partial<PodSpec> = {}): Live<DaemonSet> {
  const pod = { spec: { containers: [], ...template } }
  return { metadata: liveMeta('ds'), spec: { selector: {}, template: pod, ...spec } } as Live<DaemonSet>
}
const node = (name: string, taints: Taint[] = [], labels: Record<string, string> = {}, more: object = {}): Live<Node> =>
  ({ metadata: liveMeta(name, { labels }), spec: { taints, ...more } }) as Live<Node>
const taint = (key: string, effect: string, value?: string): Taint => ({ key, effect, ...(value ? { value } : {}) })
const own = (key: string, effect: string) => taint(`node.kubernetes.io/${key}`, effect)

describe('whether a daemon belongs on a node', () => {
  const affinity = (expressions: NodeSelectorRequirement[]) => ({
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [{ matchExpressions: expressions }] },
      },
    },
  })
  const ssd = [{ key: 'disk', operator: 'In', values: ['ssd'] }]
  const tolerating = (...tolerations: Toleration[]) => ({ tolerations })
  const cases: [string, Partial<PodSpec>, Node, 'runs' | 'stays' | 'no'][] = [
    ['a plain node', {}, node('n'), 'runs'],
    ['a cordoned node', {}, node('n', [own('unschedulable', 'NoSchedule')], {}, { unschedulable: true }), 'runs'],
    ['out of memory', {}, node('n', [own('memory-pressure', 'NoSchedule')]), 'runs'],
    ['out of disk', {}, node('n', [own('disk-pressure', 'NoSchedule')]), 'runs'],
    ['out of processes', {}, node('n', [own('pid-pressure', 'NoSchedule')]), 'runs'],
    ['not ready: those that are there stay', {}, node('n', [own('not-ready', 'NoExecute')]), 'runs'],
    ['out of reach: those that are there stay', {}, node('n', [own('unreachable', 'NoExecute')]), 'runs'],
    ['not ready yet: none comes', {}, node('n', [own('not-ready', 'NoSchedule')]), 'stays'],
    ['no network', {}, node('n', [own('network-unavailable', 'NoSchedule')]), 'stays'],
    [
      'no network, and none needed',
      { hostNetwork: true },
      node('n', [own('network-unavailable', 'NoSchedule')]),
      'runs',
    ],
    ['a master', {}, node('n', [taint('node-role.kubernetes.io/control-plane', 'NoSchedule')]), 'stays'],
    [
      'a master that is tolerated',
      tolerating({ key: 'node-role.kubernetes.io/control-plane', operator: 'Exists', effect: 'NoSchedule' }),
      node('n', [taint('node-role.kubernetes.io/control-plane', 'NoSchedule')]),
      'runs',
    ],
    [
      'whatever is tolerated',
      tolerating({ operator: 'Exists' }),
      node('n', [taint('a', 'NoExecute'), taint('b', 'NoSchedule')]),
      'runs',
    ],
    ['for people alone', {}, node('n', [taint('a', 'NoExecute')]), 'no'],
    ['for others preferably', {}, node('n', [taint('a', 'PreferNoSchedule')]), 'runs'],
    ['tolerated by value', tolerating({ key: 'a', value: 'x' }), node('n', [taint('a', 'NoExecute', 'x')]), 'runs'],
    ['another value', tolerating({ key: 'a', value: 'y' }), node('n', [taint('a', 'NoExecute', 'x')]), 'no'],
    ['the label that is asked for', { nodeSelector: { disk: 'ssd' } }, node('n', [], { disk: 'ssd' }), 'runs'],
    ['another label: those that are there go', { nodeSelector: { disk: 'ssd' } }, node('n', [], { disk: 'hdd' }), 'no'],
    ['by affinity', affinity(ssd), node('n', [], { disk: 'ssd' }), 'runs'],
    ['not by affinity', affinity(ssd), node('n'), 'no'],
    ['the node that is named', { nodeName: 'n' }, node('n'), 'runs'],
    ['another one', { nodeName: 'm' }, node('n'), 'no'],
    [
      'label and taint',
      { nodeSelector: { disk: 'ssd' } },
      node('n', [taint('a', 'NoSchedule')], { disk: 'ssd' }),
      'stays',
    ],
  ]
  for (const [name, template, subject, expected] of cases) {
    it(name, () => {
      const { runs, stays } = fitsNode(set({}, template), subject)
      assert.equal(runs ? 'runs' : stays ? 'stays' : 'no', expected)
    })
  }
})

describe('the pod of one node', () => {
  const only = [{ key: 'metadata.name', operator: 'In', values: ['n1'] }]
  const terms = (spec: PodSpec) =>
    spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms
  it('asks for that node by its name', () => {
    assert.deepEqual(terms(specForNode({ containers: [] }, 'n1')), [{ matchFields: only }])
  })
  it('in every alternative it has', () => {
    const nodeSelectorTerms = [
      { matchExpressions: [{ key: 'a', operator: 'Exists' }] },
      { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['x'] }] },
    ]
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } }
    assert.deepEqual(terms(specForNode({ containers: [], affinity }, 'n1')), [
      { matchExpressions: [{ key: 'a', operator: 'Exists' }], matchFields: only },
      { matchFields: only },
    ])
  })
  it('keeps what it prefers', () => {
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: {} }] }
    const made = specForNode({ containers: [], affinity: { nodeAffinity: preferred, podAffinity: {} } }, 'n1').affinity
    assert.deepEqual(made?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution, [
      { weight: 1, preference: {} },
    ])
    assert.deepEqual(made?.podAffinity, {})
  })
  const tolerated: [string, Partial<PodSpec>, number][] = [
    ['six conditions', {}, 6],
    ["and no network where it uses the node's", { hostNetwork: true }, 7],
    ['its own stay', { tolerations: [{ key: 'a', operator: 'Exists' }] }, 7],
    [
      'none twice',
      { tolerations: [{ key: 'node.kubernetes.io/not-ready', operator: 'Exists', effect: 'NoExecute' }] },
      6,
    ],
    [
      'one for a while is another one',
      { tolerations: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule', operator: 'Exists' }] },
      7,
    ],
  ]
  for (const [name, spec, count] of tolerated) {
    it(`tolerates ${name}`, () =>
      assert.equal(specForNode({ containers: [], ...spec }, 'n1').tolerations?.length, count))
  }
  it('is meant for its node before it is placed', () => {
    const waiting = { spec: specForNode({ containers: [] }, 'n7') }
    assert.deepEqual(
      [nodeOf(waiting), nodeOf({ spec: { containers: [], nodeName: 'n1' } }), nodeOf({ spec: { containers: [] } })],
      ['n7', 'n1', undefined],
    )
  })
})

const on = (name: string, hash = 'new', parts: PodParts = {}, prefix = '') =>
  livePod(`${prefix}${hash}-${name}`, { node: name, ...parts, labels: { 'controller-revision-hash': hash } })
const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i + 1}`)
const nodes = (count: number) => names(count).map(name => node(name))
const say = (subject: Live<DaemonSet>, all: Live<Node>[], pods: ReturnType<typeof livePod>[]) => {
  const { create, remove, failed } = planDaemons(subject, all, pods, { now: NOW, hash: 'new' })
  return [
    ...create.map(name => `+${name}`),
    ...remove.map(({ metadata }) => `-${metadata.name}`),
    ...failed.map(({ metadata }) => `!${metadata.name}`),
  ].join(' ')
}

describe('daemons come and go', () => {
  const waiting = (name: string) =>
    livePod('waiting', {
      node: '',
      phase: 'Pending',
      labels: { 'controller-revision-hash': 'new' },
      spec: specForNode({ containers: [] }, name),
    })
  const down = { ready: false }
  const update = (rollingUpdate: object, more: object = {}) =>
    set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate }, ...more })
  const old = (count: number, parts: PodParts = {}) => names(count).map(name => on(name, 'old', parts))
  const cases: [string, Live<DaemonSet>, Live<Node>[], ReturnType<typeof livePod>[], string][] = [
    ['no nodes', set(), [], [], ''],
    ['a new node', set(), nodes(2), [on('n1')], '+n2'],
    ['one that waits for its node is there', set(), nodes(1), [waiting('n1')], ''],
    ['one that waits for a node that is gone', set(), nodes(1), [on('n1'), waiting('gone')], '-waiting'],
    ['one that ran on a node that is gone is left to others', set(), nodes(1), [on('n1'), on('gone')], ''],
    ['the label is gone', set({}, { nodeSelector: { a: 'b' } }), nodes(1), [on('n1')], '-new-n1'],
    [
      'one that goes already is not asked again',
      set({}, { nodeSelector: { a: 'b' } }),
      nodes(1),
      [on('n1', 'new', { deleting: true })],
      '',
    ],
    ['one that ended well is kept', set(), nodes(1), [on('n1', 'new', { phase: 'Succeeded' })], ''],
    [
      'a failed one beside a good one',
      set(),
      nodes(1),
      [on('n1'), on('n1', 'new', { phase: 'Failed' }, 'x')],
      '!xnew-n1',
    ],
    [
      'a third: the oldest stays',
      set(),
      nodes(1),
      [on('n1', 'new', { created: 30 }), on('n1', 'new', { created: 90 }, 'x'), on('n1', 'new', { created: 60 }, 'y')],
      '-ynew-n1 -new-n1',
    ],
    ['an update of two at a time', update({ maxUnavailable: 2 }), nodes(4), old(4), '-old-n1 -old-n2'],
    ['a share is rounded up', update({ maxUnavailable: '30%' }), nodes(4), old(4), '-old-n1 -old-n2'],
    ['at least one', update({ maxUnavailable: '1%' }), nodes(4), old(4), '-old-n1'],
    ['a node without a pod counts as down', update({ maxUnavailable: 2 }), nodes(4), old(3), '+n4 -old-n1'],
    [
      'a new one that does not work yet counts as down',
      update({ maxUnavailable: 1 }),
      nodes(2),
      [on('n1', 'new', down), on('n2', 'old')],
      '',
    ],
    [
      'nor one that has not worked for long enough',
      update({}, { minReadySeconds: 60 }),
      nodes(2),
      [on('n1', 'new', { readySince: 5 }), on('n2', 'old')],
      '',
    ],
    [
      'old ones that do not work go beyond the limit',
      update({ maxUnavailable: 1 }),
      nodes(3),
      old(3, down),
      '-old-n1 -old-n2 -old-n3',
    ],
    ['by hand only', set({ updateStrategy: { type: 'OnDelete' } }), nodes(2), old(2), ''],
    ['with surge a new one beside the old one', update({ maxSurge: 1, maxUnavailable: 0 }), nodes(2), old(2), '+n1'],
    ['a share of surge, rounded up', update({ maxSurge: '30%', maxUnavailable: 0 }), nodes(4), old(4), '+n1 +n2'],
    [
      'the old one stays until the new one works',
      update({ maxSurge: 1, maxUnavailable: 0 }),
      nodes(2),
      [...old(2), on('n1', 'new', down)],
      '',
    ],
    ['then it goes', update({ maxSurge: 1, maxUnavailable: 0 }), nodes(2), [...old(2), on('n1')], '+n2 -old-n1'],
    [
      'an old one that does not work goes at once',
      update({ maxSurge: 1, maxUnavailable: 0 }),
      nodes(1),
      [...old(1, down), on('n1', 'new', down)],
      '-old-n1',
    ],
  ]
  for (const [name, subject, all, pods, expected] of cases)
    it(name, () => assert.equal(say(subject, all, pods), expected))
})

describe('the status of daemons', () => {
  const tainted = node('t', [taint('a', 'NoSchedule')])
  const cases: [string, Live<Node>[], ReturnType<typeof livePod>[], number, number[]][] = [
    ['nothing yet', nodes(2), [], 0, [2, 0, 0, 0, 0, 0]],
    ['all', nodes(2), [on('n1'), on('n2')], 0, [2, 2, 0, 2, 2, 2]],
    ['one is not ready', nodes(2), [on('n1'), on('n2', 'new', { ready: false })], 0, [2, 2, 0, 1, 1, 2]],
    [
      'one has not been for long enough',
      nodes(2),
      [on('n1'), on('n2', 'new', { readySince: 5 })],
      60,
      [2, 2, 0, 2, 1, 2],
    ],
    ['one is old', nodes(2), [on('n1', 'old'), on('n2')], 0, [2, 2, 0, 2, 2, 1]],
    ['one stands where it should not', [tainted, ...nodes(1)], [on('t'), on('n1')], 0, [1, 1, 1, 1, 1, 1]],
    ['nobody stands where nobody should', [tainted, ...nodes(1)], [on('n1')], 0, [1, 1, 0, 1, 1, 1]],
    ['one ends', nodes(2), [on('n1'), on('n2', 'new', { deleting: true })], 0, [2, 1, 0, 1, 1, 1]],
    ['two on a node are one', nodes(1), [on('n1'), on('n1', 'new', {}, 'x')], 0, [1, 1, 0, 1, 1, 1]],
  ]
  for (const [name, all, pods, minReadySeconds, expected] of cases) {
    it(name, () => {
      const status = daemonStatus(set({ minReadySeconds }), all, pods, { now: NOW, hash: 'new' })
      const [desired, current, wrong, ready, available, updated] = expected
      assert.deepEqual(status, {
        ...{
          desiredNumberScheduled: desired,
          currentNumberScheduled: current,
          numberMisscheduled: wrong,
          numberReady: ready,
        },
        ...{
          numberAvailable: available,
          numberUnavailable: desired! - available!,
          updatedNumberScheduled: updated,
          observedGeneration: 1,
        },
      })
    })
  }
})
