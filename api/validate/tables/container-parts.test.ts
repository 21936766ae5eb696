import { BAD, describeFaults, POD } from '../../testing.ts'

const container = { object: POD, at: 'spec.containers[0]' }
const resources = { object: POD, at: 'spec.containers[0].resources' }
const standard = 'must be a standard resource for containers'

describeFaults('amounts of a container', resources, [
  [{ requests: { cpu: '100m', memory: '1Gi' }, limits: { cpu: '1', memory: '1Gi', 'ephemeral-storage': '1Gi' } }],
  [
    { requests: { cpu: '2' }, limits: { cpu: '1' } },
    'requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    { requests: { memory: '2Gi' }, limits: { memory: '1Gi' } },
    'requests: Invalid value: "2Gi": must be less than or equal to memory limit of 1Gi',
  ],
  [{ requests: { memory: '1024Mi' }, limits: { memory: '1Gi' } }],
  [{ requests: { cpu: '-1' } }, `requests[cpu]: Invalid value: "-1": ${BAD.negative}`],
  [{ limits: { cpu: '0' } }],
  [
    { requests: { gpu: '1' } },
    'requests[gpu]: Invalid value: "gpu": must be a standard resource type or fully qualified',
    `requests[gpu]: Invalid value: "gpu": ${standard}`,
  ],
  [{ requests: { storage: '1Gi' } }, `requests[storage]: Invalid value: "storage": ${standard}`],
  [{ requests: { pods: '1' } }, `requests[pods]: Invalid value: "pods": ${standard}`],
  // What is only limited is requested as well: both are wrong.
  [
    { limits: { pods: '1' } },
    `limits[pods]: Invalid value: "pods": ${standard}`,
    `requests[pods]: Invalid value: "pods": ${standard}`,
  ],
  [
    { requests: { 'kubernetes.io/a b': '1' } },
    `requests[kubernetes.io/a b]: Invalid value: "kubernetes.io/a b": ${BAD.qualified}`,
  ],
  [{ limits: { 'nvidia.com/gpu': '1' } }],
  [{ limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '2' } }],
  [
    { limits: { 'nvidia.com/gpu': '2' }, requests: { 'nvidia.com/gpu': '1' } },
    'requests: Invalid value: "1": must be equal to nvidia.com/gpu limit of 2',
  ],
  [
    { requests: { 'nvidia.com/gpu': '1' } },
    'limits: Required value: Limit must be set for non overcommitable resources',
  ],
  [
    { limits: { 'nvidia.com/gpu': '500m' } },
    'limits[nvidia.com/gpu]: Invalid value: "500m": must be an integer',
    'requests[nvidia.com/gpu]: Invalid value: "500m": must be an integer',
  ],
  [{ limits: { 'hugepages-2Mi': '4Mi', memory: '1Gi' } }],
  [{ limits: { 'hugepages-2Mi': '4Mi' } }, ': Forbidden: HugePages require cpu or memory'],
  [
    { limits: { 'hugepages-2Mi': '3Mi', cpu: '1' } },
    'limits[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
    'requests[hugepages-2Mi]: Invalid value: "3Mi": 3Mi is not positive integer multiple of hugepages-2Mi',
  ],
  [
    { limits: { 'hugepages-2Mi': '4Mi', cpu: '1' }, requests: { 'hugepages-2Mi': '2Mi', cpu: '1' } },
    'requests: Invalid value: "2Mi": must be equal to hugepages-2Mi limit of 4Mi',
  ],
])

describeFaults('what a resize does to a container', container, [
  [
    {
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'memory', restartPolicy: 'RestartContainer' },
      ],
    },
  ],
  [
    {
      resizePolicy: [
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
        { resourceName: 'cpu', restartPolicy: 'NotRequired' },
      ],
    },
    'resizePolicy[1]: Duplicate value: "cpu"',
  ],
  [
    { resizePolicy: [{ resourceName: 'storage', restartPolicy: 'NotRequired' }] },
    'resizePolicy: Unsupported value: "storage": supported values: "cpu", "memory"',
  ],
  [
    { resizePolicy: [{ resourceName: 'cpu', restartPolicy: 'x' }] },
    'resizePolicy: Unsupported value: "x": supported values: "NotRequired", "RestartContainer"',
  ],
])

