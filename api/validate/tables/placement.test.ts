import { BAD, describeFaults, POD } from '../../testing.ts'

const spec = { object: POD, at: 'spec' }
const tolerate = (one: object) => ({ tolerations: [one] })

describeFaults('tolerations', spec, [
  [tolerate({ operator: 'Exists' })],
  [tolerate({ key: 'a', operator: 'Equal', value: 'b', effect: 'NoSchedule' })],
  [tolerate({ key: 'a', value: 'b' })],
  [tolerate({ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 30 })],
  [tolerate({ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: -1 })],
  [tolerate({ key: 'a b' }), `tolerations[0].key: Invalid value: "a b": ${BAD.qualified}`],
  [
    tolerate({ value: 'x' }),
    'tolerations[0].operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  [
    tolerate({ key: 'a', operator: 'Exists', value: 'b' }),
    'tolerations[0].operator: Invalid value: "b": value must be empty when `operator` is \'Exists\'',
  ],
  [tolerate({ key: 'a', value: 'b c' }), `tolerations[0].operator: Invalid value: "b c": ${BAD.value}`],
  [
    tolerate({ key: 'a', operator: 'In' }),
    'tolerations[0].operator: Unsupported value: "In": supported values: "Equal", "Exists", "Gt", "Lt"',
  ],
  [
    tolerate({ key: 'a', effect: 'Never' }),
    'tolerations[0].effect: Unsupported value: "Never": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
  ],
  [
    tolerate({ key: 'a', effect: 'NoSchedule', tolerationSeconds: 1 }),
    'tolerations[0].effect: Invalid value: "NoSchedule": effect must be \'NoExecute\' when `tolerationSeconds` is set',
  ],
])

const REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
const PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
const terms = { object: POD, at: `spec.affinity.nodeAffinity.${REQUIRED}.nodeSelectorTerms` }
const expression = (one: object) => ({ '[0]': { matchExpressions: [{ key: 'zone', ...one }] } })
const field = (one: object) => ({ '[0]': { matchFields: [{ key: 'metadata.name', ...one }] } })
const E = '[0].matchExpressions[0]'
const F = '[0].matchFields[0]'

describeFaults('nodes that a pod must have', terms, [
  [{ '': [] }, ': Required value: must have at least one node selector term'],
  [{ '[0]': {} }],
  [expression({ operator: 'In', values: ['a', ''] })],
  [expression({ operator: 'Exists' })],
  [expression({ operator: 'Gt', values: ['5'] })],
  [
    expression({ operator: 'In' }),
    `${E}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [
    expression({ operator: 'NotIn', values: [] }),
    `${E}.values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`,
  ],
  [
    expression({ operator: 'DoesNotExist', values: ['a'] }),
    `${E}.values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`,
  ],
  [
    expression({ operator: 'Lt', values: ['1', '2'] }),
    `${E}.values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`,
  ],
  [expression({ operator: 'Gt', values: ['-1'] }), `${E}.values[0]: Invalid value: "-1": ${BAD.value}`],
  [expression({ operator: 'Is', values: ['a'] }), `${E}.operator: Invalid value: "Is": not a valid selector operator`],
  [expression({ operator: 'Exists', key: 'a b' }), `${E}.key: Invalid value: "a b": ${BAD.qualified}`],
  [expression({ operator: 'In', values: ['a', 'b c'] }), `${E}.values[1]: Invalid value: "b c": ${BAD.value}`],
  [field({ operator: 'In', values: ['worker-1'] })],
  [
    field({ operator: 'In', values: ['a', 'b'] }),
    `${F}.values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
  ],
  [field({ operator: 'Exists' }), `${F}.operator: Invalid value: "Exists": not a valid selector operator`],
  [field({ operator: 'In', values: ['A'] }), `${F}.values[0]: Invalid value: "A": ${BAD.subdomain}`],
  [
    field({ operator: 'In', values: ['a'], key: 'metadata.namespace' }),
    `${F}.key: Invalid value: "metadata.namespace": not a valid field selector key`,
  ],
])

const preferred = { object: POD, at: `spec.affinity.nodeAffinity.${PREFERRED}` }
const weighed = (weight: number, one: object = { operator: 'Exists' }) => ({
  '[0]': { weight, preference: { matchExpressions: [{ key: 'a', ...one }] } },
})

