import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const metadata = { name: 'a', namespace: 'ns' }
const v1 = (kind: string, more: object = {}) => ({ apiVersion: 'v1', kind, metadata, ...more })
const configMap = v1('ConfigMap')
const secret = v1('Secret')
const MiB = 1024 * 1024
const base64 = (text: string) => Buffer.from(text).toString('base64')

describeFaults('a ConfigMap', { object: configMap }, [
  [{}],
  [{ data: { 'a.b_c-D': '', '.hidden': 'x' } }],
  [{ data: { '': 'x' } }, `data[]: Invalid value: "": ${BAD.key}`],
  [{ data: { '.': 'x' } }, 'data[.]: Invalid value: ".": must not be \'.\''],
  [{ data: { '..': 'x' } }, 'data[..]: Invalid value: "..": must not be \'..\''],
  [{ data: { '..a': 'x' } }, 'data[..a]: Invalid value: "..a": must not start with \'..\''],
  [
    { data: { ['x'.repeat(254)]: 'x' } },
    `data[${'x'.repeat(254)}]: Invalid value: "${'x'.repeat(254)}": must be no more than 253 bytes`,
  ],
  [{ binaryData: { 'a/b': 'AA==' } }, `binaryData[a/b]: Invalid value: "a/b": ${BAD.key}`],
  [
    { data: { k: 'x' }, binaryData: { k: 'AA==' } },
    'data[k]: Invalid value: "k": duplicate of key present in binaryData',
  ],
  [{ data: { k: 'x'.repeat(MiB) } }],
  [{ data: { k: 'x'.repeat(MiB), l: 'x' } }, ': Too long: may not be more than 1048576 bytes'],
  [{ data: { k: 'ä'.repeat(MiB / 2 + 1) } }, ': Too long: may not be more than 1048576 bytes'],
])

const frozen = 'Forbidden: field is immutable when `immutable` is set'

describeUpdates('a ConfigMap that stands', { object: configMap }, [
  [{ data: { a: '1' } }, { data: { a: '2' } }],
  [{ data: { a: '1' } }, { immutable: true, data: { a: '2' } }],
  [{ immutable: true, data: { a: '1' } }, { 'metadata.labels': { a: 'b' } }],
  [{ immutable: true, data: { a: '1' } }, { data: { a: '2' } }, `data: ${frozen}`],
  [{ immutable: true }, { binaryData: { a: 'AA==' } }, `binaryData: ${frozen}`],
  [{ immutable: true }, { immutable: false }, `immutable: ${frozen}`],
  [
    { immutable: true, data: { a: '1' } },
    { immutable: undefined, data: {} },
    `immutable: ${frozen}`,
    `data: ${frozen}`,
  ],
])

describeFaults('a Secret', { object: secret }, [
  [{}],
  [{ type: 'example.com/mine', data: { a: base64('b') } }],
  [{ data: { 'a b': '' } }, `data[a b]: Invalid value: "a b": ${BAD.key}`],
  [{ data: { a: base64('x'.repeat(MiB + 1)) } }, 'data: Too long: may not be more than 1048576 bytes'],
  [{ type: 'kubernetes.io/tls', data: { 'tls.crt': '', 'tls.key': '' } }],
  [{ type: 'kubernetes.io/tls' }, 'data[tls.crt]: Required value', 'data[tls.key]: Required value'],
  [{ type: 'kubernetes.io/ssh-auth' }, 'data[ssh-privatekey]: Required value'],
  [{ type: 'kubernetes.io/ssh-auth', data: { 'ssh-privatekey': '' } }, 'data[ssh-privatekey]: Required value'],
  [{ type: 'kubernetes.io/basic-auth', data: { username: '' } }],
  [{ type: 'kubernetes.io/basic-auth' }, 'data[username]: Required value', 'data[password]: Required value'],
  [{ type: 'kubernetes.io/dockerconfigjson', data: { '.dockerconfigjson': base64('{}') } }],
  [{ type: 'kubernetes.io/dockerconfigjson' }, 'data[.dockerconfigjson]: Required value'],
  [{ type: 'kubernetes.io/dockercfg' }, 'data[.dockercfg]: Required value'],
  [
    { type: 'kubernetes.io/service-account-token' },
    'metadata.annotations[kubernetes.io/service-account.name]: Required value',
  ],
  [
    {
      type: 'kubernetes.io/service-account-token',
      'metadata.annotations': { 'kubernetes.io/service-account.name': 'a' },
    },
  ],
])

describeUpdates('a Secret that stands', { object: secret }, [
  [{}, { data: { a: 'AA==' } }],
  [{}, { type: 'other' }, 'type: Invalid value: "other": field is immutable'],
  [{ immutable: true }, { data: { a: 'AA==' } }, `data: ${frozen}`],
  [{ immutable: true }, { immutable: undefined }, `immutable: ${frozen}`],
])

