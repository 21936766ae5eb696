import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import { LOCAL_PROVISIONER } from '../../api/volumes.ts'
import type { Live } from '../../client/client.ts'
import { liveMeta } from '../../test/support/objects.ts'
import { boundClaim, decideClaim, decidePhase, defaultClassOf, isToReclaim, localVolume } from './decide.ts'

function claim(spec: object = {}, annotations: Record<string, string> = {}): Live<PersistentVolumeClaim> {
  const wanted = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, storageClassName: 'c' }
  return { metadata: liveMeta('data', { annotations }), spec: { ...wanted, ...spec } }
}

function volume(name: string, storage: string, spec: object = {}): Live<PersistentVolume> {
  const capacity = { storage }
  return {
    metadata: liveMeta(name),
    spec: { capacity, accessModes: ['ReadWriteOnce'], storageClassName: 'c', ...spec },
  }
}

const storageClass = (provisioner: string, volumeBindingMode = 'Immediate'): StorageClass => ({
  metadata: { name: 'c' },
  provisioner,
  volumeBindingMode,
})
const bound = { 'pv.kubernetes.io/bind-completed': 'yes' }
const selected = { 'volume.kubernetes.io/selected-node': 'n1' }
const mine = { claimRef: { name: 'data', namespace: 'default', uid: 'u-data' } }
const theirs = { claimRef: { name: 'other', namespace: 'default', uid: 'u-other' } }

describe('decideClaim', () => {
  const cases: [string, Live<PersistentVolumeClaim>, Live<PersistentVolume>[], StorageClass | undefined, string][] = [
    [
      'the smallest that is large enough',
      claim(),
      [volume('a', '9Gi'), volume('b', '2Gi'), volume('c', '1Mi')],
      undefined,
      'bind b',
    ],
    ['one that is kept for it', claim(), [volume('a', '1Gi'), volume('b', '9Gi', mine)], undefined, 'bind b'],
    ['none that is taken', claim(), [volume('a', '1Gi', theirs)], storageClass('x'), 'wait ExternalProvisioning'],
    [
      'none of another class',
      claim(),
      [volume('a', '1Gi', { storageClassName: 'd' })],
      storageClass('x'),
      'wait ExternalProvisioning',
    ],
    [
      'none of another mode',
      claim({ volumeMode: 'Block' }),
      [volume('a', '1Gi')],
      storageClass('x'),
      'wait ExternalProvisioning',
    ],
    [
      'waits for its pod',
      claim(),
      [volume('a', '1Gi')],
      storageClass(LOCAL_PROVISIONER, 'WaitForFirstConsumer'),
      'wait WaitForFirstConsumer',
    ],
    [
      'its pod has a place',
      claim({}, selected),
      [],
      storageClass(LOCAL_PROVISIONER, 'WaitForFirstConsumer'),
      'provision n1',
    ],
    [
      'its pod has a place: a free volume may be elsewhere',
      claim({}, selected),
      [volume('a', '1Gi')],
      storageClass(LOCAL_PROVISIONER, 'WaitForFirstConsumer'),
      'provision n1',
    ],
    ['no class at all', claim({ storageClassName: '' }), [], undefined, 'wait FailedBinding'],
    ['made before there was a default', claim({ storageClassName: undefined }), [], undefined, 'give-class standard'],
    ['a class that is not there', claim(), [], undefined, 'wait ProvisioningFailed'],
    [
      'a class without provisioner',
      claim(),
      [],
      storageClass('kubernetes.io/no-provisioner'),
      'wait ProvisioningFailed',
    ],
    ['its volume by name', claim({ volumeName: 'a' }), [volume('a', '1Gi')], undefined, 'bind a'],
    ['a name that is not there yet', claim({ volumeName: 'z' }), [], undefined, 'nothing'],
    ['somebody else has it', claim({ volumeName: 'a' }), [volume('a', '1Gi', theirs)], undefined, 'wait FailedBinding'],
    ['its volume is gone', claim({ volumeName: 'z' }, bound), [], undefined, 'lose'],
    ['its volume was given away', claim({ volumeName: 'a' }, bound), [volume('a', '1Gi', theirs)], undefined, 'lose'],
  ]
  for (const [name, subject, volumes, known, expected] of cases) {
    it(name, () => {
      const step = decideClaim(
        subject,
        volumes,
        wanted => volumes.find(({ metadata }) => metadata.name === wanted),
        known,
        'standard',
      )
      const detail = {
        bind: () => (step.do === 'bind' ? step.volume.metadata.name : ''),
        wait: () => (step.do === 'wait' ? step.reason : ''),
        provision: () => (step.do === 'provision' ? step.nodeName : ''),
        'give-class': () => (step.do === 'give-class' ? step.className : ''),
        nothing: () => '',
        lose: () => '',
      }[step.do]()
      assert.equal(`${step.do} ${detail}`.trim(), expected)
    })
  }
})

