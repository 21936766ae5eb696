import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { ApiError } from '../../api/errors.ts'
import { findKind } from '../../api/kinds/registry.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { AdmissionRequest, Operation } from './admission.ts'
import type { Lister } from './lister.ts'
import { nodeRestriction } from './node-restriction.ts'

const PODS: Record<string, KubeObject & { spec: object }> = {
  'default/mine': { metadata: { name: 'mine', uid: 'u1' }, spec: { nodeName: 'n1' } },
  'default/theirs': { metadata: { name: 'theirs', uid: 'u2' }, spec: { nodeName: 'n2' } },
}
const lister = { get: (_resource: string, namespace: string, name: string) => PODS[`${namespace}/${name}`] } as Lister
const plugin = nodeRestriction(lister)

const KINDS = {
  Pod: findKind('', 'v1', 'Pod')!,
  Node: findKind('', 'v1', 'Node')!,
  ServiceAccount: findKind('', 'v1', 'ServiceAccount')!,
  Lease: findKind('coordination.k8s.io', 'v1', 'Lease')!,
  CSINode: findKind('storage.k8s.io', 'v1', 'CSINode')!,
  ConfigMap: findKind('', 'v1', 'ConfigMap')!,
}

type Write = [
  operation: Operation,
  what: keyof typeof KINDS | `${keyof typeof KINDS}/${string}`,
  name: string,
  object?: object,
  old?: object,
  namespace?: string,
]

const node = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

function requestOf([operation, what, name, object, old, namespace = 'default']: Write, user = node): AdmissionRequest {
  const [kind, subresource = ''] = what.split('/') as [keyof typeof KINDS, string?]
  const common = { user, dryRun: false, options: {}, warnings: [] }
  return { operation, kind: KINDS[kind], subresource, name, namespace, object, old, ...common } as AdmissionRequest
}

const mirror = (spec: object, metadata: object = {}) => ({
  metadata: { name: 'static-n1', annotations: { 'kubernetes.io/config.mirror': 'x' }, ...metadata },
  spec,
})
const owner = (kind: string, name: string) => ({ apiVersion: 'v1', kind, name, uid: 'u' })
const labelled = (labels: object, spec: object = {}) => ({ metadata: { name: 'n1', labels }, spec })
const bound = (reference?: object) => ({ spec: { audiences: [], boundObjectRef: reference } })
const mine = { spec: { nodeName: 'n1' } }
const theirs = { spec: { nodeName: 'n2' } }
const taint = { key: 'a', effect: 'NoSchedule' }

