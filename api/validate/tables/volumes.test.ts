import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const v1 = (kind: string, metadata: object, spec: object) => ({
  object: { apiVersion: 'v1', kind, metadata, spec },
  at: 'spec',
})
const volume = v1(
  'PersistentVolume',
  { name: 'pv' },
  {
    capacity: { storage: '1Gi' },
    accessModes: ['ReadWriteOnce'],
    hostPath: { path: '/data' },
  },
)
const source = (more: object) => ({ hostPath: undefined, ...more })
const MODES = 'supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"'
const RWOP = 'may not use ReadWriteOncePod with other access modes'
const affinity = {
  required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }] },
}

describeFaults('a PersistentVolume', volume, [
  [{}],
  [{ capacity: undefined }, 'capacity: Required value'],
  [{ capacity: { storage: '0' } }, 'capacity[storage]: Invalid value: "0": must be greater than zero'],
  [{ capacity: { storage: '-1' } }, `capacity[storage]: Invalid value: "-1": ${BAD.negative}`],
  [{ capacity: { cpu: '1' } }, 'capacity: Unsupported value: {"cpu":"1"}: supported values: "storage"'],
  [{ accessModes: [] }, 'accessModes: Required value'],
  [{ accessModes: ['ReadWriteOnce', 'ReadOnlyMany', 'ReadWriteMany'] }],
  [{ accessModes: ['Once'] }, `accessModes: Unsupported value: "Once": ${MODES}`],
  [{ accessModes: ['ReadWriteOncePod'] }],
  [{ accessModes: ['ReadWriteOncePod', 'ReadWriteOnce'] }, `accessModes: Forbidden: ${RWOP}`],
  [{ persistentVolumeReclaimPolicy: 'Delete' }],
  [
    { persistentVolumeReclaimPolicy: 'Keep' },
    'persistentVolumeReclaimPolicy: Unsupported value: "Keep": supported values: "Delete", "Recycle", "Retain"',
  ],
  [
    { 'hostPath.path': '/.', persistentVolumeReclaimPolicy: 'Recycle' },
    "persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'",
  ],
  [{ persistentVolumeReclaimPolicy: 'Recycle' }],
  [{ volumeMode: 'Block' }],
  [{ volumeMode: 'x' }, 'volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"'],
  [{ storageClassName: 'a b' }, `storageClassName: Invalid value: "a b": ${BAD.subdomain}`],
  [{ nodeAffinity: affinity }],
  [{ nodeAffinity: {} }, 'nodeAffinity.required: Required value: must specify required node constraints'],
])

describeFaults('where the data of a PersistentVolume lie', volume, [
  [source({}), ': Required value: must specify a volume type'],
  [{ nfs: { server: 's', path: '/x' } }, 'nfs: Forbidden: may not specify more than 1 volume type'],
  [source({ local: { path: '/x' }, nodeAffinity: affinity })],
  [source({ local: { path: '/x' } }), 'nodeAffinity: Required value: Local volume requires node affinity'],
  [
    source({ local: { path: '/a/../b' }, nodeAffinity: affinity }),
    'local.path: Invalid value: "/a/../b": must not contain \'..\'',
  ],
  [source({ local: {}, nodeAffinity: affinity }), 'local.path: Required value'],
  [{ 'hostPath.path': '' }, 'hostPath.path: Required value'],
  [{ 'hostPath.path': '../a' }, 'hostPath.path: Invalid value: "../a": must not contain \'..\''],
  [source({ nfs: { path: '/x' } }), 'nfs.server: Required value'],
  [source({ nfs: { server: 's' } }), 'nfs.path: Required value'],
  [source({ nfs: { server: 's', path: 'x' } }), 'nfs.path: Invalid value: "x": must be an absolute path'],
  [source({ csi: { driver: 'd.example.com', volumeHandle: 'h' } })],
  [source({ csi: { volumeHandle: 'h' } }), 'csi.driver: Required value'],
  [source({ csi: { driver: 'd', volumeHandle: '' } }), 'csi.volumeHandle: Required value'],
  [source({ csi: { driver: 'd_', volumeHandle: 'h' } }), `csi.driver: Invalid value: "d_": ${BAD.subdomain}`],
  [
    source({ csi: { driver: 'd'.repeat(64), volumeHandle: 'h' } }),
    'csi.driver: Too long: may not be more than 63 bytes',
  ],
  [source({ iscsi: { targetPortal: 'p', iqn: 'iqn.2026-01.com.example:x', lun: 0 } })],
  [
    source({ iscsi: { targetPortal: '', iqn: 'iqn.2026-01.com.example:x', lun: 256 } }),
    'iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive',
    'iscsi.targetPortal: Required value',
  ],
  [
    source({ iscsi: { targetPortal: 'p', iqn: 'x', lun: 0 } }),
    'iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa',
  ],
  [
    source({ iscsi: { targetPortal: 'p', iqn: 'iqn.x', lun: 0 } }),
    'iscsi.iqn: Invalid value: "iqn.x": must be valid format',
  ],
])