describeFaults('a restart on resize of a pod that never restarts', { object: POD, at: 'spec' }, [
  [{ restartPolicy: 'Never', 'containers[0].resizePolicy': [{ resourceName: 'cpu', restartPolicy: 'NotRequired' }] }],
  [
    {
      restartPolicy: 'Never',
      'containers[0].resizePolicy': [{ resourceName: 'cpu', restartPolicy: 'RestartContainer' }],
    },
    "containers[0].resizePolicy: Invalid value: \"RestartContainer\": must be 'NotRequired' when `restartPolicy` is 'Never'",
  ],
])

const volumes = [
  { name: 'v', emptyDir: {} },
  { name: 'w', emptyDir: {} },
  { name: 'd', persistentVolumeClaim: { claimName: 'd' } },
  { name: 'e', persistentVolumeClaim: { claimName: 'e' } },
]
const mounting = { object: { ...POD, spec: { ...POD.spec, volumes } }, at: 'spec.containers[0]' }
const v = { name: 'v', mountPath: '/v' }

describeFaults('mounts', mounting, [
  [{ volumeMounts: [v, { name: 'v', mountPath: '/again' }, { name: 'w', mountPath: 'relative' }] }],
  [{ volumeMounts: [{ name: 'x', mountPath: '/x' }] }, 'volumeMounts[0].name: Not found: "x"'],
  [{ volumeMounts: [{ mountPath: '/x' }] }, 'volumeMounts[0].name: Required value'],
  [{ volumeMounts: [{ name: 'v' }] }, 'volumeMounts[0].mountPath: Required value'],
  [
    { volumeMounts: [v, { name: 'w', mountPath: '/v' }] },
    'volumeMounts[1].mountPath: Invalid value: "/v": must be unique',
  ],
  [{ volumeMounts: [{ ...v, subPath: 'a/b' }] }],
  [
    { volumeMounts: [{ ...v, subPath: '/a' }] },
    'volumeMounts[0].subPath: Invalid value: "/a": must be a relative path',
  ],
  [
    { volumeMounts: [{ ...v, subPath: 'a/../b' }] },
    'volumeMounts[0].subPath: Invalid value: "a/../b": must not contain \'..\'',
  ],
  [{ volumeMounts: [{ ...v, subPath: 'a..b' }] }],
  [{ volumeMounts: [{ ...v, subPathExpr: '$(POD_NAME)' }] }],
  [
    { volumeMounts: [{ ...v, subPath: 'a', subPathExpr: 'b' }] },
    'volumeMounts[0].subPathExpr: Invalid value: "b": subPathExpr and subPath are mutually exclusive',
  ],
  [{ volumeMounts: [{ ...v, mountPropagation: 'HostToContainer' }] }],
  [
    { volumeMounts: [{ ...v, mountPropagation: 'x' }] },
    'volumeMounts[0].mountPropagation: Unsupported value: "x": supported values: "Bidirectional", "HostToContainer", "None"',
  ],
  [
    { volumeMounts: [{ ...v, mountPropagation: 'Bidirectional' }] },
    'volumeMounts[0].mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
  ],
  [{ volumeMounts: [{ ...v, mountPropagation: 'Bidirectional' }], securityContext: { privileged: true } }],
  [{ volumeMounts: [{ ...v, readOnly: true, recursiveReadOnly: 'Enabled' }] }],
  [
    { volumeMounts: [{ ...v, recursiveReadOnly: 'IfPossible' }] },
    'volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
  ],
  [
    { volumeMounts: [{ ...v, readOnly: true, recursiveReadOnly: 'Enabled', mountPropagation: 'HostToContainer' }] },
    'volumeMounts[0].recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
  ],
  [
    { volumeMounts: [{ ...v, recursiveReadOnly: 'x' }] },
    'volumeMounts[0].recursiveReadOnly: Unsupported value: "x": supported values: "Disabled", "Enabled", "IfPossible"',
  ],
])

