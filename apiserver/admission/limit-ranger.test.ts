import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKind } from '../../api/kinds/registry.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { LimitRangeItem, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import type { AdmissionRequest, Operation } from './admission.ts'
import { limitRanger } from './limit-ranger.ts'
import type { Lister } from './lister.ts'

const listerOf = (limits: readonly LimitRangeItem[]) => ({ list: () => [{ spec: { limits } }] }) as unknown as Lister

function requestOf(kind: string, object: KubeObject, operation: Operation = 'CREATE'): AdmissionRequest {
  const common = { user: { name: 'a', groups: [] }, dryRun: false, options: {}, warnings: [] }
  return {
    operation,
    kind: findKind('', 'v1', kind)!,
    subresource: '',
    name: 'x',
    namespace: 'default',
    object,
    ...common,
  }
}

type Resources = { requests?: Record<string, string>; limits?: Record<string, string> }
const podOf = (containers: Resources[], initContainers: Resources[] = []): Pod => {
  const made = (all: Resources[]) => all.map((resources, i) => ({ name: `c${i}`, image: 'i', resources }))
  return { metadata: { name: 'x' }, spec: { containers: made(containers), initContainers: made(initContainers) } }
}
const claimOf = (storage?: string): PersistentVolumeClaim => ({
  metadata: { name: 'x' },
  spec: { resources: { requests: storage ? { storage } : {} } },
})

describe('what a container gets that says nothing', () => {
  const item = { type: 'Container', default: { cpu: '2', memory: '2Gi' }, defaultRequest: { cpu: '1' } }
  const cases: [string, LimitRangeItem, Resources, Resources][] = [
    ['both', item, {}, { limits: { cpu: '2', memory: '2Gi' }, requests: { cpu: '1' } }],
    [
      'what it says it keeps',
      item,
      { limits: { cpu: '4' }, requests: { cpu: '3' } },
      { limits: { cpu: '4', memory: '2Gi' }, requests: { cpu: '3' } },
    ],
    [
      'its limit is what it asks for',
      item,
      { limits: { cpu: '4' } },
      { limits: { cpu: '4', memory: '2Gi' }, requests: { cpu: '4' } },
    ],
    ['nothing of a rule without defaults', { type: 'Container', max: { cpu: '1' } }, {}, {}],
    ['nothing of a rule about pods', { ...item, type: 'Pod' }, {}, {}],
  ]
  for (const [name, rule, given, expected] of cases) {
    it(name, () => {
      const pod = podOf([given], [given])
      limitRanger(listerOf([rule])).mutate!(requestOf('Pod', pod))
      assert.deepEqual(pod.spec?.containers[0]?.resources, expected)
      assert.deepEqual(pod.spec?.initContainers?.[0]?.resources, expected)
    })
  }
  it('nothing when it is only changed', () => {
    const pod = podOf([{}])
    limitRanger(listerOf([item])).mutate!(requestOf('Pod', pod, 'UPDATE'))
    assert.deepEqual(pod.spec?.containers[0]?.resources, {})
  })
})

