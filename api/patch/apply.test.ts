import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { ApiError } from '../errors.ts'
import { findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { deepCopy } from '../values.ts'
import { applyObject } from './apply.ts'
import { FieldSet } from './fieldset.ts'
import { trackUpdate } from './managers.ts'

const deployments = findKind('apps', 'v1', 'Deployment')!
const configMaps = findKind('', 'v1', 'ConfigMap')!
const services = findKind('', 'v1', 'Service')!
const now = '2024-01-01T00:00:00Z'

const by = (manager: string, apiVersion = 'apps/v1', subresource?: string) => ({
  manager,
  apiVersion,
  now,
  subresource,
})

function deployment(containers: object[], spec: object = {}): KubeObject {
  const template = { spec: { containers } }
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web' },
    spec: { ...spec, template },
  } as KubeObject
}

function apply(live: KubeObject | undefined, applied: KubeObject, manager: string, force = false, kind = deployments) {
  return applyObject({ live, applied, kind, by: by(manager, applied.apiVersion), force })
}

function update(live: KubeObject | undefined, updated: KubeObject, manager: string, kind = deployments): KubeObject {
  const copy = deepCopy(updated)
  trackUpdate(live, copy, kind.schema, by(manager, updated.apiVersion))
  return copy
}

const content = ({ metadata: _, ...rest }: KubeObject): unknown => rest
const fieldsOfManager = (object: KubeObject, manager: string) =>
  object.metadata?.managedFields?.find(entry => entry.manager === manager)?.fieldsV1

function refusal(work: () => unknown): ApiError {
  try {
    work()
  } catch (error) {
    if (error instanceof ApiError) return error
    throw error
  }
  throw new Error('it was taken')
}

describe('applying an object', () => {
  it('that does not exist creates it and owns what it names', () => {
    const created = apply(
      undefined,
      deployment([{ name: 'a', image: '1', ports: [{ containerPort: 80 }] }], { replicas: 2 }),
      'me',
    )
    assert.deepEqual(fieldsOfManager(created, 'me'), {
      'f:spec': {
        'f:replicas': {},
        'f:template': {
          'f:spec': {
            'f:containers': {
              'k:{"name":"a"}': {
                '.': {},
                'f:image': {},
                'f:name': {},
                'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
              },
            },
          },
        },
      },
    })
    assert.deepEqual(created.metadata?.managedFields?.[0]?.operation, 'Apply')
  })

  it('again with less removes what it named before', () => {
    const first = apply(
      undefined,
      deployment([{ name: 'a', image: '1' }, { name: 'b' }], { replicas: 2, paused: true }),
      'me',
    )
    const second = apply(first, deployment([{ name: 'a' }], { replicas: 2 }), 'me')
    assert.deepEqual(content(second), content(deployment([{ name: 'a' }], { replicas: 2 })))
  })

  it('leaves what others own', () => {
    const first = apply(undefined, deployment([{ name: 'a', image: '1' }]), 'me')
    const other = apply(first, deployment([{ name: 'a', workingDir: '/' }, { name: 'b' }], { replicas: 3 }), 'you')
    const last = apply(other, deployment([{ name: 'a', image: '2' }]), 'me')
    const expected = deployment([{ name: 'a', image: '2', workingDir: '/' }, { name: 'b' }], { replicas: 3 })
    assert.deepEqual(content(last), content(expected))
  })

  it('keeps an item that another manager still names', () => {
    const first = apply(
      undefined,
      deployment([
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ]),
      'me',
    )
    const other = apply(first, deployment([{ name: 'b', workingDir: '/' }]), 'you')
    const last = apply(other, deployment([{ name: 'a', image: '1' }]), 'me')
    const expected = deployment([
      { name: 'a', image: '1' },
      { name: 'b', workingDir: '/' },
    ])
    assert.deepEqual(content(last), content(expected))
  })

  it('takes a shared field away only when its last owner lets go', () => {
    const both = apply(apply(undefined, deployment([], { replicas: 2 }), 'me'), deployment([], { replicas: 2 }), 'you')
    const one = apply(both, deployment([]), 'me')
    assert.equal((one as { spec?: { replicas?: number } }).spec?.replicas, 2)
    const none = apply(one, deployment([]), 'you')
    assert.equal((none as { spec?: { replicas?: number } }).spec?.replicas, undefined)
  })

  it('removes a field that only defaults stood beside', () => {
    const first = apply(
      undefined,
      deployment([
        { name: 'a', image: '1' },
        { name: 'b', image: '1' },
      ]),
      'me',
    )
    const defaulted = deepCopy(first) as KubeObject & { spec: { template: { spec: { containers: object[] } } } }
    for (const container of defaulted.spec.template.spec.containers)
      Object.assign(container, { imagePullPolicy: 'Always' })
    const last = apply(defaulted, deployment([{ name: 'a', image: '1' }]), 'me')
    assert.deepEqual(content(last), content(deployment([{ name: 'a', image: '1', imagePullPolicy: 'Always' }])))
  })

  it('does not own a status, except through /status', () => {
    const applied = { ...deployment([{ name: 'a' }]), status: { replicas: 3 } } as KubeObject
    assert.equal((apply(undefined, applied, 'me') as { status?: unknown }).status, undefined)
    const live = apply(undefined, deployment([{ name: 'a' }]), 'me')
    const result = applyObject({ live, applied, kind: deployments, by: by('ctl', 'apps/v1', 'status'), force: false })
    assert.deepEqual(fieldsOfManager(result, 'ctl'), { 'f:status': { 'f:replicas': {} } })
    assert.equal(result.metadata?.managedFields?.find(one => one.manager === 'ctl')?.subresource, 'status')
  })

  it('keeps its time while nothing changes', () => {
    const first = apply(undefined, deployment([{ name: 'a' }]), 'me')
    const later = { ...by('me'), now: '2025-01-01T00:00:00Z' }
    const again = applyObject({
      live: first,
      applied: deployment([{ name: 'a' }]),
      kind: deployments,
      by: later,
      force: false,
    })
    assert.deepEqual(again, first)
  })

  it('adds to the order of a list, with what others have behind what it followed', () => {
    const live = update(undefined, deployment([{ name: 'a' }, { name: 'x' }, { name: 'b' }]), 'you')
    const result = apply(live, deployment([{ name: 'b' }, { name: 'n' }, { name: 'a' }]), 'me')
    const names = (result as { spec: { template: { spec: { containers: { name: string }[] } } } }).spec.template.spec
      .containers
    assert.deepEqual(
      names.map(one => one.name),
      ['b', 'n', 'a', 'x'],
    )
  })

  const refused: [string, KubeObject, RegExp][] = [
    [
      'names an item twice',
      deployment([{ name: 'a' }, { name: 'a' }]),
      /^failed to create typed patch object \(Deployment\): \.spec\.template\.spec\.containers: duplicate entries for key \[\{"name":"a"\}\]$/,
    ],
    [
      'has an item without a key',
      deployment([{ image: 'a' }]),
      /associative list with keys has an element that omits all key fields "name"/,
    ],
    [
      'names owners',
      { ...deployment([]), metadata: { name: 'web', managedFields: [{ manager: 'x' }] } },
      /^metadata\.managedFields must be nil$/,
    ],
  ]
  for (const [what, applied, message] of refused) {
    it(`is refused when it ${what}`, () => {
      const error = refusal(() => apply(undefined, applied, 'me'))
      assert.equal(error.code, 400)
      assert.match(error.message, message)
    })
  }
})

