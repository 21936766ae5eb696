import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const of = (kind: string, more: object, metadata: object = { name: 'x' }) => ({
  object: { apiVersion: 'storage.k8s.io/v1', kind, metadata, ...more },
})
const IMMUTABLE = 'field is immutable'

const storageClass = of('StorageClass', { provisioner: 'example.com/disk' })
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

const driver = { ...of('CSIDriver', { spec: {} }, { name: 'd.example.com' }), at: 'spec' }
const SHORT = 'may not specify a duration less than 10 minutes'
const asks = (...tokenRequests: object[]) => ({ tokenRequests })

describeFaults('a CSIDriver', driver, [
  [{}],
  [{ attachRequired: false, podInfoOnMount: true, storageCapacity: true, seLinuxMount: true }],
  [{ fsGroupPolicy: 'None' }],
  [
    { fsGroupPolicy: 'x' },
    'fsGroupPolicy: Unsupported value: "x": supported values: "File", "None", "ReadWriteOnceWithFSType"',
  ],
  [{ volumeLifecycleModes: ['Ephemeral', 'Persistent'] }],
  [
    { volumeLifecycleModes: ['Persistent', 'x'] },
    'volumeLifecycleModes: Unsupported value: "x": supported values: "Ephemeral", "Persistent"',
  ],
  [asks({ audience: '' }, { audience: 'vault', expirationSeconds: 600 })],
  [asks({ audience: 'a', expirationSeconds: 599 }), `tokenRequests[0].expirationSeconds: Invalid value: 599: ${SHORT}`],
  [
    asks({ audience: 'a', expirationSeconds: 2 ** 32 + 1 }),
    'tokenRequests[0].expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
  ],
  [asks({ audience: 'a' }, { audience: 'a', expirationSeconds: 1 }), 'tokenRequests[1].audience: Duplicate value: "a"'],
  [asks({ audience: '' }, { audience: '' }), 'tokenRequests[1].audience: Duplicate value: ""'],
  [{ ...asks({ audience: 'a' }), serviceAccountTokenInSecrets: true }],
  [
    { serviceAccountTokenInSecrets: false },
    'serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
  ],
  [{ nodeAllocatableUpdatePeriodSeconds: 10 }],
  [
    { nodeAllocatableUpdatePeriodSeconds: 9 },
    'nodeAllocatableUpdatePeriodSeconds: Invalid value: 9: must be greater than or equal to 10 seconds',
  ],
])
describeFaults('the name of a CSIDriver', { object: driver.object }, [
  [{ 'metadata.name': 'D' }, `metadata.name: Invalid value: "D": ${BAD.subdomain}`],
])

describeUpdates('a CSIDriver that stands', driver, [
  [{}, { podInfoOnMount: true, storageCapacity: true, fsGroupPolicy: 'File', requiresRepublish: true }],
  [{}, asks({ audience: 'a' })],
  [{}, asks({ audience: 'a', expirationSeconds: 1 }), `tokenRequests[0].expirationSeconds: Invalid value: 1: ${SHORT}`],
  [{}, { attachRequired: false }, `attachedRequired: Invalid value: false: ${IMMUTABLE}`],
  [{}, { volumeLifecycleModes: ['Ephemeral'] }, `volumeLifecycleModes: Invalid value: ["Ephemeral"]: ${IMMUTABLE}`],
  [
    {},
    { serviceAccountTokenInSecrets: true },
    'serviceAccountTokenInSecrets: Invalid value: true: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
  ],
])

const known = { name: 'd', nodeID: 'i' }
const node = { ...of('CSINode', { spec: { drivers: [known] } }), at: 'spec.drivers[0]' }

describeFaults('a driver of a CSINode', node, [
  [{ topologyKeys: ['zone', 'example.com/rack'], 'allocatable.count': 0 }],
  [{ name: '' }, 'name: Required value'],
  [{ name: 'a_b' }, `name: Invalid value: "a_b": ${BAD.subdomain}`],
  [{ name: 'd'.repeat(64) }, 'name: Too long: may not be more than 63 bytes'],
  [{ nodeID: '' }, 'nodeID: Required value'],
  [{ nodeID: 'x'.repeat(192) }],
  [{ nodeID: 'x'.repeat(193) }, `nodeID: Invalid value: "${'x'.repeat(193)}": must be 192 characters or less`],
  [{ 'allocatable.count': -1 }, `allocatable.count: Invalid value: -1: ${BAD.negative}`],
  [{ topologyKeys: ['a', 'a'] }, ': Duplicate value: "a"'],
  [{ topologyKeys: ['a b'] }, `: Invalid value: "a b": ${BAD.qualified}`],
])
describeFaults('drivers of a CSINode', { object: node.object, at: 'spec.drivers' }, [
  [{ '': [] }],
  [{ '[1]': { name: 'e', nodeID: 'i' } }],
  [{ '[1]': { name: 'd', nodeID: 'other' } }, '[1].name: Duplicate value: "d"'],
])

const shown = (more: object) => JSON.stringify({ ...known, ...more })
describeUpdates('a CSINode that stands', { object: node.object, at: 'spec.drivers' }, [
  [{}, { '[1]': { name: 'e', nodeID: 'i' } }],
  [{}, { '': [] }],
  [{}, { '[0].allocatable': { count: 5 } }],
  [{ '[0].allocatable': { count: 5 } }, { '[0].allocatable': { count: 6 } }],
  [{}, { '[0].nodeID': 'other' }, `: Invalid value: ${shown({ nodeID: 'other' })}: ${IMMUTABLE}`],
  [{}, { '[0].topologyKeys': ['zone'] }, `: Invalid value: ${shown({ topologyKeys: ['zone'] })}: ${IMMUTABLE}`],
])

