/**
 * flow/ holds the FlowSchemas and PriorityLevelConfigurations that every cluster has: Kubernetes' own, in a short form.
 * apiserver/flow/ makes them and lives by them; validation compares the mandatory ones with what stands here.
 */
import type {
  FlowSchema,
  FlowSchemaSpec,
  NonResourcePolicyRule,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  ResourcePolicyRule,
  Subject,
} from '../types/flowcontrol-v1.ts'

const API = 'flowcontrol.apiserver.k8s.io/v1'
export const AUTO_UPDATE = 'apf.kubernetes.io/autoupdate-spec'

export interface LevelText {
  name: string
  shares: number
  lendable?: number
  /** queues, handSize, queueLengthLimit; a level without them refuses at once. */
  queues?: readonly [number, number, number]
}

const LEVELS: readonly LevelText[] = [
  { name: 'system', shares: 30, lendable: 33, queues: [64, 6, 50] },
  { name: 'node-high', shares: 40, lendable: 25, queues: [64, 6, 50] },
  { name: 'leader-election', shares: 10, queues: [16, 4, 50] },
  { name: 'workload-high', shares: 40, lendable: 50, queues: [128, 6, 50] },
  { name: 'workload-low', shares: 100, lendable: 90, queues: [128, 6, 50] },
  { name: 'global-default', shares: 20, lendable: 50, queues: [128, 6, 50] },
]

export function limitedSpec({ shares, lendable = 0, queues }: LevelText): PriorityLevelConfigurationSpec {
  const [count, handSize, queueLengthLimit] = queues ?? []
  const queuing = { queues: count, handSize, queueLengthLimit }
  const limitResponse = queues ? { type: 'Queue', queuing } : { type: 'Reject' }
  return { type: 'Limited', limited: { nominalConcurrencyShares: shares, lendablePercent: lendable, limitResponse } }
}

function level(name: string, spec: PriorityLevelConfigurationSpec): PriorityLevelConfiguration {
  return { apiVersion: API, kind: 'PriorityLevelConfiguration', metadata: metadata(name), spec }
}

const metadata = (name: string) => ({ name, annotations: { [AUTO_UPDATE]: 'true' } })

export const MANDATORY_LEVELS: readonly PriorityLevelConfiguration[] = [
  level('exempt', { type: 'Exempt', exempt: { nominalConcurrencyShares: 0, lendablePercent: 0 } }),
  level('catch-all', limitedSpec({ name: 'catch-all', shares: 5 })),
]

export const SUGGESTED_LEVELS = LEVELS.map(text => level(text.name, limitedSpec(text)))

type Rules = readonly (ResourcePolicyRule | NonResourcePolicyRule)[]

const EVERYTHING: Rules = [
  { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true },
  { verbs: ['*'], nonResourceURLs: ['*'] },
]

const group = (name: string): Subject => ({ kind: 'Group', group: { name } })
const user = (name: string): Subject => ({ kind: 'User', user: { name } })
const account = (name: string): Subject => ({
  kind: 'ServiceAccount',
  serviceAccount: { name, namespace: 'kube-system' },
})

const EVERYBODY = [group('system:unauthenticated'), group('system:authenticated')]
const MANAGER = user('system:kube-controller-manager')
const SCHEDULER = user('system:kube-scheduler')

const namespaced = (apiGroup: string, verbs: string[], resources: string[]): ResourcePolicyRule => ({
  verbs,
  apiGroups: [apiGroup],
  resources,
  namespaces: ['*'],
})

const LEASES = namespaced('coordination.k8s.io', ['get', 'create', 'update'], ['leases'])
const ENDPOINTS = namespaced('', ['get', 'create', 'update'], ['endpoints'])

type Distinguisher = 'ByUser' | 'ByNamespace' | undefined

function schema(
  [name, levelName, matchingPrecedence]: [string, string, number],
  by: Distinguisher,
  subjects: Subject[],
  rules: Rules = EVERYTHING,
): FlowSchema {
  const resourceRules = rules.filter((rule): rule is ResourcePolicyRule => 'resources' in rule)
  const nonResourceRules = rules.filter((rule): rule is NonResourcePolicyRule => 'nonResourceURLs' in rule)
  const spec: FlowSchemaSpec = {
    ...{ priorityLevelConfiguration: { name: levelName }, matchingPrecedence },
    ...(by ? { distinguisherMethod: { type: by } } : {}),
    rules: [
      {
        subjects,
        ...(resourceRules.length > 0 ? { resourceRules } : {}),
        ...(nonResourceRules.length > 0 ? { nonResourceRules } : {}),
      },
    ],
  }
  return { apiVersion: API, kind: 'FlowSchema', metadata: metadata(name), spec }
}

export const MANDATORY_SCHEMAS: readonly FlowSchema[] = [
  schema(['exempt', 'exempt', 1], undefined, [group('system:masters')]),
  schema(['catch-all', 'catch-all', 10_000], 'ByUser', EVERYBODY),
]

export const SUGGESTED_SCHEMAS: readonly FlowSchema[] = [
  schema(['probes', 'exempt', 2], undefined, EVERYBODY, [
    { verbs: ['get'], nonResourceURLs: ['/healthz', '/readyz', '/livez'] },
  ]),
  schema(
    ['system-leader-election', 'leader-election', 100],
    'ByUser',
    [MANAGER, SCHEDULER, account('kube-controller-manager'), account('kube-scheduler')],
    [LEASES],
  ),
  schema(
    ['endpoint-controller', 'workload-high', 150],
    'ByUser',
    [MANAGER, account('endpoint-controller'), account('endpointslicemirroring-controller')],
    [ENDPOINTS],
  ),
  schema(['workload-leader-election', 'leader-election', 200], 'ByUser', [account('*')], [LEASES]),
  schema(
    ['system-node-high', 'node-high', 400],
    'ByUser',
    [group('system:nodes')],
    [
      { ...namespaced('', ['*'], ['nodes', 'nodes/status']), clusterScope: true },
      namespaced('coordination.k8s.io', ['*'], ['leases']),
    ],
  ),
  schema(['system-nodes', 'system', 500], 'ByUser', [group('system:nodes')]),
  schema(['kube-controller-manager', 'workload-high', 800], 'ByNamespace', [MANAGER]),
  schema(['kube-scheduler', 'workload-high', 800], 'ByNamespace', [SCHEDULER]),
  schema(['kube-system-service-accounts', 'workload-high', 900], 'ByNamespace', [account('*')]),
  schema(['service-accounts', 'workload-low', 9000], 'ByUser', [group('system:serviceaccounts')]),
  schema(['global-default', 'global-default', 9900], 'ByUser', EVERYBODY),
]