describe('a conflict', () => {
  const live = update(undefined, deployment([{ name: 'a', image: '1' }], { replicas: 1 }), 'kubectl-create')

  it('is said in one line when it is one', () => {
    const error = refusal(() => apply(live, deployment([{ name: 'a' }], { replicas: 2 }), 'me'))
    assert.equal(error.code, 409)
    assert.equal(
      error.message,
      'Apply failed with 1 conflict: conflict with "kubectl-create" using apps/v1: .spec.replicas',
    )
    const causes = [
      {
        reason: 'FieldManagerConflict',
        message: 'conflict with "kubectl-create" using apps/v1',
        field: '.spec.replicas',
      },
    ]
    assert.deepEqual(error.details?.causes, causes)
  })

  it('is listed when there are more', () => {
    const error = refusal(() => apply(live, deployment([{ name: 'a', image: '2' }], { replicas: 2 }), 'me'))
    assert.equal(
      error.message,
      'Apply failed with 2 conflicts: conflicts with "kubectl-create" using apps/v1:\n- .spec.replicas\n- .spec.template.spec.containers[name="a"].image',
    )
  })

  it('is none when the value is the same: both own it', () => {
    const result = apply(live, deployment([{ name: 'a' }], { replicas: 1 }), 'me')
    for (const manager of ['me', 'kubectl-create']) {
      const fields = FieldSet.fromJson(fieldsOfManager(result, manager))
      assert.ok(fields.has(['f:spec', 'f:replicas']), manager)
    }
  })

  it('is won by force: the other loses the field', () => {
    const result = apply(live, deployment([{ name: 'a' }], { replicas: 2 }), 'me', true)
    assert.equal((result as { spec?: { replicas?: number } }).spec?.replicas, 2)
    assert.ok(!FieldSet.fromJson(fieldsOfManager(result, 'kubectl-create')).has(['f:spec', 'f:replicas']))
  })

  it('is none with what kubectl apply itself applied before', () => {
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a' }, data: { k: '1' } } as KubeObject
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(applied) }
    const made = { ...applied, metadata: { name: 'a', annotations } }
    const old = update(undefined, made, 'kubectl-client-side-apply', configMaps)
    const next = { ...applied, data: { k: '2' } } as KubeObject
    assert.deepEqual((apply(old, next, 'kubectl', false, configMaps) as { data?: unknown }).data, { k: '2' })
    const edited = update(old, { ...old, data: { k: 'edited' } } as KubeObject, 'kubectl-edit', configMaps)
    assert.equal(refusal(() => apply(edited, next, 'kubectl', false, configMaps)).code, 409)
  })

  it('is with before-first-apply when nobody was tracked', () => {
    const untracked = deployment([], { replicas: 1 })
    const error = refusal(() => apply(untracked, deployment([], { replicas: 2 }), 'me'))
    assert.match(error.message, /conflict with "before-first-apply" using apps\/v1: \.spec\.replicas$/)
  })
})

