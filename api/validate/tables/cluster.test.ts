import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const of = (apiVersion: string, kind: string, more: object, metadata: object = { name: 'x' }) => ({
  object: { apiVersion, kind, metadata, ...more },
})

const budget = {
  ...of(
    'policy/v1',
    'PodDisruptionBudget',
    { spec: { selector: { matchLabels: { a: 'b' } } } },
    { name: 'b', namespace: 'ns' },
  ),
  at: 'spec',
}
describeFaults('a PodDisruptionBudget', budget, [
  [{}],
  [{ minAvailable: 0 }],
  [{ minAvailable: '100%' }],
  [{ maxUnavailable: '0%', unhealthyPodEvictionPolicy: 'AlwaysAllow' }],
  [{ selector: {} }],
  [{ selector: undefined }],
  [{ selector: { matchLabels: { 'a b': 'c' } } }, `selector.matchLabels: Invalid value: "a b": ${BAD.qualified}`],
  [{ minAvailable: -1 }, `minAvailable: Invalid value: -1: ${BAD.negative}`],
  [{ minAvailable: '1' }, `minAvailable: Invalid value: "1": ${BAD.percent}`],
  [{ minAvailable: '-1%' }, `minAvailable: Invalid value: "-1%": ${BAD.percent}`],
  [{ minAvailable: '101%' }, 'minAvailable: Invalid value: "101%": must not be greater than 100%'],
  [{ maxUnavailable: '200%' }, 'maxUnavailable: Invalid value: "200%": must not be greater than 100%'],
  [
    { unhealthyPodEvictionPolicy: 'Never' },
    'unhealthyPodEvictionPolicy: Unsupported value: "Never": supported values: "AlwaysAllow", "IfHealthyBudget"',
  ],
  [
    { selector: undefined, minAvailable: 1, maxUnavailable: 1 },
    ': Invalid value: {"minAvailable":1,"maxUnavailable":1}: minAvailable and maxUnavailable cannot be both set',
  ],
])

const priority = of('scheduling.k8s.io/v1', 'PriorityClass', { value: 10 })
const RESERVED = "priority class names with 'system-' prefix are reserved for system use only. error:"
const named = (name: string, more: object = {}) => ({ 'metadata.name': name, ...more })

describeFaults('a PriorityClass', priority, [
  [{}],
  [{ value: -2_147_483_648, globalDefault: true, preemptionPolicy: 'Never' }],
  [{ value: 1_000_000_000 }],
  [{ value: 1_000_000_001 }, 'value: Forbidden: maximum allowed value of a user defined priority is 1000000000'],
  [
    { preemptionPolicy: 'x' },
    'preemptionPolicy: Unsupported value: "x": supported values: "Never", "PreemptLowerPriority"',
  ],
  [named('system-node-critical', { value: 2_000_001_000 })],
  [named('system-cluster-critical', { value: 2_000_000_000 })],
  [
    named('system-node-critical'),
    `metadata.name: Forbidden: ${RESERVED} value of system-node-critical PriorityClass must be 2000001000`,
  ],
  [
    named('system-cluster-critical', { value: 2_000_000_000, globalDefault: true }),
    `metadata.name: Forbidden: ${RESERVED} globalDefault of system-cluster-critical PriorityClass must be false`,
  ],
  [named('system-mine'), `metadata.name: Forbidden: ${RESERVED} system-mine is not a known system priority class`],
  [named('systematic')],
])

describeUpdates('a PriorityClass that stands', priority, [
  [{}, { description: 'other', globalDefault: true }],
  [{}, { value: 11 }, 'value: Forbidden: may not be changed in an update.'],
  [{}, { preemptionPolicy: 'Never' }, 'preemptionPolicy: Invalid value: "Never": field is immutable'],
])

const runtime = of('node.k8s.io/v1', 'RuntimeClass', { handler: 'runc' })
const toleration = { key: 'a', operator: 'Exists' }

describeFaults('a RuntimeClass', runtime, [
  [{}],
  [{ handler: undefined }, `handler: Invalid value: "": ${BAD.label}`],
  [{ handler: 'Kata' }, `handler: Invalid value: "Kata": ${BAD.label}`],
  [{ handler: 'a.b' }, `handler: Invalid value: "a.b": ${BAD.dots}`],
  [{ overhead: { podFixed: { cpu: '250m', memory: '120Mi' } } }],
  [{ overhead: { podFixed: { cpu: '-1' } } }, `overhead.limits[cpu]: Invalid value: "-1": ${BAD.negative}`],
  [
    { overhead: { podFixed: { gpu: '1' } } },
    'overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource for containers',
    'overhead.limits[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
  ],
  [{ scheduling: { nodeSelector: { a: 'b' }, tolerations: [toleration] } }],
  [{ scheduling: { nodeSelector: { 'a b': 'c' } } }, `scheduling.nodeSelector: Invalid value: "a b": ${BAD.qualified}`],
  [
    { scheduling: { tolerations: [{ key: 'a', effect: 'x' }] } },
    'scheduling.tolerations[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
  ],
  [
    { scheduling: { tolerations: [toleration, toleration] } },
    'scheduling.tolerations[1]: Duplicate value: {"key":"a","operator":"Exists"}',
  ],
])

const brief = { key: 'a', operator: 'Exists', effect: 'NoExecute' }
describeFaults('tolerations of a RuntimeClass', { ...runtime, at: 'scheduling.tolerations' }, [
  [{ '': [toleration, { ...toleration, effect: 'NoSchedule' }, { ...toleration, key: 'b' }] }],
  [
    { '': [brief, { ...brief, tolerationSeconds: 5 }] },
    '[1]: Duplicate value: {"key":"a","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}',
  ],
])

describeUpdates('a RuntimeClass that stands', runtime, [
  [{}, { overhead: { podFixed: { cpu: '1' } } }],
  [{}, { handler: 'kata' }, 'handler: Invalid value: "kata": field is immutable'],
])

const lease = { ...of('coordination.k8s.io/v1', 'Lease', { spec: {} }, { name: 'l', namespace: 'ns' }), at: 'spec' }
describeFaults('a Lease', lease, [
  [{ holderIdentity: 'me', leaseDurationSeconds: 1, leaseTransitions: 0 }],
  [{ leaseDurationSeconds: 0 }, `leaseDurationSeconds: Invalid value: 0: ${BAD.zero}`],
  [{ leaseTransitions: -1 }, `leaseTransitions: Invalid value: -1: ${BAD.negative}`],
  [{ strategy: 'OldestEmulationVersion', preferredHolder: 'me' }],
  [{ strategy: 'example.com/mine' }],
  [{ strategy: 'Mine' }, 'strategy.strategy: Unsupported value: "Mine": supported values: "OldestEmulationVersion"'],
  [{ strategy: '' }, 'strategy.strategy: Unsupported value: "": supported values: "OldestEmulationVersion"'],
  [{ strategy: 'a b/c' }, `strategy.strategy: Invalid value: "a b/c": prefix part ${BAD.subdomain}`],
  [{ preferredHolder: 'me' }, 'preferredHolder: Forbidden: may only be specified if `strategy` is defined'],
])
describeUpdates('a Lease that stands', lease, [
  [{ holderIdentity: 'me' }, { holderIdentity: 'you', leaseTransitions: 1 }],
  [{ leaseDurationSeconds: 5 }, { leaseDurationSeconds: 0 }, `leaseDurationSeconds: Invalid value: 0: ${BAD.zero}`],
])
