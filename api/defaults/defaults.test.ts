import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { builtinKinds, findKind } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { messageOf } from '../schema.ts'
import { deepCopy } from '../values.ts'
import { fillRequired } from './required.ts'

function defaulted(group: string, version: string, kind: string, object: object): Record<string, unknown> {
  const copy = deepCopy(object) as KubeObject
  findKind(group, version, kind)!.setDefaults(copy)
  return copy as Record<string, unknown>
}

/** What an object has anyway, beside its defaults. */
function filled(object: object, group: string, version: string, kind: string): object {
  const copy = deepCopy(object)
  fillRequired(copy, messageOf({ group, version, kind }))
  return copy
}

const container = {
  name: 'c',
  image: 'nginx',
  imagePullPolicy: 'Always',
  resources: {},
  terminationMessagePath: '/dev/termination-log',
  terminationMessagePolicy: 'File',
}

const podSpec = {
  containers: [container],
  dnsPolicy: 'ClusterFirst',
  restartPolicy: 'Always',
  schedulerName: 'default-scheduler',
  securityContext: {},
  terminationGracePeriodSeconds: 30,
}

const plain = { containers: [{ name: 'c', image: 'nginx' }] }

describe('a pod', () => {
  it('gets everything that a pod has', () => {
    assert.deepEqual(defaulted('', 'v1', 'Pod', { spec: plain }), { spec: { ...podSpec, enableServiceLinks: true } })
  })

  const images: [string, string][] = [
    ['nginx', 'Always'],
    ['nginx:latest', 'Always'],
    ['nginx:1', 'IfNotPresent'],
    ['host:5000/nginx', 'Always'],
    ['host:5000/nginx:1', 'IfNotPresent'],
    ['nginx@sha256:abc', 'IfNotPresent'],
    ['nginx:latest@sha256:abc', 'IfNotPresent'],
  ]
  for (const [image, policy] of images) {
    it(`pulls ${image} ${policy}`, () => {
      const { spec } = defaulted('', 'v1', 'Pod', { spec: { containers: [{ name: 'c', image }] } }) as {
        spec: typeof podSpec
      }
      assert.equal(spec.containers[0]?.imagePullPolicy, policy)
    })
  }

  const parts: [string, object, object][] = [
    [
      'requests are the limits',
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } },
      { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } } },
    ],
    ['ports are TCP', { ports: [{ containerPort: 80 }] }, { ports: [{ containerPort: 80, protocol: 'TCP' }] }],
    [
      'probes have times',
      { livenessProbe: { httpGet: { port: 80 } } },
      {
        livenessProbe: {
          httpGet: { port: 80, path: '/', scheme: 'HTTP' },
          timeoutSeconds: 1,
          periodSeconds: 10,
          successThreshold: 1,
          failureThreshold: 3,
        },
      },
    ],
    [
      'fields are of v1',
      { env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'x' } } }] },
      { env: [{ name: 'N', valueFrom: { fieldRef: { fieldPath: 'x', apiVersion: 'v1' } } }] },
    ],
  ]
  for (const [what, given, expected] of parts) {
    it(`of a container: ${what}`, () => {
      const { spec } = defaulted('', 'v1', 'Pod', { spec: { containers: [{ ...container, ...given }] } }) as {
        spec: typeof podSpec
      }
      assert.deepEqual(spec.containers[0], { ...container, ...expected })
    })
  }

  const volumes: [object, object][] = [
    [{}, { emptyDir: {} }],
    [{ secret: { secretName: 's' } }, { secret: { secretName: 's', defaultMode: 420 } }],
    [{ configMap: { name: 's', defaultMode: 0 } }, { configMap: { name: 's', defaultMode: 0 } }],
    [{ hostPath: { path: '/x' } }, { hostPath: { path: '/x', type: '' } }],
    [
      { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
      { projected: { defaultMode: 420, sources: [{ serviceAccountToken: { path: 't', expirationSeconds: 3600 } }] } },
    ],
  ]
  for (const [given, expected] of volumes) {
    it(`of a volume: ${JSON.stringify(given)}`, () => {
      const { spec } = defaulted('', 'v1', 'Pod', { spec: { ...plain, volumes: [{ name: 'v', ...given }] } }) as {
        spec: { volumes: object[] }
      }
      assert.deepEqual(spec.volumes, [{ name: 'v', ...expected }])
    })
  }

  it('has the ports of its host when it is in its network', () => {
    const spec = { hostNetwork: true, containers: [{ name: 'c', image: 'x', ports: [{ containerPort: 80 }] }] }
    const made = defaulted('', 'v1', 'Pod', { spec }) as { spec: { containers: { ports: object[] }[] } }
    assert.deepEqual(made.spec.containers[0]?.ports, [{ containerPort: 80, hostPort: 80, protocol: 'TCP' }])
  })

  it('has its service account under both names', () => {
    const made = defaulted('', 'v1', 'Pod', { spec: { ...plain, serviceAccount: 'a' } }) as {
      spec: Record<string, unknown>
    }
    assert.equal(made.spec.serviceAccountName, 'a')
  })
})

