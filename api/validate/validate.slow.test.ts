import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { deepCopy, isRecord } from '../values.ts'
import { describeFieldError, invalidObject } from './errors.ts'
import { strayRules } from './rules.ts'

type Tree = Record<string, unknown>

/** A good object of each kind that is tried; tests spoil copies of them. */
const container = { name: 'c', image: 'nginx' }
const podSpec = { containers: [container] }
const template = { metadata: { labels: { app: 'a' } }, spec: podSpec }
const selector = { matchLabels: { app: 'a' } }

const GOOD: Record<string, [string, string, Tree]> = {
  Pod: ['', 'v1', { spec: podSpec }],
  Service: ['', 'v1', { spec: { ports: [{ port: 80 }] } }],
  ConfigMap: ['', 'v1', { data: { k: 'v' } }],
  Secret: ['', 'v1', { data: { k: 'dg==' } }],
  Node: ['', 'v1', { spec: {} }],
  Event: ['', 'v1', { involvedObject: { namespace: 'ns' } }],
  LimitRange: ['', 'v1', { spec: { limits: [{ type: 'Pod', max: { cpu: '2' }, min: { cpu: '1' } }] } }],
  ResourceQuota: ['', 'v1', { spec: { hard: { pods: '3' } } }],
  Endpoints: ['', 'v1', { subsets: [{ addresses: [{ ip: '10.0.0.1' }], ports: [{ port: 80 }] }] }],
  PersistentVolume: [
    '',
    'v1',
    { spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/x' } } },
  ],
  PersistentVolumeClaim: [
    '',
    'v1',
    { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } } },
  ],
  ReplicationController: ['', 'v1', { spec: { selector: { app: 'a' }, template } }],
  Deployment: ['apps', 'v1', { spec: { selector, template } }],
  ReplicaSet: ['apps', 'v1', { spec: { selector, template } }],
  DaemonSet: ['apps', 'v1', { spec: { selector, template } }],
  StatefulSet: ['apps', 'v1', { spec: { selector, template, serviceName: 's' } }],
  Job: ['batch', 'v1', { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } }],
  CronJob: [
    'batch',
    'v1',
    {
      spec: {
        schedule: '*/5 * * * *',
        jobTemplate: { spec: { template: { spec: { ...podSpec, restartPolicy: 'Never' } } } },
      },
    },
  ],
  HorizontalPodAutoscaler: [
    'autoscaling',
    'v2',
    { spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a' } } },
  ],
  PodDisruptionBudget: ['policy', 'v1', { spec: { selector, minAvailable: 1 } }],
  Role: ['rbac.authorization.k8s.io', 'v1', { rules: [{ verbs: ['get'], apiGroups: [''], resources: ['pods'] }] }],
  ClusterRole: ['rbac.authorization.k8s.io', 'v1', { rules: [{ verbs: ['get'], nonResourceURLs: ['/healthz'] }] }],
  RoleBinding: [
    'rbac.authorization.k8s.io',
    'v1',
    { roleRef: { kind: 'Role', name: 'r' }, subjects: [{ kind: 'User', name: 'u' }] },
  ],
  Ingress: [
    'networking.k8s.io',
    'v1',
    {
      spec: {
        rules: [
          {
            host: 'a.example.com',
            http: {
              paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 's', port: { number: 80 } } } }],
            },
          },
        ],
      },
    },
  ],
  NetworkPolicy: [
    'networking.k8s.io',
    'v1',
    { spec: { podSelector: {}, ingress: [{ from: [{ ipBlock: { cidr: '10.0.0.0/8' } }], ports: [{ port: 80 }] }] } },
  ],
  StorageClass: ['storage.k8s.io', 'v1', { provisioner: 'example.com/p' }],
  Lease: ['coordination.k8s.io', 'v1', { spec: { leaseDurationSeconds: 5 } }],
  EndpointSlice: ['discovery.k8s.io', 'v1', { addressType: 'IPv4', endpoints: [{ addresses: ['10.0.0.1'] }] }],
  PriorityClass: ['scheduling.k8s.io', 'v1', { value: 10 }],
  RuntimeClass: ['node.k8s.io', 'v1', { handler: 'runc' }],
  CertificateSigningRequest: [
    'certificates.k8s.io',
    'v1',
    {
      spec: {
        request: Buffer.from('-----BEGIN CERTIFICATE REQUEST-----').toString('base64'),
        signerName: 'example.com/s',
        usages: ['client auth'],
      },
    },
  ],
  ValidatingWebhookConfiguration: [
    'admissionregistration.k8s.io',
    'v1',
    {
      webhooks: [
        {
          name: 'a.example.com',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
          clientConfig: { url: 'https://h/x' },
        },
      ],
    },
  ],
  FlowSchema: ['flowcontrol.apiserver.k8s.io', 'v1', { spec: { priorityLevelConfiguration: { name: 'p' } } }],
}

