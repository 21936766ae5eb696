import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MANDATORY_SCHEMAS, SUGGESTED_SCHEMAS } from '../../api/flow/suggested.ts'
import type { FlowSchema } from '../../api/types/flowcontrol-v1.ts'
import { parseRequest } from '../request.ts'
import { byPrecedence, distinguisherOf, fitsSchema } from './classify.ts'

const ask = (method: 'GET' | 'PUT' | 'POST', path: string, name: string, ...groups: string[]) => ({
  user: { name, groups: [...groups, name === 'system:anonymous' ? 'system:unauthenticated' : 'system:authenticated'] },
  info: parseRequest({ method, path, query: new URLSearchParams() }),
})

const schemas = [...SUGGESTED_SCHEMAS, ...MANDATORY_SCHEMAS].sort(byPrecedence)
const LEASE = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/a'
const PODS = '/api/v1/namespaces/default/pods'
const NODES = 'system:nodes'
const ACCOUNT = 'system:serviceaccount:default:robot'
const SYSTEM = 'system:serviceaccount:kube-system:coredns'

const TABLE: [string, ReturnType<typeof ask>, string, string][] = [
  ['an administrator', ask('GET', PODS, 'admin', 'system:masters'), 'exempt', ''],
  ['a probe of a stranger', ask('GET', '/readyz', 'system:anonymous'), 'probes', ''],
  ['one check of a probe', ask('GET', '/readyz/ping', 'bob'), 'global-default', 'bob'],
  ['the heartbeat of a node', ask('PUT', LEASE, 'system:node:a', NODES), 'system-node-high', 'system:node:a'],
  ['its status', ask('PUT', '/api/v1/nodes/a/status', 'system:node:a', NODES), 'system-node-high', 'system:node:a'],
  ['what else it wants', ask('GET', PODS, 'system:node:a', NODES), 'system-nodes', 'system:node:a'],
  ['an election', ask('PUT', LEASE, 'system:kube-scheduler'), 'system-leader-election', 'system:kube-scheduler'],
  ['the scheduler at work', ask('POST', PODS, 'system:kube-scheduler'), 'kube-scheduler', 'default'],
  [
    'endpoints of the manager',
    ask('PUT', '/api/v1/namespaces/a/endpoints/b', 'system:kube-controller-manager'),
    'endpoint-controller',
    'system:kube-controller-manager',
  ],
  ['the manager at work', ask('GET', PODS, 'system:kube-controller-manager'), 'kube-controller-manager', 'default'],
  ['a system account', ask('GET', PODS, SYSTEM, 'system:serviceaccounts'), 'kube-system-service-accounts', 'default'],
  ['its election', ask('PUT', LEASE, SYSTEM, 'system:serviceaccounts'), 'workload-leader-election', SYSTEM],
  ['any other account', ask('GET', PODS, ACCOUNT, 'system:serviceaccounts'), 'service-accounts', ACCOUNT],
  ['a person', ask('GET', PODS, 'bob'), 'global-default', 'bob'],
  ['a stranger', ask('GET', '/version', 'system:anonymous'), 'global-default', 'system:anonymous'],
]

describe('the schemas of every cluster', () => {
  for (const [what, asked, name, distinguisher] of TABLE) {
    it(`${what}: ${name}`, () => {
      const schema = schemas.find(one => fitsSchema(one, asked))!
      assert.deepEqual([schema.metadata?.name, distinguisherOf(schema, asked)], [name, distinguisher])
    })
  }
})

const anybody = { kind: 'Group', group: { name: '*' } }
const schemaOf = (rule: object): FlowSchema => ({
  spec: { priorityLevelConfiguration: { name: 'p' }, rules: [{ subjects: [anybody], ...rule }] },
})
const rule = { verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }

describe('a rule', () => {
  const cases: [string, FlowSchema, ReturnType<typeof ask>, boolean][] = [
    [
      'of all namespaces, nothing of the cluster',
      schemaOf({ resourceRules: [rule] }),
      ask('GET', '/api/v1/nodes', 'a'),
      false,
    ],
    [
      'of all namespaces, a list over all of them',
      schemaOf({ resourceRules: [rule] }),
      ask('GET', '/api/v1/pods', 'a'),
      false,
    ],
    [
      'of the cluster too',
      schemaOf({ resourceRules: [{ ...rule, clusterScope: true }] }),
      ask('GET', '/api/v1/nodes', 'a'),
      true,
    ],
    ['of one namespace', schemaOf({ resourceRules: [{ ...rule, namespaces: ['x'] }] }), ask('GET', PODS, 'a'), false],
    [
      'of pods, their status',
      schemaOf({ resourceRules: [{ ...rule, resources: ['pods'] }] }),
      ask('PUT', `${PODS}/a/status`, 'a'),
      false,
    ],
    [
      'of a subresource',
      schemaOf({ resourceRules: [{ ...rule, resources: ['pods/status'] }] }),
      ask('PUT', `${PODS}/a/status`, 'a'),
      true,
    ],
    ['of resources, no path', schemaOf({ resourceRules: [rule] }), ask('GET', '/version', 'a'), false],
    [
      'of paths, no resource',
      schemaOf({ nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }] }),
      ask('GET', PODS, 'a'),
      false,
    ],
    [
      'of paths below',
      schemaOf({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }] }),
      ask('GET', '/healthz/ping', 'a'),
      true,
    ],
    [
      'of paths below, not the path',
      schemaOf({ nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['/healthz/*'] }] }),
      ask('GET', '/healthz', 'a'),
      false,
    ],
  ]
  for (const [what, schema, asked, fits] of cases) it(what, () => assert.equal(fitsSchema(schema, asked), fits))
})
