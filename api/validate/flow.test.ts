import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from '../flow/suggested.ts'
import { builtinKinds } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { describeFieldError } from './errors.ts'

const kindNamed = (name: string) => builtinKinds().find(({ kind }) => kind === name)!

function faults(kindName: string, object: object): string[] {
  const kind = kindNamed(kindName)
  const copy = structuredClone(object) as KubeObject
  kind.setDefaults(copy)
  return kind.validate(copy).map(describeFieldError)
}

const user = { kind: 'User', user: { name: 'ann' } }
const resources = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] }
const paths = { verbs: ['get'], nonResourceURLs: ['/x'] }

const flow = (rule: object, spec: object = {}, name = 'f') => ({
  metadata: { name },
  spec: { priorityLevelConfiguration: { name: 'p' }, rules: [{ subjects: [user], ...rule }], ...spec },
})
const ruled = (over: object) => flow({ resourceRules: [{ ...resources, ...over }] })
const pathed = (...nonResourceURLs: string[]) => flow({ nonResourceRules: [{ ...paths, nonResourceURLs }] })
const about = (subject: object) => flow({ subjects: [subject], resourceRules: [resources] })

const R = 'spec.rules[0]'
const SCHEMAS: [string, object, string[]][] = [
  ['a plain one', ruled({}), []],
  ['one for the cluster', ruled({ namespaces: undefined, clusterScope: true }), []],
  ['no rules at all', flow({}, { rules: undefined }), []],
  [
    'precedence 1',
    flow({ resourceRules: [resources] }, { matchingPrecedence: 1 }),
    ["spec.matchingPrecedence: Invalid value: 1: only the schema named 'exempt' may have matchingPrecedence 1"],
  ],
  [
    'no level',
    flow({ resourceRules: [resources] }, { priorityLevelConfiguration: { name: '' } }),
    ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
  ],
  [
    'a way to tell flows apart that nobody knows',
    flow({ resourceRules: [resources] }, { distinguisherMethod: { type: 'ByMoon' } }),
    ['spec.distinguisherMethod.type: Unsupported value: "ByMoon": supported values: "ByNamespace", "ByUser"'],
  ],
  [
    'nobody',
    flow({ subjects: [], resourceRules: [resources] }),
    [`${R}.subjects: Required value: subjects must contain at least one value`],
  ],
  [
    'nothing',
    flow({}),
    [`${R}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`],
  ],
  [
    'an unknown kind of subject',
    about({ kind: 'Robot' }),
    [`${R}.subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`],
  ],
  [
    'a user without a user',
    about({ kind: 'User' }),
    [`${R}.subjects[0].user: Required value: user is required when subject kind is 'User'`],
  ],
  [
    'a group that is also a user',
    about({ ...user, kind: 'Group', group: { name: 'g' } }),
    [`${R}.subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'`],
  ],
  [
    'a group without a name',
    about({ kind: 'Group', group: { name: '' } }),
    [`${R}.subjects[0].group.name: Required value`],
  ],
  [
    'every account of a namespace',
    about({ kind: 'ServiceAccount', serviceAccount: { name: '*', namespace: 'n' } }),
    [],
  ],
  [
    'an account of no namespace',
    about({ kind: 'ServiceAccount', serviceAccount: { name: 'a', namespace: '' } }),
    [`${R}.subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account`],
  ],
  [
    'no verb',
    ruled({ verbs: [] }),
    [`${R}.resourceRules[0].verbs: Required value: verbs must contain at least one value`],
  ],
  [
    'all verbs and one',
    ruled({ verbs: ['*', 'get'] }),
    [`${R}.resourceRules[0].verbs: Invalid value: ["*","get"]: if '*' is present, must not specify other verbs`],
  ],
  [
    'a verb that nobody knows',
    ruled({ verbs: ['read'] }),
    [
      `${R}.resourceRules[0].verbs: Unsupported value: ["read"]: supported values: "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"`,
    ],
  ],
  [
    'no group',
    ruled({ apiGroups: [] }),
    [`${R}.resourceRules[0].apiGroups: Required value: resource rules must supply at least one api group`],
  ],
  [
    'all groups and one',
    ruled({ apiGroups: ['*', 'apps'] }),
    [
      `${R}.resourceRules[0].apiGroups: Invalid value: ["*","apps"]: if '*' is present, must not specify other api groups`,
    ],
  ],
  [
    'no resource',
    ruled({ resources: [] }),
    [`${R}.resourceRules[0].resources: Required value: resource rules must supply at least one resource`],
  ],
  [
    'no namespace',
    ruled({ namespaces: [] }),
    [
      `${R}.resourceRules[0].namespaces: Required value: resource rules that are not cluster scoped must supply at least one namespace`,
    ],
  ],
  [
    'all namespaces and one',
    ruled({ namespaces: ['*', 'a'] }),
    [
      `${R}.resourceRules[0].namespaces: Invalid value: ["*","a"]: if '*' is present, must not specify other namespaces`,
    ],
  ],
  ['any path', pathed('*'), []],
  ['the first path', pathed('/'), []],
  ['paths below one', pathed('/a/*'), []],
  [
    'no path',
    pathed(),
    [`${R}.nonResourceRules[0].nonResourceURLs: Required value: nonResourceURLs must contain at least one value`],
  ],
  [
    'a path without slash',
    pathed('a'),
    [`${R}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a": must start with slash`],
  ],
  [
    'a path with a blank',
    pathed('/a b'),
    [`${R}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a b": must not contain white-space`],
  ],
  [
    'a path with two slashes',
    pathed('/a//b'),
    [`${R}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a//b": must not contain double slash`],
  ],
  [
    'a star within',
    pathed('/a*'),
    [`${R}.nonResourceRules[0].nonResourceURLs[0]: Invalid value: "/a*": wildcard can only do suffix matching`],
  ],
]