function good(name: string): { kind: NonNullable<ReturnType<typeof findKind>>; object: KubeObject } {
  const [group, version, body] = GOOD[name]!
  const kind = findKind(group, version, name)!
  const metadata = { name: name.toLowerCase(), ...(kind.namespaced ? { namespace: 'ns' } : {}) }
  const object = { metadata, ...deepCopy(body) } as KubeObject
  return { kind, object }
}

/** Lays a change over an object: null deletes, lists are taken by index. */
function lay(target: unknown, change: unknown): unknown {
  if (Array.isArray(target) && isRecord(change))
    return target.map((item, index) => (index in change ? lay(item, change[index]) : item))
  if (!isRecord(change)) return change
  const result: Tree = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(change)) {
    if (value === null) delete result[key]
    else result[key] = lay(result[key], value)
  }
  return result
}

function faults(name: string, change: Tree): string[] {
  const { kind, object } = good(name)
  const changed = lay(object, change) as KubeObject
  kind.setDefaults(changed)
  return kind.validate(changed).map(describeFieldError)
}

function updateFaults(name: string, change: Tree): string[] {
  const { kind, object } = good(name)
  kind.setDefaults(object)
  const changed = lay(object, change) as KubeObject
  kind.setDefaults(changed)
  return kind.validateUpdate(changed, object).map(describeFieldError)
}

describe('rules', () => {
  it('are about fields that exist', () => assert.deepEqual(strayRules(), []))
})

describe('a good object', () => {
  for (const name of Object.keys(GOOD)) it(`of kind ${name} is taken`, () => assert.deepEqual(faults(name, {}), []))
  for (const name of Object.keys(GOOD))
    it(`of kind ${name} may be updated with itself`, () => assert.deepEqual(updateFaults(name, {}), []))
})

const c0 = (change: Tree) => ({ spec: { containers: { 0: change } } })

