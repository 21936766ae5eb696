import { BAD, describeFaults, describeUpdates } from '../../testing.ts'

const metadata = { name: 'web', namespace: 'ns' }
const selector = { matchLabels: { app: 'a' } }
const template = { metadata: { labels: { app: 'a' } }, spec: { containers: [{ name: 'c', image: 'nginx' }] } }
const of = (kind: string, more: object = {}) => ({
  object: { apiVersion: 'apps/v1', kind, metadata, spec: { selector, template, ...more } },
  at: 'spec',
})
const deployment = of('Deployment')
const replicaSet = of('ReplicaSet')
const daemonSet = of('DaemonSet')
const statefulSet = of('StatefulSet', { serviceName: 'web' })

for (const subject of [deployment, replicaSet, daemonSet, statefulSet]) {
  const { kind } = subject.object
  describeFaults(`the template of a ${kind}`, subject, [
    [{}],
    [{ minReadySeconds: -1 }, `minReadySeconds: Invalid value: -1: ${BAD.negative}`],
    [{ 'template.metadata.labels': { app: 'a', other: 'x' } }],
    [
      { 'template.metadata.labels': { app: 'b' } },
      'template.metadata.labels: Invalid value: {"app":"b"}: `selector` does not match template `labels`',
    ],
    [
      { 'template.metadata.labels': { app: 'a', 'a b': 'c' } },
      `template.labels: Invalid value: "a b": ${BAD.qualified}`,
    ],
    [
      { 'template.metadata.annotations': { 'a b': 'c' } },
      `template.annotations: Invalid value: "a b": ${BAD.qualified}`,
    ],
    [
      { selector: { matchLabels: { app: 'a', 'a b': 'c' } }, 'template.metadata.labels': { app: 'a', 'a b': 'c' } },
      `selector.matchLabels: Invalid value: "a b": ${BAD.qualified}`,
      `template.labels: Invalid value: "a b": ${BAD.qualified}`,
    ],
    [
      { 'selector.matchExpressions': [{ key: 'app', operator: 'Is' }] },
      'selector.matchExpressions[0].operator: Invalid value: "Is": not a valid selector operator',
    ],
    [{ selector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['a', 'b'] }] } }],
    [{ 'template.spec.containers': [] }, 'template.spec.containers: Required value'],
    [{ 'template.spec.containers[0].image': '' }, 'template.spec.containers[0].image: Required value'],
    // Only a pod's image may not be padded.
    [{ 'template.spec.containers[0].image': ' nginx ' }],
    [
      { 'template.spec.containers[0].volumeMounts': [{ name: 'v', mountPath: '/v' }] },
      'template.spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      { 'template.spec.restartPolicy': 'Never' },
      'template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
    [
      { 'template.spec.activeDeadlineSeconds': 5 },
      `template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ${kind === 'Deployment' ? 'ReplicaSet' : kind} is not Supported`,
    ],
    [
      { 'template.spec.ephemeralContainers': [{ name: 'e', image: 'e' }] },
      'template.spec.ephemeralContainers: Forbidden: ephemeral containers not allowed in pod template',
    ],
    [{ 'template.spec.hostNetwork': true, 'template.spec.containers[0].ports': [{ containerPort: 80 }] }],
  ])
}

describeFaults('a Deployment', deployment, [
  [{ replicas: 0 }],
  [{ replicas: -1 }, `replicas: Invalid value: -1: ${BAD.negative}`],
  [{ revisionHistoryLimit: -1 }, `revisionHistoryLimit: Invalid value: -1: ${BAD.negative}`],
  [{ selector: {} }, 'selector: Invalid value: {}: empty selector is invalid for deployment'],
  [{ progressDeadlineSeconds: 60, minReadySeconds: 59 }],
  [
    { progressDeadlineSeconds: 60, minReadySeconds: 60 },
    'progressDeadlineSeconds: Invalid value: 60: must be greater than minReadySeconds',
  ],
  [{ strategy: { type: 'Recreate' } }],
  [
    { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } },
    "strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    { strategy: { type: 'Blue' } },
    'strategy.type: Unsupported value: "Blue": supported values: "Recreate", "RollingUpdate"',
  ],
  [{ strategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }],
  [{ strategy: { rollingUpdate: { maxUnavailable: '100%', maxSurge: '200%' } } }],
  [
    { strategy: { rollingUpdate: { maxUnavailable: '101%' } } },
    'strategy.rollingUpdate.maxUnavailable: Invalid value: "101%": must not be greater than 100%',
  ],
  [
    { strategy: { rollingUpdate: { maxSurge: '5' } } },
    `strategy.rollingUpdate.maxSurge: Invalid value: "5": ${BAD.percent}`,
  ],
  [
    { strategy: { rollingUpdate: { maxSurge: -1 } } },
    `strategy.rollingUpdate.maxSurge: Invalid value: -1: ${BAD.negative}`,
  ],
  [
    { strategy: { rollingUpdate: { maxUnavailable: '0%', maxSurge: 0 } } },
    'strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
  ],
])

