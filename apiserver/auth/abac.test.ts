import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { AbacAuthorizer, type AbacPolicy, parseAbacPolicies } from './abac.ts'
import { type Attributes, resourceAttributes } from './attributes.ts'

const line = (spec: AbacPolicy) =>
  JSON.stringify({ apiVersion: 'abac.authorization.kubernetes.io/v1beta1', kind: 'Policy', spec })
const ann = { name: 'ann', groups: ['dev', 'system:authenticated'] }
const pods = (verb: string, more: object = {}): Attributes =>
  resourceAttributes(ann, verb, { plural: 'pods', namespace: 'default', name: 'a', ...more })
const path = (verb: string, where: string): Attributes => ({ ...pods(verb), isResource: false, path: where })

const EVERYTHING = { apiGroup: '*', resource: '*', namespace: '*', nonResourcePath: '*' }

describe('a policy of attributes', () => {
  const cases: [string, AbacPolicy, Attributes, boolean][] = [
    ['everything to somebody', { user: 'ann', ...EVERYTHING }, pods('delete'), true],
    ['everything to somebody else', { user: 'bob', ...EVERYTHING }, pods('delete'), false],
    ['everything to everybody', { user: '*', ...EVERYTHING }, pods('delete'), true],
    ['everything to a group', { group: 'dev', ...EVERYTHING }, pods('delete'), true],
    [
      'everything to a user who must be in a group as well',
      { user: 'ann', group: 'ops', ...EVERYTHING },
      pods('get'),
      false,
    ],
    ['everything to nobody', EVERYTHING, pods('get'), false],
    ['reading, to a reader', { user: 'ann', readonly: true, ...EVERYTHING }, pods('list'), true],
    ['reading, to a writer', { user: 'ann', readonly: true, ...EVERYTHING }, pods('update'), false],
    ['pods of one namespace', { user: 'ann', resource: 'pods', namespace: 'default' }, pods('get'), true],
    ['pods of another namespace', { user: 'ann', resource: 'pods', namespace: 'other' }, pods('get'), false],
    ['other resources', { user: 'ann', resource: 'secrets', namespace: 'default' }, pods('get'), false],
    ['another group', { user: 'ann', resource: 'pods', namespace: '*', apiGroup: 'apps' }, pods('get'), false],
    [
      'resources, and a path is asked for',
      { user: 'ann', resource: '*', namespace: '*' },
      path('get', '/version'),
      false,
    ],
    ['a path', { user: 'ann', nonResourcePath: '/version' }, path('get', '/version'), true],
    ['another path', { user: 'ann', nonResourcePath: '/version' }, path('get', '/versions'), false],
    ['all paths below one', { user: 'ann', nonResourcePath: '/healthz/*' }, path('get', '/healthz/etcd'), true],
    ['a path, and a resource is asked for', { user: 'ann', nonResourcePath: '*' }, pods('get'), false],
  ]
  for (const [what, policy, attributes, allowed] of cases) {
    it(`that gives ${what}: ${allowed ? 'allowed' : 'left to others'}`, () => {
      const { verdict } = new AbacAuthorizer(line(policy)).authorize(attributes)
      assert.equal(verdict, allowed ? 'allow' : 'unknown')
    })
  }

  it('is read line by line, and a broken line is named', () => {
    assert.equal(parseAbacPolicies(`# people\n${line({ user: 'ann' })}\n\n`).length, 1)
    assert.throws(() => parseAbacPolicies(`${line({ user: 'ann' })}\n{"user":`), /line 2 .* is not JSON/)
    assert.throws(() => parseAbacPolicies('{"user":"ann"}'), /line 1 .* must be a Policy/)
  })
})