describeFaults('where older drivers keep the data of a PersistentVolume', volume, [
  [source({ rbd: { monitors: ['m'], image: 'i' } })],
  [source({ rbd: {} }), 'rbd.image: Required value', 'rbd.monitors: Required value'],
  [source({ cephfs: { monitors: [] } }), 'cephfs.monitors: Required value'],
  [source({ cinder: {} }), 'cinder.volumeID: Required value'],
  [
    source({ glusterfs: { endpoints: 'e', path: '../x' } }),
    'glusterfs.path: Invalid value: "../x": must not contain \'..\'',
  ],
  [source({ azureFile: { secretName: 's' } }), 'azureFile.shareName: Required value'],
  [source({ flexVolume: {} }), 'flexVolume.driver: Required value'],
  [source({ fc: {} }), 'fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both'],
  [source({ fc: { targetWWNs: ['a'] } }), 'fc.lun: Required value: lun is required if targetWWNs is specified'],
  [source({ fc: { targetWWNs: ['a'], lun: 256 } }), 'fc.lun: Invalid value: 256: must be between 0 and 255, inclusive'],
  [source({ fc: { wwids: ['a'] } })],
  [
    source({ iscsi: { targetPortal: 'p', iqn: 'iqn.2026-01.com.example:x', lun: 0, chapAuthSession: true } }),
    'iscsi.secretRef: Required value',
  ],
])

const FIXED = '/spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation'
describeUpdates('a PersistentVolume that stands', volume, [
  [
    {},
    {
      capacity: { storage: '2Gi' },
      persistentVolumeReclaimPolicy: 'Delete',
      storageClassName: 'x',
      mountOptions: ['ro'],
    },
  ],
  [{}, { nodeAffinity: affinity }],
  [{}, { 'hostPath.path': '/other' }, FIXED],
  [{}, source({ nfs: { server: 's', path: '/x' } }), FIXED],
  [{}, { volumeMode: 'Block' }, 'volumeMode: Invalid value: "Block": field is immutable'],
])

const claim = v1(
  'PersistentVolumeClaim',
  { name: 'c', namespace: 'ns' },
  {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Gi' } },
  },
)
const size = (storage?: string) => ({ 'resources.requests.storage': storage })