const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' }, spec: {} }
const EFFECTS = 'supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"'
const taint = { key: 'a', value: 'b', effect: 'NoSchedule' }

describeFaults('a Node', { object: node }, [
  [{ 'metadata.name': 'node-1.example.com' }],
  [{ 'metadata.name': 'Node' }, `metadata.name: Invalid value: "Node": ${BAD.subdomain}`],
  [{ 'metadata.namespace': 'x' }, 'metadata.namespace: Forbidden: not allowed on this type'],
  [{ 'spec.taints': [taint, { ...taint, effect: 'NoExecute' }] }],
  [{ 'spec.taints': [{ ...taint, effect: 'x' }] }, `metadata.taints[0].effect: Unsupported value: "x": ${EFFECTS}`],
  [{ 'spec.taints': [{ ...taint, effect: '' }] }, 'metadata.taints[0].effect: Required value'],
  [{ 'spec.taints': [{ ...taint, key: 'a b' }] }, `metadata.taints[0].key: Invalid value: "a b": ${BAD.qualified}`],
  [{ 'spec.taints': [{ ...taint, value: 'a b' }] }, `metadata.taints[0].value: Invalid value: "a b": ${BAD.value}`],
  [
    { 'spec.taints': [taint, { ...taint, value: 'c' }] },
    'metadata.taints[1]: Duplicate value: {"key":"a","value":"c","effect":"NoSchedule"}: taints must be unique by key and effect pair',
  ],
  [{ 'spec.podCIDRs': ['10.0.0.0/24', 'fd00::/64'] }],
  [{ 'spec.podCIDRs': ['10.0.0.0'] }, `spec.podCIDRs[0]: Invalid value: "10.0.0.0": ${BAD.cidr}`],
  [
    { 'spec.podCIDRs': ['10.0.0.0/24', '10.0.1.0/24'] },
    'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
  ],
])

describeUpdates('a Node that stands', { object: node, at: 'spec' }, [
  [{}, { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'], providerID: 'x', unschedulable: true, taints: [taint] }],
  [
    { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] },
    { podCIDR: '10.0.1.0/24', podCIDRs: ['10.0.1.0/24'] },
    'podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
  ],
  [
    { providerID: 'x' },
    { providerID: 'y' },
    'providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ],
])

const quota = v1('ResourceQuota', { spec: {} })
const hard = (list: object) => ({ hard: list })

describeFaults('a ResourceQuota', { object: quota, at: 'spec' }, [
  [
    hard({
      cpu: '1',
      'limits.memory': '1Gi',
      pods: '10',
      'count/deployments.apps': '3',
      'requests.nvidia.com/gpu': '2',
    }),
  ],
  [
    hard({
      'gold.storageclass.storage.k8s.io/requests.storage': '1Gi',
      'services.nodeports': '0',
      'hugepages-2Mi': '4Mi',
    }),
  ],
  [hard({ pods: '-1' }), `hard[pods]: Invalid value: "-1": ${BAD.negative}`],
  [hard({ pods: '1500m' }), 'hard[pods]: Invalid value: "1500m": must be an integer'],
  [
    hard({ deployments: '1' }),
    'hard[deployments]: Invalid value: "deployments": must be a standard resource type or fully qualified',
    'hard[deployments]: Invalid value: "deployments": must be a standard resource for quota',
  ],
  [
    hard({ 'a b': '1' }),
    `hard[a b]: Invalid value: "a b": ${BAD.qualified}`,
    'hard[a b]: Invalid value: "a b": must be a standard resource for quota',
  ],
  [{ ...hard({ pods: '1' }), scopes: ['BestEffort', 'Terminating'] }],
  [{ scopes: ['x'] }, 'scopes: Invalid value: ["x"]: unsupported scope'],
  [
    { scopes: ['BestEffort', 'NotBestEffort'] },
    'scopes: Invalid value: ["BestEffort","NotBestEffort"]: conflicting scopes',
  ],
  [
    { ...hard({ cpu: '1' }), scopes: ['BestEffort'] },
    'scopes: Invalid value: ["BestEffort"]: unsupported scope applied to resource',
  ],
  [{ ...hard({ cpu: '1', pods: '1' }), scopes: ['NotBestEffort'] }],
  [
    { ...hard({ secrets: '1' }), scopes: ['Terminating'] },
    'scopes: Invalid value: ["Terminating"]: unsupported scope applied to resource',
  ],
  [{ scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['high'] }] } }],
  [
    { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In' }] } },
    "scopeSelector.matchExpressions.values: Required value: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
  ],
  [
    { scopeSelector: { matchExpressions: [{ scopeName: 'PriorityClass', operator: 'Exists', values: ['a'] }] } },
    "scopeSelector.matchExpressions.values: Invalid value: [\"a\"]: must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector",
  ],
  [
    { scopeSelector: { matchExpressions: [{ scopeName: 'x', operator: 'Exists' }] } },
    'scopeSelector.matchExpressions.scopeName: Invalid value: "x": unsupported scope',
  ],
])

