import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { DaemonSet, DaemonSetSpec } from '../../api/types/apps-v1.ts'
import type { Node, Taint } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta, livePod, NOW, type PodParts } from '../../test/support/objects.ts'
import { daemonStatus, fitsNode, planDaemons, specForNode } from './decide.ts'

function set(spec: Partial<DaemonSetSpec> = {}): Live<DaemonSet> {
  return { metadata: liveMeta('ds'), spec: { selector: {}, template: { spec: { containers: [] } }, ...spec } }
}
const node = (name: string, taints: Taint[] = []): Live<Node> => ({ metadata: liveMeta(name), spec: { taints } })
const on = (name: string, hash = 'new', parts: PodParts = {}) =>
  livePod(`${hash}-${name}`, { node: name, ...parts, labels: { 'controller-revision-hash': hash } })
const plan = (subject: Live<DaemonSet>, nodes: Live<Node>[], pods: ReturnType<typeof livePod>[]) => {
  const { create, remove, failed } = planDaemons(subject, nodes, pods, { now: NOW, hash: 'new' })
  return [
    ...create.map(name => `+${name}`),
    ...remove.map(pod => `-${pod.metadata.name}`),
    ...failed.map(pod => `!${pod.metadata.name}`),
  ]
}

describe('planDaemons', () => {
  const three = ['n1', 'n2', 'n3'].map(name => node(name))
  const down = { ready: false }
  const update = (rollingUpdate: object) => set({ updateStrategy: { type: 'RollingUpdate', rollingUpdate } })
  const cases: [string, Live<DaemonSet>, Live<Node>[], ReturnType<typeof livePod>[], string[]][] = [
    ['one on every node', set(), three, [on('n2')], ['+n1', '+n3']],
    ['not on a tainted one', set(), [node('n1', [{ key: 'a', effect: 'NoSchedule' }])], [], []],
    ['but one that is there stays', set(), [node('n1', [{ key: 'a', effect: 'NoSchedule' }])], [on('n1')], []],
    ['unless it must go', set(), [node('n1', [{ key: 'a', effect: 'NoExecute' }])], [on('n1')], ['-new-n1']],
    [
      'pressure does not matter',
      set(),
      [node('n1', [{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }])],
      [],
      ['+n1'],
    ],
    ['a failed one is made anew', set(), three.slice(0, 1), [on('n1', 'new', { phase: 'Failed' })], ['!new-n1']],
    [
      'two on one node',
      set(),
      three.slice(0, 1),
      [
        on('n1', 'new', { created: 99 }),
        { ...on('n1'), metadata: { ...on('n1').metadata, name: 'twin', creationTimestamp: '2026-01-01T11:59:59Z' } },
      ],
      ['-twin'],
    ],
    ['one that ends is waited for', set(), three.slice(0, 1), [on('n1', 'new', { deleting: true })], []],
    ['rolls one by one', set(), three, [on('n1', 'old'), on('n2', 'old'), on('n3', 'old')], ['-old-n1']],
    ['waits for the new one', set(), three, [on('n1', 'new', down), on('n2', 'old'), on('n3', 'old')], []],
    [
      'broken ones at once',
      set(),
      three,
      [on('n1', 'old', down), on('n2', 'old', down), on('n3', 'old')],
      ['-old-n1', '-old-n2'],
    ],
    [
      'two at a time',
      update({ maxUnavailable: 2 }),
      three,
      [on('n1', 'old'), on('n2', 'old'), on('n3', 'old')],
      ['-old-n1', '-old-n2'],
    ],
    [
      'by percentage',
      update({ maxUnavailable: '50%' }),
      three,
      [on('n1', 'old'), on('n2', 'old'), on('n3', 'old')],
      ['-old-n1', '-old-n2'],
    ],
    [
      'only by hand',
      set({ updateStrategy: { type: 'OnDelete' } }),
      three,
      [on('n1', 'old'), on('n2', 'old'), on('n3', 'old')],
      [],
    ],
    [
      'a new one beside the old',
      update({ maxSurge: 1, maxUnavailable: 0 }),
      three,
      [on('n1', 'old'), on('n2', 'old'), on('n3', 'old')],
      ['+n1'],
    ],
    [
      'the old one goes when the new one is there',
      update({ maxSurge: 1, maxUnavailable: 0 }),
      three.slice(0, 1),
      [on('n1', 'old'), on('n1')],
      ['-old-n1'],
    ],
    [
      'and stays until then',
      update({ maxSurge: 1, maxUnavailable: 0 }),
      three.slice(0, 1),
      [on('n1', 'old'), on('n1', 'new', down)],
      [],
    ],
  ]
  for (const [name, subject, nodes, pods, expected] of cases)
    it(name, () => assert.deepEqual(plan(subject, nodes, pods), expected))
})

describe('specForNode', () => {
  it('names the node in every term that is there', () => {
    const terms = [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }, {}]
    const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } }
    const made = specForNode({ containers: [], affinity }, 'n1').affinity?.nodeAffinity
    const fields = [{ key: 'metadata.name', operator: 'In', values: ['n1'] }]
    assert.deepEqual(made?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms, [
      { ...terms[0], matchFields: fields },
      { matchFields: fields },
    ])
  })
})

describe('fitsNode and daemonStatus', () => {
  it('leaves out what the selector leaves out', () => {
    const picky = set({ template: { spec: { containers: [], nodeSelector: { disk: 'ssd' } } } })
    assert.deepEqual(fitsNode(picky, node('n1')), { runs: false, stays: false })
    const status = daemonStatus(picky, [node('n1')], [on('n1')], { now: NOW, hash: 'new' })
    assert.partialDeepStrictEqual(status, { desiredNumberScheduled: 0, numberMisscheduled: 1, numberReady: 0 })
  })
  it('counts', () => {
    const nodes = ['n1', 'n2', 'n3'].map(name => node(name))
    const status = daemonStatus(set(), nodes, [on('n1'), on('n2', 'old', { ready: false })], { now: NOW, hash: 'new' })
    assert.deepEqual(status, {
      ...{ desiredNumberScheduled: 3, currentNumberScheduled: 2, numberMisscheduled: 0, numberReady: 1 },
      ...{ numberAvailable: 1, numberUnavailable: 2, updatedNumberScheduled: 1, observedGeneration: 1 },
    })
  })
})