describe('the bounds', () => {
  const rule = (type: string, bounds: Partial<LimitRangeItem>): LimitRangeItem => ({ type, ...bounds })
  const asks = (requests: Record<string, string>, limits = requests) => ({ requests, limits })
  const small = rule('Container', { min: { cpu: '1' } })
  const large = rule('Container', { max: { cpu: '2' } })
  const whole = rule('Pod', { max: { cpu: '2' } })
  const storage = rule('PersistentVolumeClaim', { min: { storage: '1Gi' }, max: { storage: '2Gi' } })
  const ratio = rule('Container', { maxLimitRequestRatio: { cpu: '2' } })
  const cases: [string, LimitRangeItem[], Pod | PersistentVolumeClaim, string?][] = [
    ['are met at the least', [small], podOf([asks({ cpu: '1000m' })])],
    ['are met at the most', [large], podOf([asks({ cpu: '2' })])],
    [
      'too little asked',
      [small],
      podOf([asks({ cpu: '0.5' }, { cpu: '1' })]),
      'minimum cpu usage per Container is 1, but request is 0.5',
    ],
    [
      'too low a limit',
      [small],
      podOf([asks({ cpu: '1' }, { cpu: '0.5' })]),
      'minimum cpu usage per Container is 1, but limit is 0.5',
    ],
    ['nothing asked', [small], podOf([{}]), 'minimum cpu usage per Container is 1.  No request is specified'],
    [
      'too high a limit',
      [large],
      podOf([asks({ cpu: '1' }, { cpu: '3' })]),
      'maximum cpu usage per Container is 2, but limit is 3',
    ],
    [
      'no limit',
      [large],
      podOf([{ requests: { cpu: '1' } }]),
      'maximum cpu usage per Container is 2.  No limit is specified',
    ],
    [
      'too much asked',
      [large],
      podOf([asks({ cpu: '3' }, { cpu: '2' })]),
      'maximum cpu usage per Container is 2, but request is 3',
    ],
    [
      'init containers are held to them',
      [large],
      podOf([asks({ cpu: '1' })], [asks({ cpu: '3' })]),
      'maximum cpu usage per Container is 2, but limit is 3',
    ],
    ['a fair ratio', [ratio], podOf([asks({ cpu: '1' }, { cpu: '2' })])],
    [
      'too wide a ratio',
      [ratio],
      podOf([asks({ cpu: '1' }, { cpu: '3' })]),
      'cpu max limit to request ratio per Container is 2, but provided ratio is 3.000000',
    ],
    [
      'a ratio of nothing',
      [ratio],
      podOf([{ limits: { cpu: '1' } }]),
      'cpu max limit to request ratio per Container is 2, but no request is specified or request is 0',
    ],
    ['a pod within them, each container alone beyond', [whole], podOf([asks({ cpu: '1' }), asks({ cpu: '1' })])],
    [
      'a pod beyond them, each container alone within',
      [whole],
      podOf([asks({ cpu: '1500m' }), asks({ cpu: '1500m' })]),
      'maximum cpu usage per Pod is 2, but limit is 3',
    ],
    ['init containers run one by one', [whole], podOf([asks({ cpu: '1' })], [asks({ cpu: '2' }), asks({ cpu: '2' })])],
    [
      'the largest of them counts',
      [whole],
      podOf([asks({ cpu: '1' })], [asks({ cpu: '3' })]),
      'maximum cpu usage per Pod is 2, but limit is 3',
    ],
    [
      'all of them are told',
      [small, rule('Container', { min: { memory: '1Gi' } })],
      podOf([{}]),
      '[minimum cpu usage per Container is 1.  No request is specified, minimum memory usage per Container is 1Gi.  No request is specified]',
    ],
    ['a claim within them', [storage], claimOf('2Gi')],
    [
      'a claim that is too small',
      [storage],
      claimOf('1Mi'),
      'minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi',
    ],
    [
      'a claim that is too large',
      [storage],
      claimOf('3Gi'),
      'maximum storage usage per PersistentVolumeClaim is 2Gi, but request is 3Gi',
    ],
    [
      'a claim of nothing',
      [rule('PersistentVolumeClaim', { max: { storage: '2Gi' } })],
      claimOf(),
      'maximum storage usage per PersistentVolumeClaim is 2Gi.  No request is specified',
    ],
    ['rules about pods are not for claims', [small, whole], claimOf('9Gi')],
    ['rules about claims are not for pods', [storage], podOf([{}])],
  ]
  for (const [name, rules, object, refusal] of cases) {
    it(name, () => {
      const kind = 'containers' in (object.spec ?? {}) ? 'Pod' : 'PersistentVolumeClaim'
      const check = () => limitRanger(listerOf(rules)).validate!(requestOf(kind, object))
      if (refusal === undefined) check()
      else assert.throws(check, { message: new RegExp(`is forbidden: ${refusal.replace(/[.[\]()]/g, '\\$&')}$`) })
    })
  }
})