describeFaults('nodes that a pod likes', preferred, [
  [weighed(1)],
  [weighed(100)],
  [weighed(0), '[0].weight: Invalid value: 0: must be in the range 1-100'],
  [weighed(101), '[0].weight: Invalid value: 101: must be in the range 1-100'],
  [weighed(1, { operator: 'In', values: ['no label'] })],
  [
    weighed(1, { operator: 'In' }),
    "[0].preference.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ],
])

for (const which of ['podAffinity', 'podAntiAffinity']) {
  const pods = { object: POD, at: `spec.affinity.${which}.${REQUIRED}` }
  const near = (one: object) => ({
    '[0]': { topologyKey: 'zone', labelSelector: { matchLabels: { app: 'a' } }, ...one },
  })
  describeFaults(`pods, ${which}`, pods, [
    [near({ namespaces: ['a'], namespaceSelector: {} })],
    [
      near({ topologyKey: undefined }),
      '[0].topologyKey: Required value: can not be empty',
      '[0].topologyKey: Invalid value: "": name part must be non-empty',
      `[0].topologyKey: Invalid value: "": ${BAD.qualified}`,
    ],
    [near({ topologyKey: 'a b' }), `[0].topologyKey: Invalid value: "a b": ${BAD.qualified}`],
    [near({ namespaces: ['a', 'B'] }), `[0].namespace: Invalid value: "B": ${BAD.label}`],
    [
      near({ labelSelector: { matchLabels: { a: 'b c' } } }),
      `[0].labelSelector.matchLabels: Invalid value: "b c": ${BAD.value}`,
    ],
    [
      near({ labelSelector: { matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }] } }),
      '[0].labelSelector.matchExpressions[0].operator: Invalid value: "Gt": not a valid selector operator',
    ],
    [
      near({ namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'In' }] } }),
      "[0].namespaceSelector.matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
    ],
    [near({ matchLabelKeys: ['pod-template-hash'] })],
    [
      near({ matchLabelKeys: ['a'], labelSelector: undefined }),
      '[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    ],
    [near({ mismatchLabelKeys: ['a b'] }), `[0].mismatchLabelKeys[0]: Invalid value: "a b": ${BAD.qualified}`],
    [
      near({ matchLabelKeys: ['x', 'y'], mismatchLabelKeys: ['y'] }),
      '[0].matchLabelKeys[1]: Invalid value: "y": exists in both matchLabelKeys and mismatchLabelKeys',
    ],
  ])
}

const spreading = { object: POD, at: 'spec.topologySpreadConstraints' }
const spread = (one: object) => ({
  '[0]': { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector: {}, ...one },
})
const zone = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' }

describeFaults('spreading', spreading, [
  [spread({ minDomains: 2, nodeAffinityPolicy: 'Honor', nodeTaintsPolicy: 'Ignore' })],
  [spread({ maxSkew: 0 }), `[0].maxSkew: Invalid value: 0: must be greater than zero`],
  [spread({ maxSkew: -1 }), `[0].maxSkew: Invalid value: -1: must be greater than zero`],
  [spread({ topologyKey: '' }), '[0].topologyKey: Required value: can not be empty'],
  [
    spread({ whenUnsatisfiable: 'Never' }),
    '[0].whenUnsatisfiable: Unsupported value: "Never": supported values: "DoNotSchedule", "ScheduleAnyway"',
  ],
  [spread({ minDomains: 0 }), `[0].minDomains: Invalid value: 0: must be greater than zero`],
  [
    spread({ minDomains: 1, whenUnsatisfiable: 'ScheduleAnyway' }),
    '[0].minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
  ],
  [
    spread({ nodeTaintsPolicy: 'x' }),
    '[0].nodeTaintsPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"',
  ],
  [
    spread({ nodeAffinityPolicy: 'x' }),
    '[0].nodeAffinityPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"',
  ],
  [{ '': [zone, zone] }, '[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"'],
  [{ '': [zone, { ...zone, whenUnsatisfiable: 'ScheduleAnyway' }] }],
  [spread({ matchLabelKeys: ['a'] })],
  [
    spread({ matchLabelKeys: ['a'], labelSelector: undefined }),
    '[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
  ],
  [
    spread({ matchLabelKeys: ['a'], labelSelector: { matchLabels: { a: 'b' } } }),
    '[0].matchLabelKeys[0]: Invalid value: "a": exists in both matchLabelKeys and labelSelector',
  ],
  [
    spread({ labelSelector: { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['b'] }] } }),
    "[0].labelSelector.matchExpressions[0].values: Forbidden: may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
  ],
])