const template = { metadata: { labels: { a: 'b' } }, spec: plain }
const fullTemplate = { metadata: { labels: { a: 'b' } }, spec: podSpec }
const fullJob = {
  backoffLimit: 6,
  completionMode: 'NonIndexed',
  suspend: false,
  podReplacementPolicy: 'TerminatingOrFailed',
  template: fullTemplate,
}

describe('required fields', () => {
  it('get their zeros, but not what Go has a pointer for', () => {
    const made = { spec: {} }
    fillRequired(made, 'apps.v1.Deployment')
    assert.deepEqual(made, { spec: { template: {} } })
    const pod = { spec: { containers: [{ ports: [{}], livenessProbe: { tcpSocket: {} } }] } }
    fillRequired(pod, 'core.v1.Pod')
    const container = { name: '', ports: [{ containerPort: 0 }], livenessProbe: { tcpSocket: { port: 0 } } }
    assert.deepEqual(pod, { spec: { containers: [container] } })
  })
})

describe('defaults of', () => {
  const cases: [group: string, version: string, kind: string, given: object, expected: object][] = [
    [
      'apps',
      'v1',
      'Deployment',
      { spec: { template } },
      {
        spec: {
          replicas: 1,
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
          template: fullTemplate,
        },
      },
    ],
    [
      'apps',
      'v1',
      'Deployment',
      { spec: { replicas: 0, strategy: { type: 'Recreate' }, template } },
      {
        spec: {
          replicas: 0,
          revisionHistoryLimit: 10,
          progressDeadlineSeconds: 600,
          strategy: { type: 'Recreate' },
          template: fullTemplate,
        },
      },
    ],
    [
      'apps',
      'v1',
      'DaemonSet',
      { spec: { template } },
      {
        spec: {
          revisionHistoryLimit: 10,
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 1, maxSurge: 0 } },
          template: fullTemplate,
        },
      },
    ],
    [
      'apps',
      'v1',
      'StatefulSet',
      { spec: { template, volumeClaimTemplates: [{ spec: {} }] } },
      {
        spec: {
          replicas: 1,
          revisionHistoryLimit: 10,
          podManagementPolicy: 'OrderedReady',
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 0 } },
          persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Retain', whenScaled: 'Retain' },
          template: fullTemplate,
          volumeClaimTemplates: [
            {
              apiVersion: 'v1',
              kind: 'PersistentVolumeClaim',
              spec: { volumeMode: 'Filesystem' },
              status: { phase: 'Pending' },
            },
          ],
        },
      },
    ],
    [
      'batch',
      'v1',
      'Job',
      { spec: { template } },
      {
        metadata: { labels: { a: 'b' } },
        spec: {
          parallelism: 1,
          completions: 1,
          ...fullJob,
        },
      },
    ],
    [
      'batch',
      'v1',
      'Job',
      { metadata: { labels: { c: 'd' } }, spec: { parallelism: 3, template } },
      {
        metadata: { labels: { c: 'd' } },
        spec: {
          parallelism: 3,
          ...fullJob,
        },
      },
    ],
    [
      'batch',
      'v1',
      'CronJob',
      { spec: { schedule: 'x' } },
      {
        spec: {
          schedule: 'x',
          concurrencyPolicy: 'Allow',
          suspend: false,
          successfulJobsHistoryLimit: 3,
          failedJobsHistoryLimit: 1,
        },
      },
    ],
    [
      '',
      'v1',
      'ReplicationController',
      { spec: { template } },
      { metadata: { labels: { a: 'b' } }, spec: { replicas: 1, selector: { a: 'b' }, template: fullTemplate } },
    ],
    [
      '',
      'v1',
      'Service',
      { spec: { ports: [{ port: 80 }] } },
      {
        spec: {
          type: 'ClusterIP',
          sessionAffinity: 'None',
          internalTrafficPolicy: 'Cluster',
          ports: [{ port: 80, protocol: 'TCP', targetPort: 80 }],
        },
      },
    ],
    [
      '',
      'v1',
      'Service',
      { spec: { type: 'LoadBalancer', sessionAffinity: 'ClientIP' } },
      {
        spec: {
          type: 'LoadBalancer',
          sessionAffinity: 'ClientIP',
          sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
          internalTrafficPolicy: 'Cluster',
          externalTrafficPolicy: 'Cluster',
          allocateLoadBalancerNodePorts: true,
        },
      },
    ],
    [
      '',
      'v1',
      'Service',
      { spec: { type: 'ExternalName', externalName: 'x' } },
      { spec: { type: 'ExternalName', externalName: 'x', sessionAffinity: 'None' } },
    ],
    [
      '',
      'v1',
      'Secret',
      { stringData: { a: 'b' }, data: { c: 'ZA==' } },
      { type: 'Opaque', data: { a: 'Yg==', c: 'ZA==' } },
    ],
    [
      '',
      'v1',
      'Namespace',
      { metadata: { name: 'n' } },
      { metadata: { name: 'n', labels: { 'kubernetes.io/metadata.name': 'n' } }, status: { phase: 'Active' } },
    ],
    [
      '',
      'v1',
      'PersistentVolumeClaim',
      { spec: {} },
      { spec: { volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
    ],
    [
      '',
      'v1',
      'PersistentVolume',
      { spec: {} },
      { spec: { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' }, status: { phase: 'Pending' } },
    ],
    [
      '',
      'v1',
      'LimitRange',
      { spec: { limits: [{ type: 'Container', max: { cpu: '2' }, min: { memory: '1' } }] } },
      {
        spec: {
          limits: [
            {
              type: 'Container',
              max: { cpu: '2' },
              min: { memory: '1' },
              default: { cpu: '2' },
              defaultRequest: { cpu: '2', memory: '1' },
            },
          ],
        },
      },
    ],
    [
      '',
      'v1',
      'Node',
      { spec: { podCIDR: '10.0.0.0/24' }, status: { capacity: { cpu: '1' } } },
      {
        spec: { podCIDR: '10.0.0.0/24', podCIDRs: ['10.0.0.0/24'] },
        status: { capacity: { cpu: '1' }, allocatable: { cpu: '1' } },
      },
    ],
    [
      'autoscaling',
      'v2',
      'HorizontalPodAutoscaler',
      { spec: { maxReplicas: 2 } },
      {
        spec: {
          maxReplicas: 2,
          minReplicas: 1,
          metrics: [
            { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 80 } } },
          ],
        },
      },
    ],
    [
      'networking.k8s.io',
      'v1',
      'NetworkPolicy',
      { spec: { egress: [{ ports: [{ port: 1 }] }] } },
      {
        spec: {
          podSelector: {},
          policyTypes: ['Ingress', 'Egress'],
          egress: [{ ports: [{ port: 1, protocol: 'TCP' }] }],
        },
      },
    ],
    [
      'storage.k8s.io',
      'v1',
      'StorageClass',
      { provisioner: 'p' },
      { provisioner: 'p', reclaimPolicy: 'Delete', volumeBindingMode: 'Immediate' },
    ],
    [
      'rbac.authorization.k8s.io',
      'v1',
      'RoleBinding',
      {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'ServiceAccount', name: 's' },
        ],
      },
      {
        roleRef: { kind: 'Role', name: 'r', apiGroup: 'rbac.authorization.k8s.io' },
        subjects: [
          { kind: 'User', name: 'u', apiGroup: 'rbac.authorization.k8s.io' },
          { kind: 'ServiceAccount', name: 's' },
        ],
      },
    ],
    ['scheduling.k8s.io', 'v1', 'PriorityClass', { value: 1 }, { value: 1, preemptionPolicy: 'PreemptLowerPriority' }],
    [
      'admissionregistration.k8s.io',
      'v1',
      'MutatingWebhookConfiguration',
      { webhooks: [{ name: 'w', clientConfig: { service: {} }, rules: [{}] }] },
      {
        webhooks: [
          {
            name: 'w',
            failurePolicy: 'Fail',
            matchPolicy: 'Equivalent',
            namespaceSelector: {},
            objectSelector: {},
            timeoutSeconds: 10,
            reinvocationPolicy: 'Never',
            clientConfig: { service: { port: 443 } },
            rules: [{ scope: '*' }],
          },
        ],
      },
    ],
    [
      'apiextensions.k8s.io',
      'v1',
      'CustomResourceDefinition',
      { spec: { names: { kind: 'Foo', plural: 'foos' } } },
      {
        spec: {
          names: { kind: 'Foo', plural: 'foos', singular: 'foo', listKind: 'FooList' },
          conversion: { strategy: 'None' },
        },
      },
    ],
    [
      'flowcontrol.apiserver.k8s.io',
      'v1',
      'PriorityLevelConfiguration',
      { spec: { limited: { limitResponse: { queuing: {} } } } },
      {
        spec: {
          limited: {
            nominalConcurrencyShares: 30,
            lendablePercent: 0,
            limitResponse: { queuing: { queues: 64, handSize: 8, queueLengthLimit: 50 } },
          },
        },
      },
    ],
  ]
  for (const [group, version, kind, given, expected] of cases) {
    it(`${kind} ${JSON.stringify(given).slice(0, 60)}`, () =>
      assert.deepEqual(defaulted(group, version, kind, given), filled(expected, group, version, kind)))
  }

  for (const { group, version, kind, setDefaults } of builtinKinds()) {
    it(`${group}/${version} ${kind} do not mind an empty object, and are the same when they are set again`, () => {
      const object = {} as KubeObject
      setDefaults(object)
      const once = deepCopy(object)
      setDefaults(object)
      assert.deepEqual(object, once)
    })
  }
})
