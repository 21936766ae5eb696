import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinKinds } from '../../api/kinds/registry.ts'
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames as Names,
  CustomResourceDefinitionStatus as Status,
} from '../../api/types/apiextensions-v1.ts'
import { decideStatus } from './status.ts'

const NOW = '2026-01-02T00:00:00Z'
const BEFORE = '2026-01-01T00:00:00Z'
const FOO: Names = {
  plural: 'foos',
  singular: 'foo',
  kind: 'Foo',
  listKind: 'FooList',
  shortNames: ['f'],
  categories: ['all'],
}

function definition(names: Partial<Names> = {}, status?: Status, group = 'example.com'): CustomResourceDefinition {
  const own = { ...FOO, ...names }
  return {
    metadata: { name: `${own.plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: own, versions: [] },
    status,
  }
}

/** Another definition that has its names already. */
function other(names: Partial<Names>, group?: string): CustomResourceDefinition {
  const own = { plural: 'bars', singular: 'bar', kind: 'Bar', listKind: 'BarList', ...names }
  return definition(own, { acceptedNames: { shortNames: [], ...own } }, group)
}

const condition = ({ conditions = [] }: Status, type: string) => conditions.find(one => one.type === type)
const decide = (one: CustomResourceDefinition, ...others: CustomResourceDefinition[]) =>
  decideStatus(one, others, [], NOW)

describe('the names of a definition', () => {
  const cases: [string, CustomResourceDefinition[], string, string | undefined][] = [
    ['are accepted when nobody else has them', [other({})], 'NoConflicts', undefined],
    ['are accepted when another group has them', [other(FOO, 'other.com')], 'NoConflicts', undefined],
    ['clash by the plural', [other({ plural: 'foos' })], 'PluralConflict', 'foos'],
    ['clash with a singular', [other({ singular: 'foos' })], 'PluralConflict', 'foos'],
    ['clash by the singular', [other({ shortNames: ['foo'] })], 'SingularConflict', 'foo'],
    ['clash by a short name', [other({ shortNames: ['f'] })], 'ShortNamesConflict', 'f'],
    ['clash by the kind', [other({ kind: 'Foo' })], 'KindConflict', 'Foo'],
    ['clash by the kind of lists', [other({ listKind: 'FooList' })], 'ListKindConflict', 'FooList'],
  ]
  for (const [what, others, reason, taken] of cases) {
    it(what, () => {
      const status = decide(definition(), ...others)
      assert.equal(condition(status, 'NamesAccepted')?.reason, reason)
      assert.equal(condition(status, 'NamesAccepted')?.status, taken ? 'False' : 'True')
      assert.equal(condition(status, 'Established')?.status, taken ? 'False' : 'True')
      if (taken) assert.equal(condition(status, 'NamesAccepted')?.message, `"${taken}" is already in use`)
      else assert.deepEqual(status.acceptedNames, FOO)
    })
  }

  it('clash with those of kinds that are built in', () => {
    const builtIn = builtinKinds().filter(kind => kind.group === 'apps')
    const status = decideStatus(definition({ shortNames: ['deploy'] }, undefined, 'apps'), [], builtIn, NOW)
    assert.equal(condition(status, 'NamesAccepted')?.message, '"deploy" is already in use')
  })

  it('once accepted stay, and what is served goes on being served', () => {
    const before = decide(definition())
    const renamed = decide(definition({ shortNames: ['b'] }, before), other({ shortNames: ['b'] }))
    assert.deepEqual(renamed.acceptedNames, FOO)
    assert.equal(condition(renamed, 'NamesAccepted')?.status, 'False')
    assert.equal(condition(renamed, 'Established')?.status, 'True')
  })

  it('may change when the new ones are free', () => {
    const status = decide(definition({ shortNames: ['g'] }, decide(definition())))
    assert.deepEqual(status.acceptedNames?.shortNames, ['g'])
  })
})

describe('the conditions of a definition', () => {
  it('keep the time of their last change', () => {
    const before = decideStatus(definition(), [], [], BEFORE)
    const same = decide(definition({}, before))
    assert.deepEqual(same, before)
    const clash = decide(definition({}, { ...before, conditions: [] }), other({ kind: 'Foo' }))
    assert.equal(condition(clash, 'NamesAccepted')?.lastTransitionTime, NOW)
  })

  const approvals: [string, string, string | undefined][] = [
    ['example.com', 'anything', undefined],
    ['x-k8s.io', '', undefined],
    ['gateway.networking.k8s.io', 'https://example.com/pull/1', 'ApprovedAnnotation'],
    ['sigs.kubernetes.io', 'unapproved, for a test', 'UnapprovedAnnotation'],
  ]
  for (const [group, value, reason] of approvals) {
    it(`say of ${group} with ${JSON.stringify(value)}: ${reason}`, () => {
      const one = definition({}, undefined, group)
      one.metadata = { ...one.metadata, annotations: { 'api-approved.kubernetes.io': value } }
      assert.equal(condition(decide(one), 'KubernetesAPIApprovalPolicyConformant')?.reason, reason)
    })
  }

  it('say that it is being deleted', () => {
    const dying = definition()
    dying.metadata = { ...dying.metadata, deletionTimestamp: NOW }
    assert.equal(condition(decide(dying), 'Terminating')?.reason, 'InstanceDeletionInProgress')
  })

  it('that others have set stay', () => {
    const own = { type: 'Mine', status: 'True', reason: 'Because', message: '' }
    const status = decide(definition({}, { conditions: [own], storedVersions: ['v1'] }))
    assert.deepEqual(condition(status, 'Mine'), own)
    assert.deepEqual(status.storedVersions, ['v1'])
  })
})
