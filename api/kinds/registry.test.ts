import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { RESOURCES_TEXT } from '../generated/resources.ts'
import type { KubeObject } from '../objects.ts'
import { builtinKinds, findKind, findResource } from './registry.ts'

describe('the built-in kinds', () => {
  it('are all that the facts name', () => {
    const known = new Set(builtinKinds().map(kind => `${kind.group || 'core'} ${kind.version} ${kind.plural}`))
    const facts = RESOURCES_TEXT.trim()
      .split('\n')
      .map(line => line.split(' ').slice(0, 3).join(' '))
    assert.deepEqual(
      facts.filter(fact => !known.has(fact)),
      [],
    )
    assert.equal(known.size, facts.length)
  })

  it('have a schema with the fields of their object', () => {
    for (const kind of builtinKinds()) {
      assert.ok(kind.schema.properties?.apiVersion, `${kind.kind} has no apiVersion`)
      if (kind.verbs.includes('get')) assert.ok(kind.schema.properties?.metadata, `${kind.kind} has no metadata`)
    }
  })

  it('share the store only where they are the same kind', () => {
    const byPrefix = Map.groupBy(
      builtinKinds().filter(kind => kind.verbs.includes('get')),
      kind => kind.storage.prefix,
    )
    const shared = [...byPrefix].filter(([, kinds]) => kinds.length > 1).map(([prefix]) => prefix)
    assert.deepEqual(shared.sort(), ['events', 'horizontalpodautoscalers'])
  })

  const prefixes: [string, string, string][] = [
    ['', 'pods', 'pods'],
    ['', 'services', 'services/specs'],
    ['', 'endpoints', 'services/endpoints'],
    ['', 'nodes', 'minions'],
    ['', 'replicationcontrollers', 'controllers'],
    ['networking.k8s.io', 'ingresses', 'ingress'],
    ['apiextensions.k8s.io', 'customresourcedefinitions', 'apiextensions.k8s.io/customresourcedefinitions'],
  ]
  for (const [group, plural, prefix] of prefixes) {
    it(`store ${plural} under ${prefix}`, () => assert.equal(findResource(group, 'v1', plural)?.storage.prefix, prefix))
  }

  it('let old clients evict', () => {
    assert.deepEqual(findKind('policy', 'v1', 'Eviction')?.alsoAccepts, ['policy/v1beta1'])
  })

  it('include bodies of subresources, which have no path', () => {
    assert.equal(findKind('autoscaling', 'v1', 'Scale')?.plural, '')
    assert.equal(findResource('autoscaling', 'v1', ''), undefined)
  })
})

describe('what the server does to most kinds', () => {
  const strategy = findKind('apps', 'v1', 'Deployment')!.strategy
  const object = (spec: unknown, status?: unknown, generation?: number) =>
    ({ metadata: { name: 'web', generation }, spec, status }) as KubeObject

  it('clears the status of a new object and counts from generation 1', () => {
    const made = object({ replicas: 1 }, { replicas: 9 }, 7)
    strategy.prepareForCreate(made)
    assert.deepEqual(made, { metadata: { name: 'web', generation: 1 }, spec: { replicas: 1 }, status: {} })
  })

  const updates: [string, unknown, number][] = [
    ['bumps the generation when the spec changes', { replicas: 2 }, 5],
    ['leaves the generation when nothing but the status changes', { replicas: 1 }, 4],
  ]
  for (const [what, spec, generation] of updates) {
    it(what, () => {
      const changed = object(spec, { replicas: 9 }, 99)
      strategy.prepareForUpdate(changed, object({ replicas: 1 }, { replicas: 1 }, 4))
      assert.deepEqual(changed, object(spec, { replicas: 1 }, generation))
    })
  }

  it('takes only the status through /status', () => {
    const changed = { ...object({ replicas: 2 }, { replicas: 9 }, 99), extra: 1 }
    strategy.prepareForStatusUpdate(changed, object({ replicas: 1 }, { replicas: 1 }, 4))
    assert.deepEqual(changed, object({ replicas: 1 }, { replicas: 9 }, 4))
  })
})