/** What Kubernetes documents of NodeRestriction, a row a rule; no pattern: it may. */
const cases: [string, Write, RegExp?][] = [
  ['its mirror pod', ['CREATE', 'Pod', 'static-n1', mirror({ nodeName: 'n1' })]],
  [
    'its mirror pod, owned by its node',
    ['CREATE', 'Pod', 'x', mirror(mine.spec, { ownerReferences: [owner('Node', 'n1')] })],
  ],
  ['a pod that is no mirror', ['CREATE', 'Pod', 'x', mine], /does not have "kubernetes.io\/config.mirror" annotation/],
  ['a mirror pod elsewhere', ['CREATE', 'Pod', 'x', mirror({ nodeName: 'n2' })], /spec.nodeName set to itself/],
  ['a mirror pod nowhere', ['CREATE', 'Pod', 'x', mirror({})], /spec.nodeName set to itself/],
  [
    'a mirror pod of another node',
    ['CREATE', 'Pod', 'x', mirror(mine.spec, { ownerReferences: [owner('Node', 'n2')] })],
    /owner reference set to itself/,
  ],
  [
    'a mirror pod of a set',
    ['CREATE', 'Pod', 'x', mirror(mine.spec, { ownerReferences: [owner('ReplicaSet', 'n1')] })],
    /owner reference set to itself/,
  ],
  [
    'a mirror pod of two',
    ['CREATE', 'Pod', 'x', mirror(mine.spec, { ownerReferences: [owner('Node', 'n1'), owner('Node', 'n1')] })],
    /owner reference/,
  ],
  ['deleting its pod', ['DELETE', 'Pod', 'mine', undefined, mine]],
  [
    "deleting another's pod",
    ['DELETE', 'Pod', 'theirs', undefined, theirs],
    /can only delete pods with spec.nodeName set to itself/,
  ],
  ['deleting a pod that has no node yet', ['DELETE', 'Pod', 'x', undefined, { spec: {} }], /can only delete pods/],
  ['changing a pod', ['UPDATE', 'Pod', 'mine', mine, mine], /unexpected operation "UPDATE"/],
  ['the status of its pod', ['UPDATE', 'Pod/status', 'mine', mine, mine]],
  ["the status of another's", ['UPDATE', 'Pod/status', 'theirs', theirs, theirs], /can only update pod status/],
  [
    'the status of a pod that it claims in the same breath',
    ['UPDATE', 'Pod/status', 'theirs', mine, theirs],
    /can only update pod status/,
  ],
  [
    'labels by way of the status',
    ['UPDATE', 'Pod/status', 'mine', { ...mine, metadata: { labels: { a: 'b' } } }, mine],
    /cannot update labels through pod status/,
  ],
  ['evicting its pod', ['CREATE', 'Pod/eviction', 'mine', { metadata: { name: 'mine' } }]],
  ['evicting its pod without naming it twice', ['CREATE', 'Pod/eviction', 'mine', {}]],
  ["evicting another's", ['CREATE', 'Pod/eviction', 'theirs', {}], /can only evict pods/],
  [
    "evicting another's under the name of its own",
    ['CREATE', 'Pod/eviction', 'mine', { metadata: { name: 'theirs' } }],
    /can only evict pods/,
  ],
  ['evicting nobody', ['CREATE', 'Pod/eviction', 'none', {}], /can only evict pods/],
  ['binding a pod', ['CREATE', 'Pod/binding', 'mine', {}], /unexpected pod subresource "binding"/],

  ['making its node', ['CREATE', 'Node', 'n1', labelled({ 'kubernetes.io/hostname': 'n1', own: 'x' })]],
  ["making another's node", ['CREATE', 'Node', 'n2', {}], /node "n1" is not allowed to modify node "n2"/],
  ['its node with a taint', ['CREATE', 'Node', 'n1', labelled({}, { taints: [taint] })]],
  [
    'taking a taint away',
    ['UPDATE', 'Node', 'n1', labelled({}), labelled({}, { taints: [taint] })],
    /not allowed to modify taints/,
  ],
  [
    'adding a taint',
    ['UPDATE', 'Node', 'n1', labelled({}, { taints: [taint] }), labelled({})],
    /not allowed to modify taints/,
  ],
  [
    'keeping the taints',
    ['UPDATE', 'Node', 'n1', labelled({ a: 'b' }, { taints: [taint] }), labelled({}, { taints: [taint] })],
  ],
  ["another's status", ['UPDATE', 'Node/status', 'n2', {}, {}], /not allowed to modify node "n2"/],
  [
    'a configuration source',
    ['UPDATE', 'Node', 'n1', labelled({}, { configSource: {} }), labelled({})],
    /configSource/,
  ],
  ...labelRows(),

  [
    'a token of its pod',
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Pod', name: 'mine', uid: 'u1' })],
  ],
  ['a token bound to nothing', ['CREATE', 'ServiceAccount/token', 'default', bound()], /not bound to a pod/],
  [
    'a token bound to a secret',
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Secret', name: 'mine', uid: 'u1' })],
    /not bound to a pod/,
  ],
  [
    'a token without a uid',
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Pod', name: 'mine' })],
    /without a uid/,
  ],
  [
    'a token of an earlier pod of that name',
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Pod', name: 'mine', uid: 'u0' })],
    /UID in the bound object reference does not match/,
  ],
  [
    'a token of a pod that is gone',
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Pod', name: 'none', uid: 'u1' })],
    /does not match/,
  ],
  [
    "a token of another's pod",
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Pod', name: 'theirs', uid: 'u2' })],
    /scheduled on a different node/,
  ],
  [
    'a token in another namespace',
    ['CREATE', 'ServiceAccount/token', 'default', bound({ kind: 'Pod', name: 'mine', uid: 'u1' }), undefined, 'other'],
    /does not match/,
  ],

  ['its lease', ['UPDATE', 'Lease', 'n1', {}, {}, 'kube-node-lease']],
  ["another's lease", ['UPDATE', 'Lease', 'n2', {}, {}, 'kube-node-lease'], /same name as the requesting node/],
  [
    'a lease of the control plane',
    ['UPDATE', 'Lease', 'n1', {}, {}, 'kube-system'],
    /"kube-node-lease" system namespace/,
  ],
  ['its CSINode', ['CREATE', 'CSINode', 'n1', {}]],
  ["another's CSINode", ['CREATE', 'CSINode', 'n2', {}], /same name as the requesting node/],
  ['things that are not about nodes', ['CREATE', 'ConfigMap', 'x', {}]],
]