const capacity = of('CSIStorageCapacity', { storageClassName: 'fast' }, { name: 'c', namespace: 'ns' })
const zoned = { matchLabels: { zone: 'a' } }

describeFaults('a CSIStorageCapacity', capacity, [
  [{}],
  [{ nodeTopology: zoned, capacity: '1Gi', maximumVolumeSize: '100Mi' }],
  [{ capacity: '0' }],
  [{ storageClassName: undefined }, `storageClassName: Invalid value: "": ${BAD.subdomain}`],
  [{ storageClassName: 'A' }, `storageClassName: Invalid value: "A": ${BAD.subdomain}`],
  [{ capacity: '-1' }, `capacity: Invalid value: "-1": ${BAD.negative}`],
  [
    { nodeTopology: { matchLabels: { 'a b': 'c' } } },
    `nodeTopology.matchLabels: Invalid value: "a b": ${BAD.qualified}`,
  ],
])
describeUpdates('a CSIStorageCapacity that stands', capacity, [
  [{ capacity: '1Gi' }, { capacity: '2Gi', maximumVolumeSize: '1Gi' }],
  [{}, { capacity: '-1' }, `capacity: Invalid value: "-1": ${BAD.negative}`],
  [{}, { storageClassName: 'slow' }, `storageClassName: Invalid value: "slow": ${IMMUTABLE}`],
  [{}, { nodeTopology: zoned }, `nodeTopology: Invalid value: {"matchLabels":{"zone":"a"}}: ${IMMUTABLE}`],
])

const attributes = of('VolumeAttributesClass', { driverName: 'd.example.com', parameters: { iops: '100' } })
const NONE = 'parameters: Required value: must contain at least one key/value pair'

describeFaults('a VolumeAttributesClass', attributes, [
  [{}],
  [{ driverName: '' }, 'driverName: Required value'],
  [{ driverName: 'D.example.com' }],
  [{ driverName: 'a b' }, `driverName: Invalid value: "a b": ${BAD.qualified}`],
  [{ parameters: undefined }, NONE],
  [{ parameters: {} }, NONE],
  [{ parameters: { '': 'x' } }, 'parameters: Invalid value: "": field can not be empty.'],
  [{ parameters: { a: 'x'.repeat(256 * 1024) } }, 'parameters: Too long: may not be more than 262144 bytes'],
])
describeUpdates('a VolumeAttributesClass that stands', attributes, [
  [{}, { 'metadata.labels': { a: 'b' } }],
  [{}, { driverName: 'other' }, 'driverName: Forbidden: updates to driverName are forbidden.'],
  [{}, { parameters: { iops: '200' } }, 'parameters: Forbidden: updates to parameters are forbidden.'],
  [{}, { parameters: {} }, NONE, 'parameters: Forbidden: updates to parameters are forbidden.'],
])

const attachment = {
  ...of('VolumeAttachment', {
    spec: { attacher: 'd.example.com', nodeName: 'n1', source: { persistentVolumeName: 'pv' } },
  }),
  at: 'spec',
}
const ONE = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName'
const inlineVolumeSpec = {
  capacity: { storage: '1' },
  accessModes: ['ReadWriteOnce'],
  csi: { driver: 'd', volumeHandle: 'h' },
}

describeFaults('a VolumeAttachment', attachment, [
  [{}],
  [{ attacher: '' }, 'attacher: Required value'],
  [{ attacher: 'a_b' }, `attacher: Invalid value: "a_b": ${BAD.subdomain}`],
  [{ nodeName: 'A' }, `nodeName: Invalid value: "A": ${BAD.subdomain}`],
  [{ source: {} }, `source: Required value: ${ONE}`],
  [{ source: { inlineVolumeSpec } }],
  [
    { 'source.persistentVolumeName': '' },
    'source.persistentVolumeName: Required value: must specify non empty persistentVolumeName',
  ],
  [{ 'source.persistentVolumeName': 'P' }, `source.persistentVolumeName: Invalid value: "P": ${BAD.subdomain}`],
  [{ 'source.inlineVolumeSpec': inlineVolumeSpec }, `source: Forbidden: ${ONE}`],
])
describeUpdates('a VolumeAttachment that stands', attachment, [
  [
    {},
    { nodeName: 'n2' },
    `: Invalid value: {"attacher":"d.example.com","nodeName":"n2","source":{"persistentVolumeName":"pv"}}: ${IMMUTABLE}`,
  ],
])
const LIMIT = 'Too long: may not be more than 262144 bytes'
describeUpdates('the status of a VolumeAttachment', { ...attachment, at: 'status', through: 'status' }, [
  [{}, { attached: true, attachmentMetadata: { path: '/dev/sda' } }],
  [{}, { attached: false, attachmentMetadata: { a: 'x'.repeat(256 * 1024) } }, `attachmentMetadata: ${LIMIT}`],
  [{}, { attached: false, attachError: { message: 'x'.repeat(1025) } }, `attachError.message: ${LIMIT}`],
  [
    {},
    { attached: false, detachError: { errorCode: -1 } },
    'detachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
])
