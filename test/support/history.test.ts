import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { KubeObject } from '../../api/objects.ts'
import { type Change, findFaults } from './history.ts'

const LIMITS = { mostPods: 2, replicas: 1, fewestReady: 1, podsPerNode: 1 }
const CONDITIONS = [{ type: 'Ready', status: 'True' }]

function pod(name: string, extra: { node?: string; ip?: string; uid?: string; owner?: string; ready?: boolean } = {}) {
  const { uid = name, owner = 'set', ready = true } = extra
  return {
    metadata: {
      name,
      uid,
      ownerReferences: [{ controller: true, uid: owner, apiVersion: 'apps/v1', kind: 'ReplicaSet', name: owner }],
    },
    spec: { nodeName: extra.node },
    status: { podIP: extra.ip, conditions: ready ? CONDITIONS : [] },
  } as KubeObject
}

const set = (name: string, replicas: number, hash = name) =>
  ({ metadata: { name, uid: name, labels: { 'pod-template-hash': hash } }, spec: { replicas } }) as KubeObject

const service = (name: string, clusterIP: string, nodePort: number) =>
  ({ metadata: { name }, spec: { clusterIP, ports: [{ port: 80, nodePort }] } }) as KubeObject

type Step = [kind: string, name: string, object: KubeObject | undefined]
const base: Step = ['replicasets', 'set', set('set', 1)]

describe('the history of a rollout', () => {
  const cases: [string, Step[], string[]][] = [
    ['as it should be', [base, ['pods', 'a', pod('a')], ['pods', 'a', pod('a', { node: 'n1', ip: '10.0.0.1' })]], []],
    [
      'bound twice',
      [base, ['pods', 'a', pod('a', { node: 'n1' })], ['pods', 'a', pod('a', { node: 'n2' })]],
      ['revision 3: a was bound to n1 and then to n2'],
    ],
    [
      'a node that is full',
      [base, ['pods', 'a', pod('a', { node: 'n1' })], ['pods', 'b', pod('b', { node: 'n1' })]],
      ['revision 3: b was bound to n1, which is full'],
    ],
    [
      'one address for two',
      [base, ['pods', 'a', pod('a', { node: 'n1', ip: '1' })], ['pods', 'b', pod('b', { node: 'n2', ip: '1' })]],
      ['revision 3: b has the address 1 of a'],
    ],
    [
      'one pod too many',
      [base, ...['a', 'b', 'c'].map((name): Step => ['pods', name, pod(name)])],
      ['revision 4: 3 pods, 2 are allowed'],
    ],
    [
      'too few that are ready',
      [base, ['pods', 'a', pod('a')], ['pods', 'a', undefined]],
      ['revision 3: 0 are ready, 1 have to be'],
    ],
    [
      'an orphan',
      [base, ['replicasets', 'set', undefined], ['pods', 'a', pod('a')]],
      ['revision 3: a was made for a set that is not there'],
    ],
    [
      'a pod that comes back',
      [
        base,
        ['pods', 'a', pod('a', { ready: false })],
        ['pods', 'a', undefined],
        ['pods', 'b', pod('b', { uid: 'a' })],
      ],
      ['revision 4: b came back from the dead'],
    ],
    [
      'a second set of one template',
      [base, ['replicasets', 'other', set('other', 1, 'set')]],
      ['revision 2: other is a second set of the template of set'],
    ],
    [
      'sets that want too many',
      [['replicasets', 'set', set('set', 3)]],
      ['revision 1: sets want 3 pods, 2 are allowed'],
    ],
    [
      'Services with one address and port',
      [
        ['services/specs', 'a', service('a', '10.96.0.1', 30000)],
        ['services/specs', 'b', service('b', '10.96.0.1', 30000)],
      ],
      ['revision 2: b has a taken address 10.96.0.1', 'revision 2: b has a taken port 30000'],
    ],
  ]
  for (const [name, steps, expected] of cases) {
    it(name, () => {
      const history = steps.map(([kind, key, object], i): Change => ({ revision: i + 1, kind, key, object }))
      assert.deepEqual(findFaults(history, LIMITS), expected)
    })
  }
})