describe('an update', () => {
  it('owns what it sets and takes it from others', () => {
    const first = apply(undefined, deployment([{ name: 'a', image: '1' }], { replicas: 1 }), 'me')
    const changed = deepCopy(first) as KubeObject & { spec: { replicas: number } }
    changed.spec.replicas = 5
    const result = update(first, changed, 'hpa')
    assert.deepEqual(fieldsOfManager(result, 'hpa'), { 'f:spec': { 'f:replicas': {} } })
    assert.ok(!FieldSet.fromJson(fieldsOfManager(result, 'me')).has(['f:spec', 'f:replicas']))
  })

  it('writes places as Kubernetes does: maps and items of lists, not objects', () => {
    const made = update(
      undefined,
      { ...deployment([{ name: 'a' }]), metadata: { name: 'web', labels: { x: 'y' } } },
      'kubectl-create',
    )
    assert.deepEqual(fieldsOfManager(made, 'kubectl-create'), {
      'f:metadata': { 'f:labels': { '.': {}, 'f:x': {} } },
      'f:spec': { 'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"a"}': { '.': {}, 'f:name': {} } } } } },
    })
  })

  it('owns lists that may be there or not, but not those that must', () => {
    const made = update(undefined, deployment([{ name: 'a', env: [{ name: 'X' }] }]), 'me')
    const containers = ['f:spec', 'f:template', 'f:spec', 'f:containers']
    const fields = FieldSet.fromJson(fieldsOfManager(made, 'me'))
    assert.equal(fields.has(containers), false)
    assert.equal(fields.has([...containers, 'k:{"name":"a"}', 'f:env']), true)
  })

  it('loses what it removes', () => {
    const first = update(undefined, deployment([{ name: 'a' }], { replicas: 1, paused: true }), 'me')
    const second = update(first, { ...deployment([{ name: 'a' }], { replicas: 1 }) }, 'me')
    assert.ok(!FieldSet.fromJson(fieldsOfManager(second, 'me')).has(['f:spec', 'f:paused']))
  })

  it('may take all ownership away', () => {
    const first = update(undefined, deployment([], { replicas: 1 }), 'me')
    const reset = update(first, { ...first, metadata: { ...first.metadata, managedFields: [{}] } }, 'me')
    assert.equal(reset.metadata?.managedFields, undefined)
  })

  it('by many managers keeps the list of owners short', () => {
    let object = update(undefined, deployment([], { replicas: 0 }), 'm0')
    for (let i = 1; i < 30; i++) {
      const next = {
        ...deepCopy(object),
        metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, [`a${i}`]: 'x' } },
      }
      trackUpdate(object, next, deployments.schema, {
        ...by(`m${i}`),
        now: `2024-01-01T00:00:${String(i).padStart(2, '0')}Z`,
      })
      object = next
    }
    assert.ok(object.metadata!.managedFields!.length <= 11)
    assert.ok(fieldsOfManager(object, 'ancient-changes'))
  })
})

describe('a set of fields', () => {
  const element = fc.constantFrom('f:a', 'f:b', 'k:{"name":"x"}', 'v:1')
  const path = fc.array(element, { minLength: 1, maxLength: 4 })

  it('is the same after it was written and read', () => {
    fc.assert(
      fc.property(fc.array(path), paths => {
        const set = new FieldSet()
        for (const one of paths) set.add(one)
        assert.ok(FieldSet.fromJson(JSON.parse(JSON.stringify(set.toJson()))).equals(set))
      }),
      { seed: 4 },
    )
  })
})

describe('two appliers', () => {
  const ports = fc.uniqueArray(fc.constantFrom(80, 81, 82, 83), { maxLength: 4 })

  it('each find what they applied, whatever the other does', () => {
    const service = (list: number[], name: string) =>
      ({
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 's' },
        spec: { ports: list.map(port => ({ port, [name]: 'TCP' })) },
      }) as KubeObject
    fc.assert(
      fc.property(ports, ports, ports, (a, b, c) => {
        let live = apply(undefined, service(a, 'protocol'), 'one', false, services)
        live = apply(live, service(b, 'protocol'), 'two', false, services)
        live = apply(live, service(c, 'protocol'), 'one', false, services)
        const found = ((live as { spec?: { ports?: { port: number }[] } }).spec?.ports ?? []).map(one => one.port)
        assert.deepEqual([...found].sort(), [...new Set([...b, ...c])].sort())
      }),
      { seed: 6 },
    )
  })
})
