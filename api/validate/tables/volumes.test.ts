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
const csi = { driver: 'd', volumeHandle: 'h' }
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
  [source({ csi, volumeAttributesClassName: 'gold' })],
  [
    source({ csi, volumeAttributesClassName: '' }),
    'volumeAttributesClassName: Required value: an empty string is disallowed',
  ],
  [source({ csi, volumeAttributesClassName: 'A' }), `volumeAttributesClassName: Invalid value: "A": ${BAD.subdomain}`],
  [
    { volumeAttributesClassName: 'gold' },
    'csi: Required value: has to be specified when using volumeAttributesClassName',
  ],
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
  [{}, { volumeMode: 'Block' }, '/volumeMode: Invalid value: "Block": field is immutable'],
  [{ nodeAffinity: affinity }, { nodeAffinity: affinity }],
  [{ nodeAffinity: affinity }, { nodeAffinity: undefined }, '/nodeAffinity: Invalid value: null: field is immutable'],
  [source({ csi }), { 'csi.controllerExpandSecretRef': { name: 's', namespace: 'ns' } }],
  [source({ csi }), { 'csi.controllerPublishSecretRef': { name: 's', namespace: 'ns' } }, FIXED],
  [
    source({ csi: { ...csi, controllerExpandSecretRef: { name: 's', namespace: 'ns' } } }),
    { 'csi.controllerExpandSecretRef.name': 'other' },
    FIXED,
  ],
  [source({ csi, volumeAttributesClassName: 'gold' }), { volumeAttributesClassName: 'silver' }],
  [
    source({ csi, volumeAttributesClassName: 'gold' }),
    { volumeAttributesClassName: undefined },
    'volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden',
  ],
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
])

const other = { kind: 'PersistentVolumeClaim', name: 'other' }
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 's' }
for (const field of ['dataSource', 'dataSourceRef']) {
  const from = (more: object) => ({ [field]: more })
  describeFaults(`the ${field} of a PersistentVolumeClaim`, claim, [
    [from(other)],
    [from(snapshot)],
    [from({ kind: 'PersistentVolumeClaim', name: '' }), `${field}.name: Required value`],
    [
      from({ kind: 'Pod', name: 'p' }),
      `${field}: Invalid value: "Pod": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
    ],
    [
      from({ kind: '', name: 'p' }),
      `${field}.kind: Required value`,
      `${field}: Invalid value: "": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
    ],
    [from({ apiGroup: 'A', kind: 'K', name: 's' }), `${field}.apiGroup: Invalid value: "A": ${BAD.subdomain}`],
  ])
}
describeFaults('both data sources of a PersistentVolumeClaim', claim, [
  [{ dataSource: snapshot, dataSourceRef: snapshot }],
  [{ dataSource: snapshot, dataSourceRef: other }, ': Invalid value: "spec.dataSource": must match dataSourceRef'],
  [
    { dataSource: other, dataSourceRef: { ...other, apiGroup: '' } },
    ': Invalid value: "spec.dataSource": must match dataSourceRef',
  ],
  [{ dataSourceRef: { ...other, namespace: 'theirs' } }],
  [{ dataSourceRef: { ...other, namespace: 'a.b' } }, `dataSourceRef.namespace: Invalid value: "a.b": ${BAD.dots}`],
  [
    { dataSource: other, dataSourceRef: { ...other, namespace: 'theirs' } },
    ': Invalid value: "spec.dataSource": may not be specified when dataSourceRef.namespace is specified',
  ],
])

const SPEC =
  ': Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims'
const SMALLER = 'resources.requests.storage: Forbidden: field can not be less than status.capacity'
const bound = {
  object: { ...claim.object, status: { phase: 'Bound', capacity: { storage: '1Gi' } } },
  at: 'spec',
}
describeUpdates('a bound PersistentVolumeClaim', bound, [
  [{}, size('2Gi')],
  [{}, size('512Mi'), SMALLER],
  // It never got the 3Gi that it asked for.
  [size('3Gi'), size('2Gi')],
  [size('3Gi'), size('1Gi'), SMALLER],
  [{}, { accessModes: ['ReadWriteMany'] }, SPEC],
  [{}, { 'resources.limits': { storage: '4Gi' } }, SPEC],
  [{ volumeName: 'pv' }, { volumeName: 'other' }, SPEC],
  [{ storageClassName: 'a' }, { storageClassName: 'b' }, SPEC],
  [{}, { selector: { matchLabels: { a: 'b' } } }, SPEC],
  [{}, { dataSource: other }, SPEC],
  [{}, { volumeMode: 'Block' }, SPEC, '/volumeMode: Invalid value: "Block": field is immutable'],
  [{}, { volumeAttributesClassName: 'gold' }],
  [{}, { volumeAttributesClassName: '' }],
  [{ volumeAttributesClassName: 'gold' }, { volumeAttributesClassName: 'silver' }],
  [
    { volumeAttributesClassName: 'gold' },
    { volumeAttributesClassName: undefined },
    'volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden',
  ],
  [
    { volumeAttributesClassName: 'gold' },
    { volumeAttributesClassName: '' },
    'volumeAttributesClassName: Forbidden: update from non-nil value to an empty string is forbidden',
  ],
])
describeUpdates('a PersistentVolumeClaim that waits', claim, [
  [{}, { volumeName: 'pv' }],
  [{}, { storageClassName: 'a' }],
  [{}, size('2Gi'), SPEC],
  [{}, size('512Mi'), SPEC],
])