describeFaults('a StatefulSet', statefulSet, [
  [{ replicas: -1 }, `replicas: Invalid value: -1: ${BAD.negative}`],
  [{ podManagementPolicy: 'Parallel' }],
  [{ podManagementPolicy: 'x' }, "podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'"],
  [{ selector: {} }, 'selector: Invalid value: {}: empty selector is invalid for statefulset'],
  [{ updateStrategy: { type: 'OnDelete' } }],
  [
    { updateStrategy: { type: 'x' } },
    'updateStrategy: Invalid value: {"type":"x"}: must be \'RollingUpdate\' or \'OnDelete\'',
  ],
  [
    { updateStrategy: { type: 'OnDelete', rollingUpdate: { partition: 1 } } },
    'updateStrategy.rollingUpdate: Invalid value: {"partition":1}: only allowed for updateStrategy \'RollingUpdate\'',
  ],
  [{ updateStrategy: { rollingUpdate: { partition: 99 } } }],
  [
    { updateStrategy: { rollingUpdate: { partition: -1 } } },
    `updateStrategy.rollingUpdate.partition: Invalid value: -1: ${BAD.negative}`,
  ],
  [{ updateStrategy: { rollingUpdate: { maxUnavailable: '50%' } } }],
  [
    { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
    'updateStrategy.rollingUpdate.maxUnavailable: Invalid value: 0: cannot be 0',
  ],
  [
    { updateStrategy: { rollingUpdate: { maxUnavailable: '110%' } } },
    'updateStrategy.rollingUpdate.maxUnavailable: Invalid value: "110%": must not be greater than 100%',
  ],
  [{ ordinals: { start: 5 } }],
  [{ ordinals: { start: -1 } }, `ordinals.start: Invalid value: -1: ${BAD.negative}`],
  [{ persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' } }],
  [
    { persistentVolumeClaimRetentionPolicy: { whenScaled: 'x' } },
    'persistentVolumeClaimRetentionPolicy.whenScaled: Unsupported value: "x": supported values: "Delete", "Retain"',
  ],
])

describeFaults('a DaemonSet', daemonSet, [
  [{ selector: {} }, 'selector: Invalid value: {}: empty selector is invalid for daemonset'],
  [{ updateStrategy: { type: 'OnDelete' } }],
  [
    { updateStrategy: { type: 'x' } },
    'updateStrategy.type: Unsupported value: "x": supported values: "OnDelete", "RollingUpdate"',
  ],
  [{ updateStrategy: { rollingUpdate: { maxUnavailable: '30%' } } }],
  [{ updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } } }],
  [
    { updateStrategy: { rollingUpdate: { maxUnavailable: 0 } } },
    'updateStrategy.rollingUpdate.maxUnavailable: Required value: cannot be 0 when maxSurge is 0',
  ],
  [
    { updateStrategy: { rollingUpdate: { maxUnavailable: 1, maxSurge: 1 } } },
    'updateStrategy.rollingUpdate.maxSurge: Invalid value: 1: may not be set when maxUnavailable is non-zero',
  ],
  [
    { updateStrategy: { rollingUpdate: { maxUnavailable: 0, maxSurge: '101%' } } },
    'updateStrategy.rollingUpdate.maxSurge: Invalid value: "101%": must not be greater than 100%',
  ],
  [{ revisionHistoryLimit: -1 }, `revisionHistoryLimit: Invalid value: -1: ${BAD.negative}`],
])

const other = { matchLabels: { app: 'b' } }
for (const subject of [deployment, replicaSet, daemonSet]) {
  describeUpdates(`a ${subject.object.kind} that stands`, subject, [
    [{}, { replicas: 5 }],
    [{}, { 'template.spec.containers[0].image': 'other' }],
    [
      {},
      { 'template.spec.restartPolicy': 'OnFailure' },
      'template.spec.restartPolicy: Unsupported value: "OnFailure": supported values: "Always"',
    ],
    [
      {},
      { selector: other, 'template.metadata.labels': { app: 'b' } },
      'selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
    ],
  ])
}

const STATEFUL =
  ": Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
const claim = {
  metadata: { name: 'data' },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
}

const mounted = { 'template.spec.containers[0].volumeMounts': [{ name: 'data', mountPath: '/data' }] }
describeFaults('what pods of a StatefulSet mount', statefulSet, [
  [{ ...mounted, volumeClaimTemplates: [claim] }],
  [mounted, 'template.spec.containers[0].volumeMounts[0].name: Not found: "data"'],
])

describeUpdates('a StatefulSet that stands', statefulSet, [
  [{}, { replicas: 5, minReadySeconds: 3, ordinals: { start: 1 }, revisionHistoryLimit: 2 }],
  [{}, { 'template.spec.containers[0].image': 'other' }],
  [{}, { updateStrategy: { type: 'OnDelete' } }],
  [{}, { persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete' } }],
  [{}, { serviceName: 'other' }, STATEFUL],
  [{}, { podManagementPolicy: 'Parallel' }, STATEFUL],
  [{}, { volumeClaimTemplates: [claim] }, STATEFUL],
  [{ volumeClaimTemplates: [claim] }, { 'volumeClaimTemplates[0].spec.resources.requests.storage': '2Gi' }, STATEFUL],
  [{}, { selector: other, 'template.metadata.labels': { app: 'b' } }, STATEFUL],
])

describeFaults(
  'a ReplicationController',
  {
    object: { apiVersion: 'v1', kind: 'ReplicationController', metadata, spec: { selector: { app: 'a' }, template } },
    at: 'spec',
  },
  [
    [{}],
    [{ selector: undefined }],
    [{ selector: {}, 'template.metadata.labels': undefined }, 'selector: Required value'],
    [{ template: undefined }, 'template: Required value'],
    [{ replicas: -2 }, `replicas: Invalid value: -2: ${BAD.negative}`],
    [
      { selector: { app: 'b' } },
      'template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
    ],
    [
      { 'template.spec.activeDeadlineSeconds': 5 },
      'template.spec.activeDeadlineSeconds: Forbidden: activeDeadlineSeconds in ReplicationController is not Supported',
    ],
  ],
)
