import { BAD, describeUpdates, POD } from '../../testing.ts'

const FIXED =
  '/spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

describeUpdates('the spec of a pod', { object: POD, at: 'spec' }, [
  [{}, {}],
  [{}, { 'containers[0].image': 'nginx:2' }],
  [{}, { 'containers[0].image': '' }, 'containers[0].image: Required value'],
  [{}, { 'containers[0].command': ['x'] }, FIXED],
  [{}, { 'containers[0].resources': { limits: { cpu: '1' } } }, FIXED],
  [{}, { 'containers[0].env': [{ name: 'a', value: 'b' }] }, FIXED],
  [{}, { nodeName: 'n' }, FIXED],
  [{}, { hostname: 'other' }, FIXED],
  [{}, { serviceAccountName: 'other' }, FIXED],
  [{}, { priorityClassName: 'high' }, FIXED],
  [{}, { volumes: [{ name: 'v', emptyDir: {} }] }, FIXED],
  [{}, { terminationGracePeriodSeconds: 31 }, FIXED],
  [{}, { 'securityContext.runAsUser': 5 }, FIXED],
  [{}, { activeDeadlineSeconds: 20 }],
  [{ activeDeadlineSeconds: 20 }, { activeDeadlineSeconds: 10 }],
  [
    { activeDeadlineSeconds: 20 },
    { activeDeadlineSeconds: 30 },
    'activeDeadlineSeconds: Invalid value: 30: must be less than or equal to previous value',
  ],
  [
    { activeDeadlineSeconds: 20 },
    { activeDeadlineSeconds: undefined },
    'activeDeadlineSeconds: Invalid value: null: must not update from a positive integer to nil value',
  ],
  [{ schedulingGates: [{ name: 'a' }] }, { schedulingGates: [] }],
  [
    { schedulingGates: [{ name: 'a' }] },
    { schedulingGates: [{ name: 'b' }] },
    "schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
  ],
  [
    {},
    { schedulingGates: [{ name: 'b' }] },
    "schedulingGates[0].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
  ],
  [{ schedulingGates: [{ name: 'a' }] }, { nodeSelector: { zone: 'a' } }],
  [
    { schedulingGates: [{ name: 'a' }], nodeSelector: { zone: 'a' } },
    { nodeSelector: { zone: 'b' } },
    'nodeSelector: Invalid value: {"zone":"b"}: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
  ],
  [{}, { nodeSelector: { zone: 'a' } }, FIXED],
  [{}, { tolerations: [{ key: 'a', operator: 'Exists' }] }],
  [
    { tolerations: [{ key: 'a', operator: 'Exists' }] },
    { tolerations: [{ key: 'b', operator: 'Exists' }] },
    'tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
  ],
])

const init = { initContainers: [{ name: 'i', image: 'nginx' }] }
const COUNT = 'Forbidden: pod updates may not add or remove containers'

describeUpdates('the containers of a pod', { object: POD, at: 'spec' }, [
  [{}, { 'containers[0].name': 'other' }, FIXED],
  [{}, { 'containers[1]': { name: 'b', image: 'nginx' } }, `containers: ${COUNT}`],
  [init, { 'initContainers[0].image': 'nginx:2' }],
  [init, { 'initContainers[0].command': ['x'] }, FIXED],
  [init, { initContainers: [] }, `initContainers: ${COUNT}`],
])

const gpu = { key: 'gpu', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 60 }
const KNOWN = 'tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds'

describeUpdates('the patience of a pod', { object: POD, at: 'spec' }, [
  [{ tolerations: [gpu] }, { 'tolerations[1]': { operator: 'Exists' } }],
  [{ tolerations: [gpu] }, { 'tolerations[0].tolerationSeconds': 5 }],
  [{ tolerations: [gpu] }, { tolerations: [] }, KNOWN],
  [{ tolerations: [gpu] }, { 'tolerations[0].key': 'x' }, KNOWN],
  // What made no sense may be put right.
  [{ terminationGracePeriodSeconds: -1 }, { terminationGracePeriodSeconds: 1 }],
  [{ terminationGracePeriodSeconds: 30 }, { terminationGracePeriodSeconds: 1 }, FIXED],
])