describe('decidePhase', () => {
  const cases: [string, object, Live<PersistentVolumeClaim> | undefined, string][] = [
    ['free', {}, undefined, 'Available'],
    [
      'kept for a claim that is not there yet',
      { claimRef: { name: 'data', namespace: 'default' } },
      undefined,
      'Available',
    ],
    ['taken', mine, claim(), 'Bound'],
    ['its claim is gone', mine, undefined, 'Released'],
    ['its claim is another one by now', { claimRef: { ...mine.claimRef, uid: 'old' } }, claim(), 'Released'],
  ]
  for (const [name, spec, found, expected] of cases) {
    it(name, () => assert.equal(decidePhase(volume('a', '1Gi', spec), found), expected))
  }
})

describe('isToReclaim', () => {
  const ours = { 'pv.kubernetes.io/provisioned-by': LOCAL_PROVISIONER }
  const cases: [string, { phase?: string; policy?: string; annotations?: object; gone?: string }, boolean][] = [
    ['released, ours, to be deleted', {}, true],
    ['still bound', { phase: 'Bound' }, false],
    ['not claimed yet', { phase: 'Available' }, false],
    ['no phase yet', { phase: undefined }, false],
    ['to be retained', { policy: 'Retain' }, false],
    ['made by hand', { annotations: {} }, false],
    ['of another provisioner', { annotations: { 'pv.kubernetes.io/provisioned-by': 'nfs.example' } }, false],
    ['going already', { gone: '2026-01-01T00:00:00Z' }, false],
  ]
  for (const [name, given, expected] of cases) {
    it(name, () => {
      const { phase, policy, annotations, gone } = { phase: 'Released', policy: 'Delete', annotations: ours, ...given }
      const metadata = liveMeta('pv', { annotations: annotations as Record<string, string>, deletionTimestamp: gone })
      const { spec } = volume('pv', '1Gi', { ...mine, persistentVolumeReclaimPolicy: policy })
      assert.equal(isToReclaim({ metadata, spec, status: { phase } }), expected)
    })
  }
})

describe('defaultClassOf', () => {
  /** `name+2`: made in the second hour and marked as default; `name-2`: not marked. */
  const cases: [string, string, string | undefined][] = [
    ['none', '', undefined],
    ['none is marked', 'a-1 b-2', undefined],
    ['the one that is marked', 'a-1 b+2 c-3', 'b'],
    ['the newest of those marked', 'a+1 b+3 c+2', 'b'],
    ['of those as new the first by name', 'c+2 b+2 a+1', 'b'],
  ]
  for (const [name, text, expected] of cases) {
    it(name, () => {
      const classes = text.split(' ').flatMap(word => {
        const [, className, mark, hour] = /^(\w)([+-])(\d)$/.exec(word) ?? []
        const annotations = { 'storageclass.kubernetes.io/is-default-class': mark === '+' ? 'true' : 'false' }
        const creationTimestamp = `2026-01-01T0${hour}:00:00Z`
        return className
          ? [{ ...storageClass('p'), metadata: liveMeta(className, { annotations, creationTimestamp }) }]
          : []
      })
      assert.equal(defaultClassOf(classes), expected)
    })
  }
})

describe('boundClaim', () => {
  const done = { 'pv.kubernetes.io/bind-completed': 'yes' }
  const cases: [string, boolean, Record<string, string>][] = [
    ['to a volume that was found for it', true, { note: 'x', ...done, 'pv.kubernetes.io/bound-by-controller': 'yes' }],
    ['to the volume that it named', false, { note: 'x', ...done }],
  ]
  for (const [name, wasFound, annotations] of cases) {
    it(name, () => {
      const { metadata, spec } = boundClaim(claim({}, { note: 'x' }), volume('pv', '1Gi'), wasFound)
      assert.deepEqual([metadata.annotations, spec.volumeName], [annotations, 'pv'])
    })
  }
})

describe('localVolume', () => {
  it('is a folder of its own on the node', () => {
    const node = { metadata: { name: 'n1', labels: { 'kubernetes.io/hostname': 'host-1' } } }
    const { spec } = localVolume(claim(), storageClass(LOCAL_PROVISIONER), node)
    assert.equal(spec?.hostPath?.path, '/var/lib/kubox/volumes/pvc-u-data_default_data')
    assert.deepEqual(spec?.nodeAffinity?.required?.nodeSelectorTerms[0]?.matchExpressions?.[0]?.values, ['host-1'])
    assert.equal(spec?.claimRef?.uid, 'u-data')
  })
})
