import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PolicyRule } from '../../api/types/rbac-v1.ts'
import { bootstrapPolicy, parseRule } from '../bootstrap/roles.ts'
import { type Attributes, forbidden, resourceAttributes } from './attributes.ts'
import { uncoveredRules } from './escalation.ts'
import { RbacAuthorizer, type RbacObjects, ruleAllows } from './rbac.ts'

const bob = { name: 'bob', groups: ['system:authenticated'] }
const ask = (verb: string, resource: Partial<Attributes>): Attributes => resourceAttributes(bob, verb, resource)
const path = (verb: string, at: string): Attributes => ({ ...ask(verb, {}), isResource: false, path: at })

describe('a rule', () => {
  const table: [string, Attributes, boolean][] = [
    ['get,list | core | pods', ask('get', { plural: 'pods' }), true],
    ['get,list | core | pods', ask('watch', { plural: 'pods' }), false],
    ['get | core | pods', ask('get', { plural: 'pods', subresource: 'log' }), false],
    ['get | core | pods/log', ask('get', { plural: 'pods', subresource: 'log' }), true],
    ['get | core | */log', ask('get', { plural: 'pods', subresource: 'log' }), true],
    ['get | core | *', ask('get', { plural: 'pods', subresource: 'log' }), true],
    ['get | core | pods', ask('get', { group: 'apps', plural: 'pods' }), false],
    ['get | * | pods', ask('get', { group: 'apps', plural: 'pods' }), true],
    ['get | core | secrets | a,b', ask('get', { plural: 'secrets', name: 'b' }), true],
    ['get | core | secrets | a,b', ask('get', { plural: 'secrets', name: 'c' }), false],
    ['list | core | secrets | a', ask('list', { plural: 'secrets' }), false],
    ['* | * | *', ask('escalate', { group: 'x', plural: 'y', subresource: 'z' }), true],
    ['* | * | *', path('get', '/metrics'), false],
    ['get /metrics', path('get', '/metrics'), true],
    ['get /metrics', path('post', '/metrics'), false],
    ['get /healthz/*', path('get', '/healthz/ping'), true],
    ['get /healthz/*', path('get', '/healthz'), false],
    ['* /*', path('delete', '/anything'), true],
  ]
  for (const [rule, question, allowed] of table) {
    const what = question.isResource ? `${question.group}/${question.plural}/${question.subresource}` : question.path
    it(`${rule} ${allowed ? 'allows' : 'does not allow'} ${question.verb} ${what} ${question.name}`, () => {
      assert.equal(ruleAllows(parseRule(rule), question), allowed)
    })
  }
})

describe('escalation', () => {
  const table: [string, string[], string[], number][] = [
    ['the same', ['get,list | core | pods'], ['get | core | pods'], 0],
    ['put together from two', ['get | core | pods', 'list | core | pods'], ['get,list | core | pods'], 0],
    ['a verb more', ['get | core | pods'], ['get,delete | core | pods'], 1],
    ['a group more', ['get | core | pods'], ['get | core,apps | pods'], 1],
    ['a subresource of it', ['get | core | pods'], ['get | core | pods/exec'], 1],
    ['all subresources of that name', ['get | core | */scale'], ['get | core | x/scale'], 0],
    ['a name of all', ['get | core | secrets'], ['get | core | secrets | a'], 0],
    ['all of a name', ['get | core | secrets | a'], ['get | core | secrets'], 1],
    ['everything', ['* | core | *'], ['* | * | *'], 1],
    ['paths below', ['get /api/*'], ['get /api/v1'], 0],
    ['a path beside', ['get /api/*'], ['get /metrics'], 1],
  ]
  for (const [what, held, wanted, missing] of table) {
    it(`to ${what}: ${missing} not covered`, () => {
      assert.equal(uncoveredRules(held.map(parseRule), wanted.map(parseRule)).length, missing)
    })
  }
})