const CREATE: [string, Tree, string][] = [
  ['Pod', { metadata: { name: null } }, 'metadata.name: Required value: name or generateName is required'],
  [
    'Pod',
    { metadata: { labels: { 'a b': 'c' } } },
    "metadata.labels: Invalid value: \"a b\": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')",
  ],
  ['Pod', { spec: { containers: [] } }, 'spec.containers: Required value'],
  ['Pod', c0({ name: null }), 'spec.containers[0].name: Required value'],
  ['Pod', c0({ image: '' }), 'spec.containers[0].image: Required value'],
  [
    'Pod',
    c0({ imagePullPolicy: 'Sometimes' }),
    'spec.containers[0].imagePullPolicy: Unsupported value: "Sometimes": supported values: "Always", "IfNotPresent", "Never"',
  ],
  [
    'Pod',
    { spec: { restartPolicy: 'x' } },
    'spec.restartPolicy: Unsupported value: "x": supported values: "Always", "Never", "OnFailure"',
  ],
  ['Pod', { spec: { containers: [container, container] } }, 'spec.containers[1].name: Duplicate value: "c"'],
  [
    'Pod',
    c0({ ports: [{ containerPort: 70000 }] }),
    'spec.containers[0].ports[0].containerPort: Invalid value: 70000: must be between 1 and 65535, inclusive',
  ],
  [
    'Pod',
    c0({ ports: [{ containerPort: 80, protocol: 'ICMP' }] }),
    'spec.containers[0].ports[0].protocol: Unsupported value: "ICMP": supported values: "SCTP", "TCP", "UDP"',
  ],
  [
    'Pod',
    c0({ volumeMounts: [{ name: 'v', mountPath: '/x' }] }),
    'spec.containers[0].volumeMounts[0].name: Not found: "v"',
  ],
  [
    'Pod',
    c0({ resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } }),
    'spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1',
  ],
  [
    'Pod',
    c0({ resources: { limits: { cpu: '-1' } } }),
    'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  ['Pod', c0({ livenessProbe: {} }), 'spec.containers[0].livenessProbe: Required value: must specify a handler type'],
  [
    'Pod',
    c0({ livenessProbe: { exec: { command: ['x'] }, successThreshold: 2 } }),
    'spec.containers[0].livenessProbe.successThreshold: Invalid value: 2: must be 1',
  ],
  [
    'Pod',
    c0({ env: [{ name: 'a=b' }] }),
    'spec.containers[0].env[0].name: Invalid value: "a=b": a valid environment variable name must consist only of printable ASCII characters other than \'=\'',
  ],
  [
    'Pod',
    { spec: { volumes: [{ name: 'v', emptyDir: {}, hostPath: { path: '/' } }] } },
    'spec.volumes[0].hostPath: Forbidden: may not specify more than 1 volume type',
  ],
  ['Pod', { spec: { volumes: [{ name: 'v', configMap: {} }] } }, 'spec.volumes[0].configMap.name: Required value'],
  [
    'Pod',
    { spec: { tolerations: [{ operator: 'Equal', value: 'x' }] } },
    'spec.tolerations[0].operator: Invalid value: "Equal": operator must be Exists when `key` is empty, which means "match all values and all keys"',
  ],
  [
    'Pod',
    { spec: { topologySpreadConstraints: [{ maxSkew: 0, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }] } },
    'spec.topologySpreadConstraints[0].maxSkew: Invalid value: 0: must be greater than zero',
  ],
  [
    'Pod',
    { spec: { securityContext: { runAsUser: -1 } } },
    'spec.securityContext.runAsUser: Invalid value: -1: must be between 0 and 2147483647, inclusive',
  ],
  [
    'Pod',
    { spec: { terminationGracePeriodSeconds: -1 } },
    'spec.terminationGracePeriodSeconds: Invalid value: -1: must be greater than or equal to 0',
  ],
  [
    'Pod',
    { spec: { initContainers: [{ ...container, name: 'i', livenessProbe: { exec: { command: ['x'] } } }] } },
    'spec.initContainers[0].livenessProbe: Forbidden: may not be set for init containers without restartPolicy=Always',
  ],
  [
    'Pod',
    { spec: { dnsPolicy: 'None' } },
    'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None',
  ],
  [
    'Pod',
    {
      spec: {
        affinity: {
          nodeAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: {
              nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In' }] }],
            },
          },
        },
      },
    },
    "spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms[0].matchExpressions[0].values: Required value: must be specified when `operator` is 'In' or 'NotIn'",
  ],
  ['Deployment', { spec: { selector: null } }, 'spec.selector: Required value'],
  [
    'Deployment',
    { spec: { selector: { matchLabels: { app: 'b' } } } },
    'spec.template.metadata.labels: Invalid value: {"app":"a"}: `selector` does not match template `labels`',
  ],
  ['Deployment', { spec: { replicas: -1 } }, 'spec.replicas: Invalid value: -1: must be greater than or equal to 0'],
  [
    'Deployment',
    { spec: { strategy: { type: 'Recreate', rollingUpdate: {} } } },
    "spec.strategy.rollingUpdate: Forbidden: may not be specified when strategy `type` is 'Recreate'",
  ],
  [
    'Deployment',
    { spec: { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } } },
    'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: 0: may not be 0 when `maxSurge` is 0',
  ],
  [
    'Deployment',
    { spec: { template: { spec: { restartPolicy: 'Never' } } } },
    'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
  ],
  [
    'Deployment',
    { spec: { template: { spec: { containers: { 0: { name: 'A' } } } } } },
    "spec.template.spec.containers[0].name: Invalid value: \"A\": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'ReplicaSet',
    { spec: { selector: { matchLabels: null } } },
    'spec.selector: Invalid value: {}: empty selector is invalid for replicaset',
  ],
  [
    'StatefulSet',
    { spec: { podManagementPolicy: 'x' } },
    "spec.podManagementPolicy: Invalid value: \"x\": must be 'OrderedReady' or 'Parallel'",
  ],
  [
    'DaemonSet',
    { spec: { updateStrategy: { type: 'x' } } },
    'spec.updateStrategy.type: Unsupported value: "x": supported values: "OnDelete", "RollingUpdate"',
  ],
  [
    'Job',
    { spec: { template: { spec: { restartPolicy: 'Always' } } } },
    'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
  ],
  [
    'Job',
    { spec: { completionMode: 'Indexed', completions: null, parallelism: 1 } },
    'spec.completions: Required value: when completion mode is Indexed',
  ],
  [
    'CronJob',
    { spec: { schedule: '* * *' } },
    'spec.schedule: Invalid value: "* * *": expected exactly 5 fields, found 3: [* * *]',
  ],
  [
    'CronJob',
    { spec: { schedule: '61 * * * *' } },
    'spec.schedule: Invalid value: "61 * * * *": end of range (61) above maximum (59): 61',
  ],
  [
    'CronJob',
    { spec: { timeZone: 'Mars/Base' } },
    'spec.timeZone: Invalid value: "Mars/Base": unknown time zone Mars/Base',
  ],
  [
    'CronJob',
    { metadata: { name: 'x'.repeat(53) } },
    `metadata.name: Invalid value: "${'x'.repeat(53)}": must be no more than 52 characters`,
  ],
  [
    'HorizontalPodAutoscaler',
    { spec: { maxReplicas: 0 } },
    'spec.maxReplicas: Invalid value: 0: must be greater than 0',
  ],
  [
    'HorizontalPodAutoscaler',
    { spec: { minReplicas: 5 } },
    'spec.maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`',
  ],
  [
    'PodDisruptionBudget',
    { spec: { maxUnavailable: '10' } },
    "spec.maxUnavailable: Invalid value: \"10\": a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%',  or '93%', regex used for validation is '[0-9]+%')",
  ],
  ['Service', { spec: { ports: null } }, 'spec.ports: Required value'],
  [
    'Service',
    { spec: { type: 'x' } },
    'spec.type: Unsupported value: "x": supported values: "ClusterIP", "ExternalName", "LoadBalancer", "NodePort"',
  ],
  ['Service', { spec: { ports: [{ port: 80 }, { port: 81 }] } }, 'spec.ports[0].name: Required value'],
  [
    'Service',
    { spec: { ports: [{ port: 80, nodePort: 30000 }] } },
    "spec.ports[0].nodePort: Forbidden: may not be used when `type` is 'ClusterIP'",
  ],
  [
    'Service',
    { spec: { clusterIP: 'x' } },
    'spec.clusterIPs[0]: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  ['Service', { spec: { type: 'ExternalName' } }, 'spec.externalName: Required value'],
  [
    'Service',
    { metadata: { name: '1a' } },
    "metadata.name: Invalid value: \"1a\": a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')",
  ],
  [
    'ConfigMap',
    { data: { 'a/b': 'c' } },
    "data[a/b]: Invalid value: \"a/b\": a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')",
  ],
  ['ConfigMap', { data: { k: 'x'.repeat(1024 * 1024 + 1) } }, ': Too long: may not be more than 1048576 bytes'],
  ['Secret', { type: 'kubernetes.io/tls' }, 'data[tls.crt]: Required value'],
  [
    'Node',
    { spec: { taints: [{ key: 'a', effect: 'x' }] } },
    'metadata.taints[0].effect: Unsupported value: "x": supported values: "NoExecute", "NoSchedule", "PreferNoSchedule"',
  ],
  [
    'Event',
    { involvedObject: { namespace: 'other' } },
    'involvedObject.namespace: Invalid value: "other": does not match event.namespace',
  ],
  [
    'LimitRange',
    { spec: { limits: { 0: { min: { cpu: '3' } } } } },
    'spec.limits[0].min[cpu]: Invalid value: "3": min value 3 is greater than max value 2',
  ],
  [
    'ResourceQuota',
    { spec: { hard: { pods: '-1' } } },
    'spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0',
  ],
  [
    'Endpoints',
    { subsets: { 0: { addresses: { 0: { ip: 'x' } } } } },
    'subsets[0].addresses[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
  ],
  ['PersistentVolume', { spec: { hostPath: null } }, 'spec: Required value: must specify a volume type'],
  ['PersistentVolume', { spec: { capacity: null } }, 'spec.capacity: Required value'],
  ['PersistentVolume', { metadata: { namespace: 'x' } }, 'metadata.namespace: Forbidden: not allowed on this type'],
  [
    'PersistentVolumeClaim',
    { spec: { accessModes: [] } },
    'spec.accessModes: Required value: at least 1 access mode is required',
  ],
  ['PersistentVolumeClaim', { spec: { resources: null } }, 'spec.resources[storage]: Required value'],
  ['StorageClass', { provisioner: '' }, 'provisioner: Required value'],
  ['Role', { rules: { 0: { verbs: [] } } }, 'rules[0].verbs: Required value: verbs must contain at least one value'],
  [
    'Role',
    { rules: { 0: { resources: null } } },
    'rules[0].resources: Required value: resource rules must supply at least one resource',
  ],
  [
    'Role',
    { rules: [{ verbs: ['get'], nonResourceURLs: ['/x'] }] },
    'rules[0].nonResourceURLs: Invalid value: ["/x"]: namespaced rules cannot apply to non-resource URLs',
  ],
  [
    'RoleBinding',
    { roleRef: { kind: 'x' } },
    'roleRef.kind: Unsupported value: "x": supported values: "ClusterRole", "Role"',
  ],
  ['RoleBinding', { subjects: [{ kind: 'ServiceAccount', name: 's' }] }, 'subjects[0].namespace: Required value'],
  [
    'Ingress',
    { spec: { rules: { 0: { http: { paths: { 0: { pathType: null } } } } } } },
    'spec.rules[0].http.paths[0].pathType: Required value: pathType must be specified',
  ],
  [
    'Ingress',
    { spec: { rules: { 0: { http: { paths: { 0: { path: 'x' } } } } } } },
    'spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
  ],
  [
    'NetworkPolicy',
    { spec: { ingress: { 0: { from: { 0: { ipBlock: { cidr: 'x' } } } } } } },
    'spec.ingress[0].from[0].ipBlock.cidr: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)',
  ],
  [
    'Lease',
    { spec: { leaseDurationSeconds: 0 } },
    'spec.leaseDurationSeconds: Invalid value: 0: must be greater than 0',
  ],
  [
    'EndpointSlice',
    { addressType: 'IPv6' },
    'endpoints[0].addresses[0]: Invalid value: "10.0.0.1": must be an IPv6 address',
  ],
  [
    'PriorityClass',
    { value: 2_000_000_000 },
    'value: Forbidden: maximum allowed value of a user defined priority is 1000000000',
  ],
  [
    'CertificateSigningRequest',
    { spec: { request: 'eA==' } },
    'spec.request: Invalid value: "eA==": PEM block type must be CERTIFICATE REQUEST',
  ],
  [
    'ValidatingWebhookConfiguration',
    { webhooks: { 0: { name: 'x' } } },
    'webhooks[0].name: Invalid value: "x": should be a domain with at least three segments separated by dots',
  ],
  [
    'FlowSchema',
    { spec: { matchingPrecedence: 20_000 } },
    'spec.matchingPrecedence: Invalid value: 20000: must be between 1 and 10000, inclusive',
  ],
]