const d = { name: 'd', devicePath: '/dev/d' }

describeFaults('devices', mounting, [
  [{ volumeDevices: [d, { name: 'e', devicePath: '/dev/e' }] }],
  [{ volumeDevices: [{ name: 'x', devicePath: '/x' }] }, 'volumeDevices[0].name: Not found: "x"'],
  [{ volumeDevices: [{ name: 'd' }] }, 'volumeDevices[0].devicePath: Required value'],
  [
    { volumeDevices: [{ name: 'v', devicePath: '/dev/v' }] },
    'volumeDevices[0].name: Invalid value: "v": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
  ],
  [
    { volumeDevices: [d, { name: 'd', devicePath: '/dev/x' }] },
    'volumeDevices[1].name: Invalid value: "d": must be unique',
  ],
  [
    { volumeDevices: [d, { name: 'e', devicePath: '/dev/d' }] },
    'volumeDevices[1].devicePath: Invalid value: "/dev/d": must be unique',
  ],
  [
    { volumeDevices: [{ name: 'd', devicePath: '/dev/../d' }] },
    'volumeDevices[0].devicePath: Invalid value: "/dev/../d": can not contain backsteps (\'..\')',
  ],
  [
    { volumeDevices: [d], volumeMounts: [{ name: 'd', mountPath: '/d' }] },
    'volumeDevices[0].name: Invalid value: "d": must not already exist in volumeMounts',
    'volumeMounts[0].name: Invalid value: "d": must not already exist in volumeDevices',
  ],
  [
    { volumeDevices: [d], volumeMounts: [{ name: 'v', mountPath: '/dev/d' }] },
    'volumeDevices[0].devicePath: Invalid value: "/dev/d": must not already exist as a path in volumeMounts',
    'volumeMounts[0].mountPath: Invalid value: "/dev/d": must not already exist as a path in volumeDevices',
  ],
])

describeFaults('claimed devices', { object: POD, at: 'spec' }, [
  [{ resourceClaims: [{ name: 'gpu', resourceClaimName: 'a' }], 'containers[0].resources.claims': [{ name: 'gpu' }] }],
  [{ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 'a' }] }],
  [
    {
      resourceClaims: [
        { name: 'gpu', resourceClaimName: 'a' },
        { name: 'gpu', resourceClaimName: 'b' },
      ],
    },
    'resourceClaims[1].name: Duplicate value: "gpu"',
  ],
  [{ resourceClaims: [{ resourceClaimName: 'a' }] }, 'resourceClaims[0].name: Required value'],
  [
    { resourceClaims: [{ name: 'gpu' }] },
    'resourceClaims[0]: Invalid value: {"name":"gpu"}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
  ],
  [
    { resourceClaims: [{ name: 'gpu', resourceClaimName: 'A' }] },
    `resourceClaims[0].resourceClaimName: Invalid value: "A": ${BAD.subdomain}`,
  ],
  [
    { 'containers[0].resources.claims': [{ name: 'gpu' }] },
    'containers[0].resources.claims[0]: Not found: "gpu": must be one of the names in pod.spec.resourceClaims which is empty',
  ],
  [
    { resourceClaims: [{ name: 'gpu', resourceClaimName: 'a' }], 'containers[0].resources.claims': [{ name: 'x' }] },
    'containers[0].resources.claims[0]: Not found: "x": must be one of the names in pod.spec.resourceClaims: gpu',
  ],
  [
    {
      resourceClaims: [{ name: 'gpu', resourceClaimName: 'a' }],
      'containers[0].resources.claims': [{ name: 'gpu' }, { name: 'gpu' }],
    },
    'containers[0].resources.claims[1]: Duplicate value: "gpu"',
  ],
  [
    {
      resourceClaims: [{ name: 'g', resourceClaimName: 'a' }],
      'containers[0].resources.claims': [
        { name: 'g', request: 'x' },
        { name: 'g', request: 'y' },
      ],
    },
  ],
])