describe('the bootstrap roles', () => {
  const policy = bootstrapPolicy()
  const of = (kind: string) => policy.filter(object => object.kind === kind)
  const objects = {
    clusterRoles: of('ClusterRole'),
    clusterRoleBindings: of('ClusterRoleBinding'),
    roles: of('Role'),
    roleBindings: of('RoleBinding'),
  }
  const bindings = ['admin', 'edit', 'view'].map(name => ({
    metadata: { name: `test-${name}`, namespace: 'team' },
    roleRef: { apiGroup: '', kind: 'ClusterRole', name },
    subjects: [{ kind: 'User', name }],
  }))
  const rbac = new RbacAuthorizer(
    () => ({ ...objects, roleBindings: [...objects.roleBindings, ...bindings] }) as unknown as RbacObjects,
  )
  const may = (name: string, verb: string, resource: Partial<Attributes>, groups: string[] = []) =>
    rbac.authorize(resourceAttributes({ name, groups }, verb, resource)).verdict === 'allow'
  const team = { namespace: 'team' }

  const table: [string, string, Partial<Attributes>, string[], boolean][] = [
    ['view', 'list', { ...team, plural: 'pods' }, [], true],
    ['view', 'get', { ...team, plural: 'secrets' }, [], false],
    ['view', 'get', { namespace: 'other', plural: 'pods' }, [], false],
    ['view', 'create', { ...team, plural: 'pods' }, [], false],
    ['edit', 'create', { ...team, plural: 'pods' }, [], true],
    ['edit', 'create', { ...team, plural: 'pods', subresource: 'exec' }, [], true],
    ['edit', 'list', { ...team, plural: 'pods' }, [], true],
    ['edit', 'create', { ...team, group: 'rbac.authorization.k8s.io', plural: 'roles' }, [], false],
    ['admin', 'create', { ...team, group: 'rbac.authorization.k8s.io', plural: 'roles' }, [], true],
    ['admin', 'update', { ...team, plural: 'resourcequotas' }, [], false],
    ['root', 'delete', { plural: 'nodes', name: 'n' }, ['system:masters'], true],
    ['system:kube-scheduler', 'create', { ...team, plural: 'pods', subresource: 'binding' }, [], true],
    ['system:kube-scheduler', 'get', { ...team, plural: 'secrets' }, [], false],
    ['system:kube-controller-manager', 'create', { ...team, plural: 'pods' }, [], true],
    ['system:kube-controller-manager', 'delete', { plural: 'nodes', subresource: 'proxy', name: 'n' }, [], true],
    ['system:kube-controller-manager', 'create', { plural: 'nodes', subresource: 'proxy', name: 'n' }, [], false],
    [
      'system:serviceaccount:kube-system:persistent-volume-binder',
      'delete',
      { plural: 'nodes', subresource: 'proxy', name: 'n' },
      [],
      true,
    ],
    ['admin', 'delete', { plural: 'nodes', subresource: 'proxy', name: 'n' }, [], false],
    ['system:serviceaccount:kube-system:job-controller', 'create', { ...team, plural: 'pods' }, [], true],
    ['system:serviceaccount:kube-system:job-controller', 'create', { ...team, plural: 'secrets' }, [], false],
    [
      'anybody',
      'create',
      { group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews' },
      ['system:authenticated'],
      true,
    ],
    [
      'system:anonymous',
      'create',
      { group: 'authorization.k8s.io', plural: 'selfsubjectaccessreviews' },
      ['system:unauthenticated'],
      false,
    ],
  ]
  for (const [name, verb, resource, groups, allowed] of table) {
    it(`${name} ${allowed ? 'may' : 'may not'} ${verb} ${resource.plural} ${resource.subresource ?? ''} in ${resource.namespace ?? 'the cluster'}`, () => {
      assert.equal(may(name, verb, resource, groups), allowed)
    })
  }

  it('have names of their own, and rules that say something', () => {
    const names = policy.map(({ kind, metadata }) => `${kind}/${metadata?.namespace}/${metadata?.name}`)
    assert.equal(new Set(names).size, names.length)
    for (const { metadata, rules = [], aggregationRule } of objects.clusterRoles as {
      metadata?: { name?: string }
      rules?: PolicyRule[]
      aggregationRule?: object
    }[]) {
      assert.ok(rules.length > 0 || aggregationRule, metadata?.name)
      for (const rule of rules)
        assert.ok(
          rule.verbs.every(verb => /^[a-z*]+$/.test(verb)),
          `${metadata?.name}: ${rule.verbs}`,
        )
    }
  })
})

describe('the sentence of a refusal', () => {
  const table: [Attributes, string][] = [
    [
      ask('get', { plural: 'pods', name: 'web', namespace: 'default' }),
      'pods "web" is forbidden: User "bob" cannot get resource "pods" in API group "" in the namespace "default"',
    ],
    [
      ask('list', { group: 'apps', plural: 'deployments' }),
      'deployments.apps is forbidden: User "bob" cannot list resource "deployments" in API group "apps" at the cluster scope',
    ],
    [
      ask('create', { plural: 'pods', subresource: 'exec', name: 'web', namespace: 'a' }),
      'pods "web" is forbidden: User "bob" cannot create resource "pods/exec" in API group "" in the namespace "a"',
    ],
    [path('get', '/metrics'), 'forbidden: User "bob" cannot get path "/metrics"'],
  ]
  for (const [question, sentence] of table) it(sentence, () => assert.equal(forbidden(question, '').message, sentence))
  it('has the reason at its end', () => assert.match(forbidden(path('get', '/x'), 'because').message, /: because$/))
})