describeFaults('a PersistentVolumeClaim', claim, [
  [{}],
  [{ accessModes: [] }, 'accessModes: Required value: at least 1 access mode is required'],
  [{ accessModes: ['Once'] }, `accessModes: Unsupported value: "Once": ${MODES}`],
  [{ accessModes: ['ReadWriteOncePod', 'ReadOnlyMany'] }, `accessModes: Forbidden: ${RWOP}`],
  [size(undefined), 'resources[storage]: Required value'],
  [{ resources: undefined }, 'resources[storage]: Required value'],
  [size('0'), 'resources[storage]: Invalid value: "0": must be greater than zero'],
  [{ storageClassName: '' }],
  [{ storageClassName: 'A' }, `storageClassName: Invalid value: "A": ${BAD.subdomain}`],
  [{ volumeMode: 'x' }, 'volumeMode: Unsupported value: "x": supported values: "Block", "Filesystem"'],
  [{ selector: { matchLabels: { 'a b': 'c' } } }, `selector.matchLabels: Invalid value: "a b": ${BAD.qualified}`],
  [{ dataSource: { kind: 'PersistentVolumeClaim', name: 'other' } }],
  [{ dataSource: { kind: 'PersistentVolumeClaim', name: '' } }, 'dataSource.name: Required value'],
  [
    { dataSource: { kind: 'Pod', name: 'p' } },
    'dataSource: Invalid value: "Pod": must be \'PersistentVolumeClaim\' when referencing the default apiGroup',
  ],
  [{ dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' } }],
  [
    { dataSource: { apiGroup: 'A', kind: 'K', name: 's' } },
    `dataSource.apiGroup: Invalid value: "A": ${BAD.subdomain}`,
  ],
])

const SPEC =
  ': Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const bound = { object: { ...claim.object, status: { phase: 'Bound' } }, at: 'spec' }
describeUpdates('a bound PersistentVolumeClaim', bound, [
  [{}, size('2Gi')],
  [{}, size('512Mi'), 'resources.requests.storage: Forbidden: field can not be less than status.capacity'],
  [{}, { accessModes: ['ReadWriteMany'] }, SPEC],
  [{ volumeName: 'pv' }, { volumeName: 'other' }, SPEC],
  [{ storageClassName: 'a' }, { storageClassName: 'b' }, SPEC],
  [{}, { selector: { matchLabels: { a: 'b' } } }, SPEC],
])
describeUpdates('a PersistentVolumeClaim that waits', claim, [
  [{}, { volumeName: 'pv' }],
  [{}, { storageClassName: 'a' }],
  [{}, size('2Gi'), SPEC],
])

const storageClass = {
  object: {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'fast' },
    provisioner: 'example.com/disk',
  },
}
const topology = (...terms: object[][]) => ({
  allowedTopologies: terms.map(matchLabelExpressions => ({ matchLabelExpressions })),
})
const zone = (...values: string[]) => ({ key: 'zone', values })

describeFaults('a StorageClass', storageClass, [
  [{}],
  [{ provisioner: 'Example.COM/Disk' }],
  [{ provisioner: '' }, 'provisioner: Required value'],
  [{ provisioner: 'a b' }, `provisioner: Invalid value: "a b": ${BAD.qualified}`],
  [{ reclaimPolicy: 'Retain' }],
  [{ reclaimPolicy: 'Recycle' }, 'reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
  [
    { volumeBindingMode: 'x' },
    'volumeBindingMode: Unsupported value: "x": supported values: "Immediate", "WaitForFirstConsumer"',
  ],
  [{ parameters: { a: '' } }],
  [{ parameters: { '': 'x' } }, 'parameters: Invalid value: "": field can not be empty.'],
  [{ parameters: { a: 'x'.repeat(256 * 1024 - 1) } }],
  [{ parameters: { a: 'x'.repeat(256 * 1024) } }, 'parameters: Too long: may not be more than 262144 bytes'],
  [
    { parameters: Object.fromEntries(Array.from({ length: 513 }, (_, index) => [`k${index}`, ''])) },
    'parameters: Too long: may not be more than 512 bytes',
  ],
  [topology([zone('a', 'b')], [zone('c')])],
  [
    topology([{ key: 'a b', values: ['x'] }]),
    `allowedTopologies[0].matchLabelExpressions[0].key: Invalid value: "a b": ${BAD.qualified}`,
  ],
  [topology([zone()]), 'allowedTopologies[0].matchLabelExpressions[0].values: Required value'],
  [topology([zone('a', 'a')]), 'allowedTopologies[0].matchLabelExpressions[0].values[1]: Duplicate value: "a"'],
  [topology([zone('a'), zone('b')]), 'allowedTopologies[0].matchLabelExpressions[1].key: Duplicate value: "zone"'],
  [topology([zone('a', 'b')], [zone('b', 'a')]), 'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
])

describeUpdates('a StorageClass that stands', storageClass, [
  [{}, { allowVolumeExpansion: true, 'metadata.labels': { a: 'b' } }],
  [{}, { provisioner: 'other' }, 'provisioner: Forbidden: updates to provisioner are forbidden.'],
  [{}, { parameters: { a: 'b' } }, 'parameters: Forbidden: updates to parameters are forbidden.'],
  [{}, { reclaimPolicy: 'Retain' }, 'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.'],
  [
    {},
    { volumeBindingMode: 'WaitForFirstConsumer' },
    'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
  ],
])