describe('a new object', () => {
  for (const [name, change, fault] of CREATE) {
    it(`${name}: ${fault.slice(0, 90)}`, () => {
      const found = faults(name, change)
      assert.ok(found.includes(fault), found.join('\n') || 'nothing was wrong')
    })
  }
})

const UPDATE: [string, Tree, string | undefined][] = [
  ['Pod', c0({ image: 'other' }), undefined],
  ['Pod', { spec: { tolerations: [{ key: 'a', operator: 'Exists' }] } }, undefined],
  [
    'Pod',
    { spec: { nodeSelector: { a: 'b' } } },
    'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
  ],
  [
    'Pod',
    { spec: { containers: [container, { ...container, name: 'd' }] } },
    'spec.containers: Forbidden: pod updates may not add or remove containers',
  ],
  ['Pod', { metadata: { name: 'other' } }, 'metadata.name: Invalid value: "other": field is immutable'],
  ['Deployment', { spec: { replicas: 7 } }, undefined],
  [
    'Deployment',
    { spec: { selector: { matchLabels: { app: 'b' } }, template: { metadata: { labels: { app: 'b' } } } } },
    'spec.selector: Invalid value: {"matchLabels":{"app":"b"}}: field is immutable',
  ],
  [
    'StatefulSet',
    { spec: { serviceName: 'other' } },
    "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden",
  ],
  ['Job', { spec: { parallelism: 4 } }, undefined],
  ['Job', { spec: { completions: 4 } }, 'spec.completions: Invalid value: 4: field is immutable'],
  [
    'RoleBinding',
    { roleRef: { name: 'other' } },
    'roleRef: Invalid value: {"kind":"Role","name":"other","apiGroup":"rbac.authorization.k8s.io"}: cannot change roleRef',
  ],
  ['Secret', { type: 'x/y' }, 'type: Invalid value: "x/y": field is immutable'],
  [
    'PersistentVolumeClaim',
    { spec: { resources: { requests: { storage: '512Mi' } } } },
    'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity',
  ],
  [
    'PersistentVolume',
    { spec: { hostPath: { path: '/y' } } },
    'spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
  ],
  ['PriorityClass', { value: 11 }, 'value: Forbidden: may not be changed in an update.'],
  ['RuntimeClass', { handler: 'other' }, 'handler: Invalid value: "other": field is immutable'],
]