function labelRows(): [string, Write, RegExp?][] {
  const may = [
    'example.com/anything',
    'plain',
    'kubernetes.io/arch',
    'topology.kubernetes.io/zone',
    'node.kubernetes.io/instance-type',
    'node.kubernetes.io/own',
    'kubelet.kubernetes.io/own',
    'team.kubelet.kubernetes.io/own',
    'notkubernetes.io/x',
  ]
  const mayNot = [
    'node-restriction.kubernetes.io/team',
    'example.com.node-restriction.kubernetes.io/team',
    'node-role.kubernetes.io/control-plane',
    'kubernetes.io/other',
    'k8s.io/x',
    'team.k8s.io/x',
    'topology.kubernetes.io/other',
  ]
  const rows = (label: string, refusal?: RegExp): [string, Write, RegExp?][] => [
    [`the label ${label} at birth`, ['CREATE', 'Node', 'n1', labelled({ [label]: 'x' })], refusal],
    [`a new label ${label}`, ['UPDATE', 'Node', 'n1', labelled({ [label]: 'x' }), labelled({})], refusal],
    [
      `the label ${label} taken away`,
      ['UPDATE', 'Node/status', 'n1', labelled({}), labelled({ [label]: 'x' })],
      refusal,
    ],
    [`the label ${label} left alone`, ['UPDATE', 'Node', 'n1', labelled({ [label]: 'x' }), labelled({ [label]: 'x' })]],
  ]
  return [
    ...may.flatMap(label => rows(label)),
    ...mayNot.flatMap(label => rows(label, /is not allowed to modify labels/)),
  ]
}

describe('what a node may write', () => {
  for (const [name, write, refusal] of cases) {
    it(`${refusal ? 'not ' : ''}${name}`, async () => {
      const work = plugin.validate!(requestOf(write)) as Promise<void>
      if (!refusal) return work
      await assert.rejects(work, error => {
        assert.ok(error instanceof ApiError && error.reason === 'Forbidden', String(error))
        assert.match(error.message, refusal)
        return true
      })
    })
  }
})

describe('who is no node is not restricted', () => {
  const others = [
    { name: 'kubernetes-admin', groups: ['system:masters'] },
    { name: 'system:node:n1', groups: ['system:authenticated'] },
    { name: 'n1', groups: ['system:nodes'] },
  ]
  for (const user of others) {
    it(`${user.name} of ${user.groups}`, () =>
      plugin.validate!(requestOf(['DELETE', 'Pod', 'theirs', undefined, theirs], user)))
  }
})
