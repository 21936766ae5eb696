import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PersistentVolume, PersistentVolumeClaim } from '../../api/types/core-v1.ts'
import type { StorageClass } from '../../api/types/storage-v1.ts'
import { decideIn, facts, node, picture } from '../../test/support/scheduling.ts'
import type { PodFacts } from '../facts.ts'
import type { StorageView } from '../picture.ts'

type Outcome = ReturnType<typeof decideIn>

describe('volumes', () => {
  const ZONE = 'topology.kubernetes.io/zone'
  const NODES = ['a', 'b'].map((zone, i) => node(`n${i + 1}`, {}, { metadata: { labels: { [ZONE]: zone } } }))
  const metadata = (name: string) => ({
    name,
    namespace: 'default',
    uid: name,
    resourceVersion: '1',
    creationTimestamp: '',
  })
  const claim = (spec: object, extra: object = {}): PersistentVolumeClaim => ({
    metadata: { ...metadata('data'), ...extra },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'local',
      ...spec,
    },
  })
  const onNode = (name: string) => ({
    required: {
      nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [name] }] }],
    },
  })
  const volume = (name: string, nodeName: string): PersistentVolume => ({
    metadata: metadata(name),
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'local',
      nodeAffinity: onNode(nodeName),
    },
  })
  /** One that can be reached from anywhere in its zones, as clouds label them. */
  const zonal = (name: string, zones: string): PersistentVolume => ({
    metadata: { ...metadata(name), labels: { [ZONE]: zones } },
    spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], storageClassName: 'local' },
  })
  const storage = (
    claims: PersistentVolumeClaim[],
    volumes: PersistentVolume[],
    mode: string,
    provisioner = 'kubernetes.io/no-provisioner',
    allowedTopologies?: StorageClass['allowedTopologies'],
  ): StorageView => ({
    claim: (_, name) => claims.find(found => found.metadata?.name === name),
    volume: name => volumes.find(found => found.metadata?.name === name),
    volumesOf: () => volumes,
    storageClass: () => ({ provisioner, volumeBindingMode: mode, allowedTopologies }),
  })
  const pod = facts('p', {}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }] })
  const bound = { annotations: { 'pv.kubernetes.io/bind-completed': 'yes' } }
  const boundTo = (volumeName: string, found: PersistentVolume[]) =>
    storage([claim({ volumeName }, bound)], found, 'Immediate')
  const onlyIn = (...zones: string[]) =>
    storage([claim({})], [], 'WaitForFirstConsumer', 'x', [{ matchLabelExpressions: [{ key: ZONE, values: zones }] }])
  const CONFLICT = ['node(s) had volume node affinity conflict']
  const NONE = ["node(s) didn't find available persistent volumes to bind"]
  const WRONG_ZONE = ['node(s) had no available volume zone']
  const LOST = ['node(s) unavailable due to one or more pvc(s) bound to non-existent pv(s)']
  const cases: [string, StorageView, Outcome][] = [
    ['no such claim', storage([], [], 'Immediate'), { '': ['persistentvolumeclaim "data" not found'] }],
    [
      'unbound and immediate',
      storage([claim({})], [], 'Immediate'),
      { '': ['pod has unbound immediate PersistentVolumeClaims'] },
    ],
    ['where the volume is', storage([claim({ volumeName: 'v2' }, bound)], [volume('v2', 'n2')], 'Immediate'), 'n2'],
    [
      'where it is not',
      storage([claim({ volumeName: 'v9' }, bound)], [volume('v9', 'n9')], 'Immediate'),
      { n1: CONFLICT, n2: CONFLICT },
    ],
    ['where one stands ready', storage([claim({})], [volume('v2', 'n2')], 'WaitForFirstConsumer'), 'n2'],
    ['nowhere', storage([claim({})], [], 'WaitForFirstConsumer'), { n1: NONE, n2: NONE }],
    ['made where it is needed', storage([claim({})], [], 'WaitForFirstConsumer', 'kubox.io/local-path'), 'n1'],
    [
      'a node that was chosen before',
      storage(
        [claim({}, { annotations: { 'volume.kubernetes.io/selected-node': 'n2' } })],
        [],
        'WaitForFirstConsumer',
        'x',
      ),
      'n2',
    ],
    [
      'a claim that goes',
      storage([claim({}, { deletionTimestamp: 'x' })], [], 'Immediate'),
      { '': ['persistentvolumeclaim "data" is being deleted'] },
    ],
    [
      'a claim that has lost its volume',
      storage([{ ...claim({ volumeName: 'v9' }), status: { phase: 'Lost' } }], [], 'Immediate'),
      { '': ['persistentvolumeclaim "data" bound to non-existent persistentvolume "v9"'] },
    ],
    ['a volume that is not there', boundTo('v9', []), { n1: LOST, n2: LOST }],
    [
      'a volume that it names, and that nobody has bound yet',
      storage([claim({ volumeName: 'v2' })], [volume('v2', 'n2')], 'WaitForFirstConsumer'),
      { '': ['pod has unbound immediate PersistentVolumeClaims'] },
    ],
    ['in the zone of its volume', boundTo('v', [zonal('v', 'b')]), 'n2'],
    ['in one of the zones of its volume', boundTo('v', [zonal('v', 'x__b')]), 'n2'],
    ['in no zone of its volume', boundTo('v', [zonal('v', 'x__y')]), { n1: WRONG_ZONE, n2: WRONG_ZONE }],
    ['made in a zone that its class allows', onlyIn('x', 'b'), 'n2'],
    ['made in no zone of the cluster', onlyIn('x'), { n1: NONE, n2: NONE }],
  ]
  for (const [title, view, expected] of cases) {
    it(title, () => assert.deepEqual(decideIn(picture(NODES, {}, view), pod), expected))
  }

  describe('for one pod alone', () => {
    const alone = claim({ accessModes: ['ReadWriteOncePod'], volumeName: 'v1' }, bound)
    const view = storage([alone], [{ ...zonal('v1', 'a'), metadata: metadata('v1') }], 'Immediate')
    const user = (name: string, claimName = 'data', namespace = 'default') =>
      facts(name, {}, { volumes: [{ name: 'v', persistentVolumeClaim: { claimName } }] }, { namespace })
    const IN_USE = ['node has pod using PersistentVolumeClaim with the same name and ReadWriteOncePod access mode']
    const table: [string, Record<string, PodFacts[]>, Outcome][] = [
      ['nobody uses it', {}, 'n1'],
      ['somebody on the same node', { n1: [user('q')] }, { n1: IN_USE, n2: IN_USE }],
      ['somebody on another node', { n2: [user('q')] }, { n1: IN_USE, n2: IN_USE }],
      ['somebody who uses another claim', { n1: [user('q', 'other')] }, 'n2'],
      ['one of that name in another namespace', { n1: [user('q', 'data', 'else')] }, 'n2'],
    ]
    for (const [title, standing, expected] of table) {
      it(title, () => assert.deepEqual(decideIn(picture(NODES, standing, view), user('p')), expected))
    }
  })
})