describeUpdates('a ResourceQuota that stands', { object: quota, at: 'spec' }, [
  [hard({ pods: '1' }), hard({ pods: '2' })],
  [{ scopes: ['BestEffort', 'Terminating'] }, { scopes: ['Terminating', 'BestEffort'] }],
  [
    { scopes: ['BestEffort'] },
    { scopes: ['Terminating'] },
    'scopes: Invalid value: ["Terminating"]: field is immutable',
  ],
  [{}, { scopes: ['Terminating'] }, 'scopes: Invalid value: ["Terminating"]: field is immutable'],
])

const limits = { object: v1('LimitRange', { spec: { limits: [{ type: 'Container' }] } }), at: 'spec.limits[0]' }

describeFaults('a LimitRange', limits, [
  [
    {
      min: { cpu: '1' },
      max: { cpu: '4' },
      default: { cpu: '3' },
      defaultRequest: { cpu: '2' },
      maxLimitRequestRatio: { cpu: '4' },
    },
  ],
  [{ type: undefined }, 'type: Required value'],
  [
    { min: { cpu: '3' }, max: { cpu: '2' } },
    'min[cpu]: Invalid value: "3": min value 3 is greater than max value 2',
    'default[cpu]: Invalid value: "3": min value 3 is greater than default value 2',
    'defaultRequest[cpu]: Invalid value: "2": min value 3 is greater than default request value 2',
  ],
  [{ type: 'Pod', default: { cpu: '1' } }, "default: Forbidden: may not be specified when `type` is 'Pod'"],
  [
    { type: 'Pod', defaultRequest: { cpu: '1' } },
    "defaultRequest: Forbidden: may not be specified when `type` is 'Pod'",
  ],
  [{ type: 'PersistentVolumeClaim', max: { storage: '1Gi' } }],
  [
    { type: 'PersistentVolumeClaim' },
    'limits: Required value: either minimum or maximum storage value is required, but neither was provided',
  ],
  [
    { type: 'Pod', max: { storage: '1Gi' } },
    'max[storage]: Invalid value: "storage": must be a standard resource for containers',
  ],
  [
    { type: 'Pod', maxLimitRequestRatio: { memory: '900m' } },
    'maxLimitRequestRatio[memory]: Invalid value: "900m": ratio 900m is less than 1',
  ],
  [
    { type: 'Pod', min: { memory: '1Gi' }, max: { memory: '2Gi' }, maxLimitRequestRatio: { memory: '3' } },
    'maxLimitRequestRatio[memory]: Invalid value: "3": ratio 3 is greater than max/min = 2.000000',
  ],
  [
    { defaultRequest: { cpu: '2' }, default: { cpu: '1' } },
    'defaultRequest[cpu]: Invalid value: "2": default request value 2 is greater than default limit value 1',
  ],
  [
    { default: { cpu: '5' }, max: { cpu: '4' } },
    'default[cpu]: Invalid value: "4": default value 5 is greater than max value 4',
    'defaultRequest[cpu]: Invalid value: "5": default request value 5 is greater than max value 4',
  ],
])

describeFaults('two limits', { object: limits.object, at: 'spec' }, [
  [{ limits: [{ type: 'Pod' }, { type: 'Container' }] }],
  [{ limits: [{ type: 'Pod' }, { type: 'Pod' }] }, 'limits[1].type: Duplicate value: "Pod"'],
])

const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'team-a' } }

describeFaults('a Namespace', { object: namespace }, [
  [{}],
  [{ 'metadata.name': 'a.b' }, `metadata.name: Invalid value: "a.b": ${BAD.dots}`],
  [{ 'metadata.name': 'A' }, `metadata.name: Invalid value: "A": ${BAD.label}`],
  // The name is a label as well.
  [
    { 'metadata.name': 'x'.repeat(64) },
    `metadata.name: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`,
    `metadata.labels: Invalid value: "${'x'.repeat(64)}": must be no more than 63 bytes`,
  ],
])

describeFaults('an Event', { object: v1('Event', { involvedObject: { namespace: 'ns' } }) }, [
  [{}],
  [
    { 'involvedObject.namespace': 'other' },
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ],
  [{ 'involvedObject.namespace': undefined, 'metadata.namespace': 'default' }],
  [
    { 'involvedObject.namespace': undefined },
    'involvedObject.namespace: Invalid value: "": does not match event.namespace',
  ],
])