const gates = { schedulingGates: [{ name: 'a' }, { name: 'b' }] }
const nodes = (...terms: object[]) => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: terms } } },
})
const term = (...keys: string[]) => ({ matchExpressions: keys.map(key => ({ key, operator: 'Exists' })) })
const near = {
  podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone', labelSelector: {} }] },
}
const TERMS = 'affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
const shown = (...terms: object[]) => JSON.stringify(terms)
const SELECTOR = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'

describeUpdates('where a pod that is held at a gate may go', { object: POD, at: 'spec' }, [
  [gates, { schedulingGates: [{ name: 'b' }] }],
  [gates, { schedulingGates: [] }],
  [
    gates,
    { schedulingGates: [{ name: 'a' }, { name: 'c' }] },
    "schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'c'",
  ],
  [{ ...gates, nodeSelector: { a: '1' } }, { nodeSelector: { a: '1', b: '2' } }],
  [
    { ...gates, nodeSelector: { a: '1' } },
    { nodeSelector: { a: '1', b: '2' }, schedulingGates: [] },
  ],
  [
    { ...gates, nodeSelector: { a: '1' } },
    { nodeSelector: undefined },
    `nodeSelector: Invalid value: null: ${SELECTOR}`,
  ],
  [{}, nodes(term('a')), FIXED],
  [gates, nodes(term('a'))],
  [{ ...gates, ...nodes(term('a')) }, nodes(term('a', 'b'))],
  [
    { ...gates, ...nodes(term('a', 'b')) },
    nodes(term('a')),
    `${TERMS}[0]: Invalid value: ${shown(term('a')).slice(1, -1)}: only additions are allowed (no mutations or deletions)`,
  ],
  [
    { ...gates, ...nodes(term('a')) },
    nodes(term('b')),
    `${TERMS}[0]: Invalid value: ${shown(term('b')).slice(1, -1)}: only additions are allowed (no mutations or deletions)`,
  ],
  // A term that chose no node at all may not begin to choose some.
  [
    { ...gates, ...nodes({}) },
    nodes(term('a')),
    `${TERMS}[0]: Invalid value: ${shown(term('a')).slice(1, -1)}: only additions are allowed (no mutations or deletions)`,
  ],
  [
    { ...gates, ...nodes(term('a')) },
    nodes(term('a'), term('b')),
    `${TERMS}: Invalid value: ${shown(term('a'), term('b'))}: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
  ],
  [
    { ...gates, ...nodes(term('a')) },
    { affinity: undefined },
    `${TERMS}: Invalid value: []: no additions/deletions to non-empty NodeSelectorTerms list are allowed`,
  ],
  [gates, { affinity: near }, FIXED],
  [{ ...gates, affinity: near }, { affinity: { ...near, ...nodes(term('a')).affinity } }],
])

describeUpdates('the metadata of a pod', { object: POD, at: 'metadata' }, [
  [{}, { labels: { a: 'b' }, annotations: { a: 'b' }, finalizers: ['example.com/a'] }],
  [{}, { labels: { a: 'b c' } }, `labels: Invalid value: "b c": ${BAD.value}`],
  [{}, { name: 'other' }, 'name: Invalid value: "other": field is immutable'],
  [{ uid: 'a' }, { uid: 'b' }, 'uid: Invalid value: "b": field is immutable'],
  [
    { deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/a'] },
    { finalizers: ['example.com/a', 'example.com/b'] },
    'finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers []string{"example.com/b"}',
  ],
  [{ deletionTimestamp: '2026-01-01T00:00:00Z', finalizers: ['example.com/a'] }, { finalizers: [] }],
  [
    {},
    { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    'annotations[kubernetes.io/config.mirror]: Forbidden: may not add mirror pod annotation',
  ],
  [
    { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    { annotations: { 'kubernetes.io/config.mirror': 'y' } },
    'annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
  ],
  [
    { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    { annotations: {} },
    'annotations[kubernetes.io/config.mirror]: Forbidden: may not remove or update mirror pod annotation',
  ],
  [
    {},
    { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
    'annotations[container.apparmor.security.beta.kubernetes.io/c]: Forbidden: may not add AppArmor annotations',
  ],
])

const debug = { name: 'd', image: 'busybox' }
const ephemeral = (...list: object[]) => ({ ephemeralContainers: list })
const NEVER = 'Forbidden: cannot be set for an Ephemeral Container'

describeUpdates('containers that come later', { object: POD, at: 'spec', through: 'ephemeralcontainers' }, [
  [{}, ephemeral(debug)],
  [{}, ephemeral({ ...debug, targetContainerName: 'c', tty: true, stdin: true, env: [{ name: 'a', value: 'b' }] })],
  [{}, ephemeral({ ...debug, targetContainerName: 'x' }), 'ephemeralContainers[0].targetContainerName: Not found: "x"'],
  [{}, ephemeral({ ...debug, name: 'c' }), 'ephemeralContainers[0].name: Duplicate value: "c"'],
  [{}, ephemeral({ ...debug, name: undefined }), 'ephemeralContainers[0].name: Required value'],
  [{}, ephemeral({ ...debug, image: '' }), 'ephemeralContainers[0].image: Required value'],
  [
    {},
    ephemeral({ ...debug, image: 'a ' }),
    'ephemeralContainers[0].image: Invalid value: "a ": must not have leading or trailing whitespace',
  ],
  [{}, ephemeral({ ...debug, ports: [{ containerPort: 80 }] }), `ephemeralContainers[0].ports: ${NEVER}`],
  [{}, ephemeral({ ...debug, resources: { limits: { cpu: '1' } } }), `ephemeralContainers[0].resources: ${NEVER}`],
  [
    {},
    ephemeral({ ...debug, lifecycle: { preStop: { exec: { command: ['x'] } } } }),
    `ephemeralContainers[0].lifecycle: ${NEVER}`,
  ],
  [
    { volumes: [{ name: 'v', emptyDir: {} }] },
    ephemeral({ ...debug, volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 'a' }] }),
    `ephemeralContainers[0].volumeMounts[0].subPath: ${NEVER}`,
  ],
  [
    ephemeral(debug),
    ephemeral(),
    'ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed',
  ],
  [
    ephemeral(debug),
    ephemeral({ ...debug, command: ['x'] }),
    'ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be changed',
  ],
  [ephemeral(debug), ephemeral({ ...debug, name: 'e' }, debug)],
  [
    ephemeral(debug, { ...debug, name: 'e' }),
    ephemeral({ ...debug, name: 'e' }),
    'ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed',
  ],
])

const amounts = (cpu: string, memory: string) => ({
  'containers[0].resources': { requests: { cpu, memory }, limits: { cpu, memory } },
})
const requests = (list: object) => ({ 'containers[0].resources': { requests: list } })

describeUpdates('a resize', { object: POD, at: 'spec', through: 'resize' }, [
  [amounts('1', '1Gi'), amounts('2', '2Gi')],
  [requests({ cpu: '1' }), requests({ cpu: '2' })],
  [requests({ cpu: '1' }), requests({ cpu: '1', memory: '1Gi' })],
  [
    amounts('1', '1Gi'),
    { 'containers[0].resources.limits.memory': '2Gi' },
    ': Invalid value: "": Pod QOS Class may not change as a result of resizing',
  ],
  [
    { 'containers[0].resources': { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } } },
    amounts('2', '1Gi'),
    ': Invalid value: "": Pod QOS Class may not change as a result of resizing',
  ],
  [{}, requests({ cpu: '1' }), ': Invalid value: "": Pod QOS Class may not change as a result of resizing'],
  [
    requests({ cpu: '1', memory: '1Gi' }),
    requests({ cpu: '1' }),
    'containers[0].resources.requests: Forbidden: resource requests cannot be removed',
  ],
  [
    amounts('1', '1Gi'),
    { 'containers[0].resources': { requests: { cpu: '1', memory: '1Gi' } } },
    ': Invalid value: "": Pod QOS Class may not change as a result of resizing',
    'containers[0].resources.limits: Forbidden: resource limits cannot be removed',
  ],
  [
    requests({ cpu: '1', 'example.com/x': '1' }),
    { 'containers[0].resources': { requests: { cpu: '1', 'example.com/x': '2' }, limits: { 'example.com/x': '2' } } },
    ': Forbidden: only cpu and memory resources are mutable',
  ],
  [
    { os: { name: 'windows' }, ...requests({ cpu: '1' }) },
    requests({ cpu: '2' }),
    '/: Forbidden: windows pods cannot be resized',
  ],
  [
    { initContainers: [{ name: 'i', image: 'i', resources: { requests: { cpu: '1' } } }] },
    { 'initContainers[0].resources': { requests: { cpu: '2' } } },
    ': Forbidden: resources for non-sidecar init containers are immutable',
  ],
])