describe('a change', () => {
  for (const [name, change, fault] of UPDATE) {
    it(`${name}: ${fault?.slice(0, 90) ?? 'is taken'}`, () => {
      const found = updateFaults(name, change)
      if (fault) assert.ok(found.includes(fault), found.join('\n') || 'nothing was wrong')
      else assert.deepEqual(found, [])
    })
  }

  it('of a StatefulSet to mount what its pods claim is taken, and nothing else', () => {
    const mounts = { 0: { volumeMounts: [{ name: 'data', mountPath: '/data' }] } }
    const claims = [
      {
        metadata: { name: 'data' },
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1' } } },
      },
    ]
    const template = { spec: { containers: mounts } }
    assert.deepEqual(faults('StatefulSet', { spec: { template, volumeClaimTemplates: claims } }), [])
    assert.deepEqual(faults('StatefulSet', { spec: { template } }), [
      'spec.template.spec.containers[0].volumeMounts[0].name: Not found: "data"',
    ])
  })

  it('of an immutable ConfigMap is refused', () => {
    const { kind, object } = good('ConfigMap')
    Object.assign(object, { immutable: true })
    const changed = { ...object, data: { k: 'w' } } as KubeObject
    assert.deepEqual(kind.validateUpdate(changed, object).map(describeFieldError), [
      'data: Forbidden: field is immutable when `immutable` is set',
    ])
  })

  it('of a service may not take its address', () => {
    const { kind, object } = good('Service')
    const old = lay(object, { spec: { clusterIP: '10.0.0.5', clusterIPs: ['10.0.0.5'] } }) as KubeObject
    for (const one of [old, object]) kind.setDefaults(one)
    assert.match(
      kind.validateUpdate(object, old).map(describeFieldError).join(),
      /spec\.clusterIPs\[0\]: Invalid value: \[\]: primary clusterIP can not be unset/,
    )
  })
})

