import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from '../../flow/suggested.ts'
import { findKind } from '../../kinds/registry.ts'
import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const group = { apiVersion: 'flowcontrol.apiserver.k8s.io/v1' }
const user = { kind: 'User', user: { name: 'ann' } }
const resources = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }
const paths = { verbs: ['get'], nonResourceURLs: ['/x'] }
const schema = {
  object: {
    ...group,
    kind: 'FlowSchema',
    metadata: { name: 'f' },
    spec: { priorityLevelConfiguration: { name: 'p' }, rules: [{ subjects: [user], resourceRules: [resources] }] },
  },
  at: 'spec',
}

describeFaults('a FlowSchema', schema, [
  [{}],
  [{ rules: undefined }],
  [{ matchingPrecedence: 2 }],
  [{ matchingPrecedence: 10_000, distinguisherMethod: { type: 'ByUser' } }],
  [{ matchingPrecedence: -1 }, 'matchingPrecedence: Invalid value: -1: must be a positive value'],
  [{ matchingPrecedence: 10_001 }, 'matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
  [
    { matchingPrecedence: 1 },
    "matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1",
  ],
  [
    { priorityLevelConfiguration: { name: '' } },
    'priorityLevelConfiguration.name: Required value: must reference a priority level',
  ],
  [
    { priorityLevelConfiguration: { name: 'A' } },
    `priorityLevelConfiguration.name: Invalid value: "A": ${BAD.subdomain}`,
  ],
  [
    { distinguisherMethod: { type: 'ByMoon' } },
    'distinguisherMethod.type: Unsupported value: "ByMoon": supported values: "ByNamespace", "ByUser"',
  ],
])
describeUpdates('a FlowSchema that stands', schema, [
  [{}, { matchingPrecedence: 500, 'priorityLevelConfiguration.name': 'other' }],
  [{}, { matchingPrecedence: -1 }, 'matchingPrecedence: Invalid value: -1: must be a positive value'],
])

const account = (more: object) => ({ subjects: [{ kind: 'ServiceAccount', serviceAccount: more }] })

describeFaults('whom a FlowSchema is about', { ...schema, at: 'spec.rules[0]' }, [
  [{ subjects: [] }, 'subjects: Required value: subjects must contain at least one value'],
  [
    { subjects: [{ kind: 'Robot' }] },
    'subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"',
  ],
  [{ subjects: [{ kind: 'User' }] }, "subjects[0].user: Required value: user is required when subject kind is 'User'"],
  [
    { subjects: [{ ...user, kind: 'Group', group: { name: 'g' } }] },
    "subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'",
  ],
  [{ subjects: [{ kind: 'Group', group: { name: '' } }] }, 'subjects[0].group.name: Required value'],
  [account({ name: '*', namespace: 'n' })],
  [
    account({ name: 'a', namespace: '' }),
    'subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account',
  ],
  [account({ name: 'A', namespace: 'n' }), `subjects[0].serviceAccount.name: Invalid value: "A": ${BAD.subdomain}`],
  [account({ name: 'a', namespace: 'A' }), `subjects[0].serviceAccount.namespace: Invalid value: "A": ${BAD.label}`],
])

describeFaults('what a FlowSchema is about', { ...schema, at: 'spec.rules[0]' }, [
  [
    { resourceRules: undefined },
    ': Required value: at least one of resourceRules and nonResourceRules has to be non-empty',
  ],
  [{ nonResourceRules: [paths] }],
])

const MEMBER = "each member of this list must be '*' or a DNS-1123 label;"

describeFaults('resources that a FlowSchema is about', { ...schema, at: 'spec.rules[0].resourceRules[0]' }, [
  [{ namespaces: undefined, clusterScope: true }],
  [{ namespaces: ['a', 'b'], clusterScope: true }],
  [{ verbs: [] }, 'verbs: Required value: verbs must contain at least one value'],
  [{ verbs: ['*', 'get'] }, `verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`],
  [
    { verbs: ['read'] },
    'verbs: Unsupported value: ["read"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"',
  ],
  [{ apiGroups: [] }, 'apiGroups: Required value: resource rules must supply at least one api group'],
  [
    { apiGroups: ['*', 'apps'] },
    `apiGroups: Invalid value: ["*","apps"]: if '*' is present, must not specify other api groups`,
  ],
  [{ resources: [] }, 'resources: Required value: resource rules must supply at least one resource'],
  [
    { resources: ['*', 'pods'] },
    `resources: Invalid value: ["*","pods"]: if '*' is present, must not specify other resources`,
  ],
  [
    { namespaces: [] },
    'namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace',
  ],
  [
    { namespaces: ['*', 'a'] },
    `namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
  ],
  [{ namespaces: ['A'] }, `namespaces[0]: Invalid value: "A": ${MEMBER} ${BAD.label}`],
])

const urls = (...nonResourceURLs: string[]) => ({
  resourceRules: undefined,
  nonResourceRules: [{ ...paths, nonResourceURLs }],
})
const URLS = 'nonResourceRules[0].nonResourceURLs'

describeFaults('paths that a FlowSchema is about', { ...schema, at: 'spec.rules[0]' }, [
  [urls('*')],
  [urls('/')],
  [urls('/a/*', '/b/')],
  [urls(), `${URLS}: Required value: nonResourceURLs must contain at least one value`],
  [urls('*', '/a'), `${URLS}: Invalid value: ["*","/a"]: if '*' is present, must not specify other non-resource URLs`],
  [urls(''), `${URLS}[0]: Invalid value: "": must not be empty`],
  [urls('a'), `${URLS}[0]: Invalid value: "a": must start with slash`],
  [urls('/a b'), `${URLS}[0]: Invalid value: "/a b": must not contain white-space`],
  [urls('/a//b'), `${URLS}[0]: Invalid value: "/a//b": must not contain double slash`],
  [urls('/a*'), `${URLS}[0]: Invalid value: "/a*": wildcard can only do suffix matching`],
  [urls('/*/*'), `${URLS}[0]: Invalid value: "/*/*": wildcard can only do suffix matching`],
  [
    { nonResourceRules: [{ ...paths, verbs: undefined }] },
    'nonResourceRules[0].verbs: Required value: verbs must contain at least one value',
  ],
])

const level = {
  object: {
    ...group,
    kind: 'PriorityLevelConfiguration',
    metadata: { name: 'p' },
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } },
  },
  at: 'spec',
}
const ONLY = "must be 'Exempt' if and only if `name` is 'exempt'"

describeFaults('a PriorityLevelConfiguration', level, [
  [{}],
  [{ type: '' }, 'type: Required value'],
  [{ type: 'x' }, 'type: Unsupported value: "x": supported values: "Exempt", "Limited"'],
  [{ limited: undefined }, 'limited: Required value: must not be empty when type is Limited'],
  [{ type: 'Exempt', limited: undefined }, `type: Invalid value: "Exempt": ${ONLY}`],
  [{ exempt: {} }, 'exempt: Forbidden: must be nil if the type is Limited'],
  [
    { type: 'Exempt' },
    `type: Invalid value: "Exempt": ${ONLY}`,
    'limited: Forbidden: must be nil if the type is not Limited',
  ],
])

const queued = (queuing: object) => ({ limitResponse: { type: 'Queue', queuing } })
const Q = 'limitResponse.queuing'
const HAND = 'should not be greater than 60'

describeFaults('a limited PriorityLevelConfiguration', { ...level, at: 'spec.limited' }, [
  [queued({})],
  [{ nominalConcurrencyShares: 0, lendablePercent: 100, borrowingLimitPercent: 0 }],
  [{ nominalConcurrencyShares: -1 }, 'nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer'],
  [{ lendablePercent: 101 }, 'lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive'],
  [
    { borrowingLimitPercent: -1 },
    'borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
  ],
  [
    { limitResponse: { type: 'Shout' } },
    'limitResponse.type: Unsupported value: "Shout": supported values: "Queue", "Reject"',
  ],
  [
    { limitResponse: { type: 'Reject', queuing: {} } },
    `${Q}: Forbidden: must be nil if limited.limitResponse.type is not Limited`,
  ],
  [
    { limitResponse: { type: 'Queue' } },
    `${Q}: Required value: must not be empty if limited.limitResponse.type is Limited`,
  ],
  [queued({ queueLengthLimit: -1 }), `${Q}.queueLengthLimit: Invalid value: -1: must be positive`],
  [queued({ handSize: -1 }), `${Q}.handSize: Invalid value: -1: must be positive`],
  [
    queued({ queues: -1 }),
    `${Q}.queues: Invalid value: -1: must be positive`,
    `${Q}.handSize: Invalid value: 8: should not be greater than queues (-1)`,
  ],
  [queued({ queues: 4, handSize: 5 }), `${Q}.handSize: Invalid value: 5: should not be greater than queues (4)`],
  [queued({ queues: 10_000_000, handSize: 2 })],
  [
    queued({ queues: 10_000_001, handSize: 2 }),
    `${Q}.queues: Invalid value: 10000001: must not be greater than 10000000`,
  ],
  [
    queued({ queues: 2_147_483_647, handSize: 3 }),
    `${Q}.queues: Invalid value: 2147483647: must not be greater than 10000000`,
    `${Q}.handSize: Invalid value: 3: required entropy bits of deckSize 2147483647 and handSize 3 ${HAND}`,
  ],
  [
    queued({ queues: 512, handSize: 8 }),
    `${Q}.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 ${HAND}`,
  ],
])

const exempt = MANDATORY_LEVELS.find(({ metadata }) => metadata?.name === 'exempt')!
describeFaults('the exempt PriorityLevelConfiguration', { object: exempt, at: 'spec' }, [
  [{ exempt: { nominalConcurrencyShares: 10, lendablePercent: 50 } }],
  [
    { exempt: { nominalConcurrencyShares: -1, lendablePercent: -1 } },
    'exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
    'exempt.lendablePercent: Invalid value: -1: must be between 0 and 100, inclusive',
  ],
  [
    { type: 'Limited', exempt: undefined, limited: level.object.spec.limited },
    `type: Invalid value: "Limited": ${ONLY}`,
    ': Invalid value: {"type":"Limited","limited":{"limitResponse":{"type":"Reject"},"nominalConcurrencyShares":30,"lendablePercent":0}}: spec of \'exempt\' except the \'spec.exempt\' field must equal the fixed value',
  ],
])

describeFaults('a FlowSchema that every server relies on', { ...schema, at: '' }, [
  [
    { 'metadata.name': 'catch-all' },
    `spec: Invalid value: ${JSON.stringify({ ...schema.object.spec, matchingPrecedence: 1000 })}: spec of 'catch-all' must equal the fixed value`,
  ],
])

describe('what every cluster has', () => {
  const all = [...MANDATORY_LEVELS, ...SUGGESTED_LEVELS, ...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS]
  for (const object of all) {
    describeFaults(`${object.kind} ${object.metadata?.name}`, { object }, [[{}]])

    it(`${object.kind} ${object.metadata?.name} needs no defaults`, () => {
      const copy = structuredClone(object)
      findKind('flowcontrol.apiserver.k8s.io', 'v1', object.kind!)!.setDefaults(copy)
      assert.deepEqual(copy.spec, object.spec)
    })
  }

  it('names levels that exist', () => {
    const levels = new Set([...MANDATORY_LEVELS, ...SUGGESTED_LEVELS].map(({ metadata }) => metadata?.name))
    for (const { spec } of [...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS])
      assert.ok(levels.has(spec?.priorityLevelConfiguration.name))
  })
})
