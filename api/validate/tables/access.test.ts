import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const RBAC = 'rbac.authorization.k8s.io'
const of = (kind: string, more: object) => ({
  object: {
    apiVersion: `${RBAC}/v1`,
    kind,
    metadata: kind.startsWith('Cluster') ? { name: 'r' } : { name: 'r', namespace: 'ns' },
    ...more,
  },
})
const reading = { verbs: ['get'], apiGroups: [''], resources: ['pods'] }
const asking = { verbs: ['get'], nonResourceURLs: ['/healthz'] }
const MIXED = 'rules cannot apply to both regular resources and non-resource URLs'

for (const kind of ['Role', 'ClusterRole']) {
  const role = of(kind, { rules: [reading] })
  describeFaults(`rules of a ${kind}`, role, [
    [{}],
    [{ rules: undefined }],
    [{ rules: [reading, { ...reading, verbs: ['*'], apiGroups: ['*'], resources: ['*'] }] }],
    [{ 'rules[0].resourceNames': ['a', 'b'] }],
    [{ 'rules[0].verbs': [] }, 'rules[0].verbs: Required value: verbs must contain at least one value'],
    [
      { 'rules[0].apiGroups': [] },
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
    ],
    [
      { 'rules[0].resources': undefined },
      'rules[0].resources: Required value: resource rules must supply at least one resource',
    ],
    [
      { rules: [{}] },
      'rules[0].apiGroups: Required value: resource rules must supply at least one api group',
      'rules[0].resources: Required value: resource rules must supply at least one resource',
      'rules[0].verbs: Required value: verbs must contain at least one value',
    ],
    [{ 'metadata.name': 'system:any:Name' }],
    [{ 'metadata.name': 'a/b' }, 'metadata.name: Invalid value: "a/b": may not contain \'/\''],
    [{ 'metadata.name': 'a%b' }, 'metadata.name: Invalid value: "a%b": may not contain \'%\''],
    [{ 'metadata.name': '..' }, 'metadata.name: Invalid value: "..": may not be \'..\''],
  ])
}

const NAMESPACED = 'namespaced rules cannot apply to non-resource URLs'
describeFaults('paths that a Role speaks of', of('Role', {}), [
  [{ rules: [asking] }, `rules[0].nonResourceURLs: Invalid value: ["/healthz"]: ${NAMESPACED}`],
  [
    { rules: [{ ...reading, ...asking }] },
    `rules[0].nonResourceURLs: Invalid value: ["/healthz"]: ${NAMESPACED}`,
    `rules[0].nonResourceURLs: Invalid value: ["/healthz"]: ${MIXED}`,
  ],
])
describeFaults('paths that a ClusterRole speaks of', of('ClusterRole', {}), [
  [{ rules: [asking] }],
  [{ rules: [{ ...asking, verbs: [] }] }, 'rules[0].verbs: Required value: verbs must contain at least one value'],
  [{ rules: [{ ...asking, resources: ['pods'] }] }, `rules[0].nonResourceURLs: Invalid value: ["/healthz"]: ${MIXED}`],
  [{ rules: [{ ...asking, apiGroups: [''] }] }, `rules[0].nonResourceURLs: Invalid value: ["/healthz"]: ${MIXED}`],
  [{ rules: [{ ...asking, resourceNames: ['a'] }] }, `rules[0].nonResourceURLs: Invalid value: ["/healthz"]: ${MIXED}`],
])
describeFaults('what a ClusterRole gathers', of('ClusterRole', {}), [
  [{ aggregationRule: { clusterRoleSelectors: [{ matchLabels: { a: 'b' } }] } }],
  [
    { aggregationRule: {} },
    'aggregationRule.clusterRoleSelectors: Required value: at least one clusterRoleSelector required if aggregationRule is non-nil',
  ],
  [
    { aggregationRule: { clusterRoleSelectors: [{ matchLabels: { 'a b': 'c' } }] } },
    `aggregationRule.clusterRoleSelectors[0].matchLabels: Invalid value: "a b": ${BAD.qualified}`,
  ],
])

const subject = (more: object) => ({ 'subjects[0]': more })
const account = (more: object = {}) => subject({ kind: 'ServiceAccount', name: 'sa', namespace: 'ns', ...more })

for (const [kind, roles] of [
  ['RoleBinding', ['ClusterRole', 'Role']],
  ['ClusterRoleBinding', ['ClusterRole']],
] as const) {
  const binding = of(kind, { roleRef: { kind: 'ClusterRole', name: 'view' } })
  const supported = `supported values: ${roles.map(role => `"${role}"`).join(', ')}`
  describeFaults(`whom a ${kind} gives what`, binding, [
    [{}],
    [{ 'roleRef.apiGroup': RBAC }],
    [{ 'roleRef.apiGroup': 'apps' }, `roleRef.apiGroup: Unsupported value: "apps": supported values: "${RBAC}"`],
    [{ 'roleRef.kind': 'User' }, `roleRef.kind: Unsupported value: "User": ${supported}`],
    [{ 'roleRef.kind': undefined }, `roleRef.kind: Unsupported value: "": ${supported}`],
    [{ 'roleRef.name': '' }, 'roleRef.name: Required value'],
    [{ 'roleRef.name': 'a/b' }, 'roleRef.name: Invalid value: "a/b": may not contain \'/\''],
    [{ roleRef: undefined }, `roleRef.kind: Unsupported value: "": ${supported}`, 'roleRef.name: Required value'],
    [subject({ kind: 'User', name: 'jane' })],
    [subject({ kind: 'Group', name: 'system:masters', apiGroup: RBAC })],
    [subject({ kind: 'User', name: '' }), 'subjects[0].name: Required value'],
    [
      subject({ kind: 'Group', name: 'g', apiGroup: 'apps' }),
      `subjects[0].apiGroup: Unsupported value: "apps": supported values: "${RBAC}"`,
    ],
    [
      subject({ kind: 'Robot', name: 'r' }),
      'subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
    ],
    [
      subject({}),
      'subjects[0].kind: Unsupported value: "": supported values: "Group", "ServiceAccount", "User"',
      'subjects[0].name: Required value',
    ],
    [account()],
    [account({ namespace: undefined }), 'subjects[0].namespace: Required value'],
    [account({ name: 'A' }), `subjects[0].name: Invalid value: "A": ${BAD.subdomain}`],
    [account({ name: '' }), 'subjects[0].name: Required value'],
    [account({ apiGroup: RBAC }), `subjects[0].apiGroup: Unsupported value: "${RBAC}": supported values: ""`],
  ])
  describeUpdates(`a ${kind} that stands`, binding, [
    [{}, account()],
    [
      {},
      { 'roleRef.name': 'edit' },
      `roleRef: Invalid value: {"kind":"ClusterRole","name":"edit","apiGroup":"${RBAC}"}: cannot change roleRef`,
    ],
  ])
}
describeFaults('a ClusterRoleBinding to a Role', of('ClusterRoleBinding', { roleRef: { kind: 'Role', name: 'r' } }), [
  [{}, 'roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"'],
])