describe('a FlowSchema', () => {
  for (const [what, object, wanted] of SCHEMAS) {
    it(what, () => assert.deepEqual(faults('FlowSchema', object), wanted))
  }

  it('of those that every server relies on is as it is', () => {
    const [found] = faults('FlowSchema', flow({ resourceRules: [resources] }, {}, 'catch-all'))
    assert.ok(found?.endsWith("spec of 'catch-all' must equal the fixed value"), found)
  })
})

const limited = (over: object, name = 'p') => ({
  metadata: { name },
  spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject' }, ...over } },
})
const queued = (queuing: object) => limited({ limitResponse: { type: 'Queue', queuing } })
const Q = 'spec.limited.limitResponse.queuing'
const LEVELS: [string, object, string[]][] = [
  ['one that refuses', limited({}), []],
  ['one that queues', queued({}), []],
  [
    'without limits',
    { metadata: { name: 'p' }, spec: { type: 'Limited' } },
    ['spec.limited: Required value: must not be empty when type is Limited'],
  ],
  [
    'another exempt one',
    { metadata: { name: 'p' }, spec: { type: 'Exempt' } },
    ["spec.type: Invalid value: \"Exempt\": type must be 'Exempt' if and only if `name` is 'exempt'"],
  ],
  [
    'negative shares',
    limited({ nominalConcurrencyShares: -1 }),
    ['spec.limited.nominalConcurrencyShares: Invalid value: -1: must be greater than or equal to 0'],
  ],
  ['no shares, which is allowed', limited({ nominalConcurrencyShares: 0 }), []],
  [
    'more lent than there is',
    limited({ lendablePercent: 101 }),
    ['spec.limited.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive'],
  ],
  [
    'queues where it refuses',
    limited({ limitResponse: { type: 'Reject', queuing: {} } }),
    [`${Q}: Forbidden: must be nil if limited.limitResponse.type is not Limited`],
  ],
  [
    'no queues where it queues',
    limited({ limitResponse: { type: 'Queue' } }),
    [`${Q}: Required value: must not be empty if limited.limitResponse.type is Limited`],
  ],
  [
    'an answer nobody knows',
    limited({ limitResponse: { type: 'Shout' } }),
    ['spec.limited.limitResponse.type: Unsupported value: "Shout": supported values: "Queue", "Reject"'],
  ],
  [
    'a hand larger than the deck',
    queued({ queues: 4, handSize: 5 }),
    [`${Q}.handSize: Invalid value: 5: should not be greater than queues (4)`],
  ],
  [
    'more queues than may be',
    queued({ queues: 10_000_001 }),
    [`${Q}.queues: Invalid value: 10000001: must not be greater than 10000000`],
  ],
  [
    'a hand that no hash can tell',
    queued({ queues: 512, handSize: 8 }),
    [
      `${Q}.handSize: Invalid value: 8: required entropy bits of deckSize 512 and handSize 8 should not be greater than 60`,
    ],
  ],
]

describe('a PriorityLevelConfiguration', () => {
  for (const [what, object, wanted] of LEVELS) {
    it(what, () => assert.deepEqual(faults('PriorityLevelConfiguration', object), wanted))
  }

  it('that is exempt may lend what it likes', () => {
    const spec = { type: 'Exempt', exempt: { nominalConcurrencyShares: 10, lendablePercent: 50 } }
    assert.deepEqual(faults('PriorityLevelConfiguration', { metadata: { name: 'exempt' }, spec }), [])
  })
})

describe('what every cluster has', () => {
  const all = [...MANDATORY_LEVELS, ...SUGGESTED_LEVELS, ...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS]
  for (const object of all) {
    it(`${object.kind} ${object.metadata?.name} is right, and defaults add nothing to it`, () => {
      assert.deepEqual(faults(object.kind!, object), [])
      const copy = structuredClone(object)
      kindNamed(object.kind!).setDefaults(copy)
      assert.deepEqual(copy.spec, object.spec)
    })
  }

  it('names levels that exist', () => {
    const levels = new Set([...MANDATORY_LEVELS, ...SUGGESTED_LEVELS].map(({ metadata }) => metadata?.name))
    for (const { spec } of [...MANDATORY_SCHEMAS, ...SUGGESTED_SCHEMAS])
      assert.ok(levels.has(spec?.priorityLevelConfiguration.name))
  })
})