describe('a change through a subresource', () => {
  const cpu = (amount: string) => ({
    resources: { requests: { cpu: amount, memory: '1' }, limits: { cpu: amount, memory: '1' } },
  })
  const debug = { name: 'd', image: 'busybox' }
  const cases: [subresource: string, before: Tree, after: Tree, fault: string | undefined][] = [
    ['resize', c0(cpu('1')), c0(cpu('2')), undefined],
    [
      'resize',
      c0(cpu('1')),
      c0({ resources: { requests: { cpu: '1' }, limits: null } }),
      'spec: Invalid value: "": Pod QOS Class may not change as a result of resizing',
    ],
    [
      'resize',
      c0(cpu('1')),
      c0(cpu('-1')),
      'spec.containers[0].resources.limits[cpu]: Invalid value: "-1": must be greater than or equal to 0',
    ],
    ['ephemeralcontainers', {}, { spec: { ephemeralContainers: [debug] } }, undefined],
    [
      'ephemeralcontainers',
      {},
      { spec: { ephemeralContainers: [{ ...debug, ports: [{ containerPort: 1 }] }] } },
      'spec.ephemeralContainers[0].ports: Forbidden: cannot be set for an Ephemeral Container',
    ],
    [
      'ephemeralcontainers',
      {},
      { spec: { ephemeralContainers: [{ ...debug, name: 'c' }] } },
      'spec.ephemeralContainers[0].name: Duplicate value: "c"',
    ],
    [
      'ephemeralcontainers',
      { spec: { ephemeralContainers: [debug] } },
      { spec: { ephemeralContainers: [] } },
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be removed',
    ],
    [
      'ephemeralcontainers',
      { spec: { ephemeralContainers: [debug] } },
      { spec: { ephemeralContainers: [{ ...debug, image: 'x' }] } },
      'spec.ephemeralContainers: Forbidden: existing ephemeral containers "d" may not be changed',
    ],
  ]
  for (const [subresource, before, after, fault] of cases) {
    it(`of a pod: ${subresource}: ${fault ?? 'is taken'}`, () => {
      const { kind, object } = good('Pod')
      const [old, changed] = [lay(object, before), lay(lay(object, before), after)] as [KubeObject, KubeObject]
      for (const one of [old, changed]) kind.setDefaults(one)
      const found = kind.validateSubresource![subresource]!(changed, old).map(describeFieldError)
      if (fault) assert.ok(found.includes(fault), found.join('\n') || 'nothing was wrong')
      else assert.deepEqual(found, [])
    })
  }

  it('of a signing request: a decision stands, and is one', () => {
    const { kind, object } = good('CertificateSigningRequest')
    const decided = (...types: string[]) =>
      ({ ...object, status: { conditions: types.map(type => ({ type, status: 'True' })) } }) as KubeObject
    const approve = kind.validateSubresource!.approval!
    assert.deepEqual(approve(decided('Approved'), object), [])
    assert.match(approve(decided('Approved', 'Denied'), object).map(describeFieldError).join(), /mutually exclusive/)
    assert.match(
      approve(object, decided('Denied')).map(describeFieldError).join(),
      /may not remove a condition of type "Denied"/,
    )
  })
})

describe('the answer to an object with faults', () => {
  it('names kind, object and every fault', () => {
    const { kind, object } = good('Deployment')
    const bad = lay(object, { spec: { replicas: -1, template: { spec: { containers: [] } } } }) as KubeObject
    kind.setDefaults(bad)
    const error = invalidObject(kind, 'web', kind.validate(bad))
    assert.equal(error.code, 422)
    assert.equal(
      error.message,
      'Deployment.apps "web" is invalid: [spec.replicas: Invalid value: -1: must be greater than or equal to 0, spec.template.spec.containers: Required value]',
    )
    assert.deepEqual(error.details?.causes?.[1], {
      reason: 'FieldValueRequired',
      message: 'Required value',
      field: 'spec.template.spec.containers',
    })
    assert.equal(error.details?.group, 'apps')
  })
})
