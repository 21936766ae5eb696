import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { findKind, findResource } from '../kinds/registry.ts'
import type { KubeObject } from '../objects.ts'
import { humanDuration } from './basic.ts'

const now = Date.parse('2024-01-01T01:00:00Z')
const created = { creationTimestamp: '2024-01-01T00:00:00Z' }

function row(group: string, version: string, kind: string, object: object, wide = false): unknown[] {
  const { columns } = findKind(group, version, kind)!
  const { metadata, ...rest } = object as KubeObject
  const whole = { metadata: { name: 'x', ...created, ...metadata }, ...rest } as KubeObject
  return columns.filter(column => wide || column.priority === 0).map(column => column.cell(whole, now))
}

describe('how long ago', () => {
  const cases: [number, string][] = [
    [-5, '<invalid>'],
    [0, '0s'],
    [119, '119s'],
    [120, '2m'],
    [185, '3m5s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [3 * 3600 + 60, '3h1m'],
    [8 * 3600, '8h'],
    [47 * 3600, '47h'],
    [48 * 3600, '2d'],
    [50 * 3600, '2d2h'],
    [8 * 86400, '8d'],
    [729 * 86400, '729d'],
    [730 * 86400, '2y'],
    [800 * 86400, '2y70d'],
    [9 * 365 * 86400, '9y'],
  ]
  for (const [seconds, text] of cases)
    it(`${seconds}s is ${text}`, () => assert.equal(humanDuration(seconds * 1000), text))
})

describe('the line of a pod', () => {
  const spec = { containers: [{ name: 'a' }, { name: 'b' }] }
  const running = (name: string, restartCount = 0) => ({ name, ready: true, restartCount, state: { running: {} } })
  const waiting = (name: string, reason: string) => ({
    name,
    ready: false,
    restartCount: 0,
    state: { waiting: { reason } },
  })
  const ended = (name: string, exitCode: number, more: object = {}) => {
    return { name, ready: false, restartCount: 0, state: { terminated: { exitCode, ...more } } }
  }
  const cases: [string, object, [string, string, string]][] = [
    ['waits for a node', { status: { phase: 'Pending' } }, ['0/2', 'Pending', '0']],
    [
      'runs',
      { status: { phase: 'Running', containerStatuses: [running('a'), running('b')] } },
      ['2/2', 'Running', '0'],
    ],
    [
      'makes containers',
      {
        status: {
          phase: 'Pending',
          containerStatuses: [waiting('a', 'ContainerCreating'), waiting('b', 'ContainerCreating')],
        },
      },
      ['0/2', 'ContainerCreating', '0'],
    ],
    [
      'cannot pull one image',
      { status: { phase: 'Pending', containerStatuses: [running('a'), waiting('b', 'ImagePullBackOff')] } },
      ['1/2', 'ImagePullBackOff', '0'],
    ],
    [
      'restarts',
      {
        status: {
          phase: 'Running',
          containerStatuses: [
            { ...running('a', 3), lastState: { terminated: { exitCode: 1, finishedAt: '2024-01-01T00:55:00Z' } } },
            running('b', 1),
          ],
        },
      },
      ['2/2', 'Running', '4 (5m ago)'],
    ],
    [
      'failed',
      {
        status: {
          phase: 'Failed',
          containerStatuses: [ended('a', 1, { reason: 'Error' }), ended('b', 0, { reason: 'Completed' })],
        },
      },
      ['0/2', 'Error', '0'],
    ],
    [
      'was killed',
      { status: { phase: 'Failed', containerStatuses: [ended('a', 137, { signal: 9 })] } },
      ['0/2', 'Signal:9', '0'],
    ],
    [
      'exited with no word',
      { status: { phase: 'Failed', containerStatuses: [ended('a', 3)] } },
      ['0/2', 'ExitCode:3', '0'],
    ],
    [
      'has one container left, ready',
      {
        status: {
          phase: 'Running',
          conditions: [{ type: 'Ready', status: 'True' }],
          containerStatuses: [ended('a', 0, { reason: 'Completed' }), running('b')],
        },
      },
      ['1/2', 'Running', '0'],
    ],
    [
      'has one container left, not ready',
      { status: { phase: 'Running', containerStatuses: [ended('a', 0, { reason: 'Completed' }), running('b')] } },
      ['1/2', 'NotReady', '0'],
    ],
    ['was evicted', { status: { phase: 'Failed', reason: 'Evicted' } }, ['0/2', 'Evicted', '0']],
    [
      'is gated',
      {
        status: {
          phase: 'Pending',
          conditions: [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }],
        },
      },
      ['0/2', 'SchedulingGated', '0'],
    ],
    [
      'is being deleted',
      {
        metadata: { deletionTimestamp: 'x' },
        status: { phase: 'Running', containerStatuses: [running('a'), running('b')] },
      },
      ['2/2', 'Terminating', '0'],
    ],
    [
      'is lost with its node',
      { metadata: { deletionTimestamp: 'x' }, status: { phase: 'Running', reason: 'NodeLost' } },
      ['0/2', 'Unknown', '0'],
    ],
  ]
  for (const [what, pod, [ready, status, restarts]] of cases) {
    it(what, () => assert.deepEqual(row('', 'v1', 'Pod', { spec, ...pod }), ['x', ready, status, restarts, '60m']))
  }

  const init = (initContainers: object[], initContainerStatuses: object[], more: object = {}) => {
    return { spec: { ...spec, initContainers }, status: { phase: 'Pending', initContainerStatuses, ...more } }
  }
  const inits: [string, object, [string, string, string]][] = [
    [
      'the second one runs',
      init([{ name: 'i' }, { name: 'j' }], [ended('i', 0), running('j', 2)]),
      ['0/2', 'Init:1/2', '2'],
    ],
    ['one fails', init([{ name: 'i' }], [ended('i', 1, { reason: 'Error' })]), ['0/2', 'Init:Error', '0']],
    ['one is killed', init([{ name: 'i' }], [ended('i', 2, { signal: 15 })]), ['0/2', 'Init:Signal:15', '0']],
    [
      'one crashes again and again',
      init([{ name: 'i' }], [waiting('i', 'CrashLoopBackOff')]),
      ['0/2', 'Init:CrashLoopBackOff', '0'],
    ],
    ['one begins', init([{ name: 'i' }], [waiting('i', 'PodInitializing')]), ['0/2', 'Init:0/1', '0']],
    [
      'a sidecar counts among the containers',
      init([{ name: 's', restartPolicy: 'Always' }], [{ ...running('s', 1), started: true }], {
        phase: 'Running',
        containerStatuses: [running('a'), running('b')],
      }),
      ['3/3', 'Running', '1'],
    ],
  ]
  for (const [what, pod, [ready, status, restarts]] of inits) {
    it(`of init containers: ${what}`, () => {
      assert.deepEqual(row('', 'v1', 'Pod', pod), ['x', ready, status, restarts, '60m'])
    })
  }

  it('has more to say when wide', () => {
    const pod = {
      spec: { ...spec, nodeName: 'n1', readinessGates: [{ conditionType: 'g' }, { conditionType: 'h' }] },
      status: { phase: 'Running', podIP: '10.0.0.1', conditions: [{ type: 'g', status: 'True' }] },
    }
    assert.deepEqual(row('', 'v1', 'Pod', pod, true).slice(5), ['10.0.0.1', 'n1', '<none>', '1/2'])
    assert.deepEqual(row('', 'v1', 'Pod', { spec }, true).slice(5), ['<none>', '<none>', '<none>', '<none>'])
  })
})

describe('the line of', () => {
  const cases: [kind: string, group: string, plural: string, object: object, expected: unknown[], wide?: boolean][] = [
    [
      'a node',
      '',
      'nodes',
      {
        metadata: { labels: { 'node-role.kubernetes.io/control-plane': '', 'kubernetes.io/role': 'extra' } },
        spec: { unschedulable: true },
        status: {
          conditions: [{ type: 'Ready', status: 'True' }],
          addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
          nodeInfo: {
            kubeletVersion: 'v1.36.0',
            osImage: 'Ubuntu',
            kernelVersion: '6',
            containerRuntimeVersion: 'docker://20',
          },
        },
      },
      [
        'x',
        'Ready,SchedulingDisabled',
        'control-plane,extra',
        '60m',
        'v1.36.0',
        '10.0.0.1',
        '<none>',
        'Ubuntu',
        '6',
        'docker://20',
      ],
      true,
    ],
    ['a node that nobody knows', '', 'nodes', {}, ['x', 'Unknown', '<none>', '60m', '']],
    [
      'a service',
      '',
      'services',
      {
        spec: {
          type: 'NodePort',
          clusterIP: '10.0.0.9',
          ports: [
            { port: 80, nodePort: 30080, protocol: 'TCP' },
            { port: 53, protocol: 'UDP' },
          ],
          selector: { b: '2', a: '1' },
        },
      },
      ['x', 'NodePort', '10.0.0.9', '<none>', '80:30080/TCP,53/UDP', '60m', 'a=1,b=2'],
      true,
    ],
    [
      'a load balancer that waits',
      '',
      'services',
      { spec: { type: 'LoadBalancer', clusterIP: '10.0.0.9' } },
      ['x', 'LoadBalancer', '10.0.0.9', '<pending>', '<none>', '60m'],
    ],
    [
      'a name elsewhere',
      '',
      'services',
      { spec: { type: 'ExternalName', externalName: 'a.b' } },
      ['x', 'ExternalName', '<none>', 'a.b', '<none>', '60m'],
    ],
    [
      'endpoints',
      '',
      'endpoints',
      { subsets: [{ addresses: [1, 2, 3, 4].map(n => ({ ip: `10.0.0.${n}` })), ports: [{ port: 80 }] }] },
      ['x', '10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...', '60m'],
    ],
    [
      'an event',
      '',
      'events',
      {
        involvedObject: { kind: 'Pod', name: 'p' },
        type: 'Warning',
        reason: 'BackOff',
        message: ' again \n',
        count: 3,
        firstTimestamp: '2024-01-01T00:00:00Z',
        lastTimestamp: '2024-01-01T00:59:00Z',
      },
      ['60s (x3 over 60m)', 'Warning', 'BackOff', 'pod/p', 'again'],
    ],
    [
      'the same event elsewhere',
      'events.k8s.io',
      'events',
      {
        regarding: { kind: 'Pod', name: 'p' },
        type: 'Normal',
        reason: 'Pulled',
        note: 'done',
        eventTime: '2024-01-01T00:59:00Z',
      },
      ['60s', 'Normal', 'Pulled', 'pod/p', 'done'],
    ],
    [
      'a deployment',
      'apps',
      'deployments',
      {
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'a' } },
          template: {
            spec: {
              containers: [
                { name: 'c', image: 'i:1' },
                { name: 'd', image: 'j:2' },
              ],
            },
          },
        },
        status: { readyReplicas: 2, updatedReplicas: 3, availableReplicas: 1 },
      },
      ['x', '2/3', 3, 1, '60m', 'c,d', 'i:1,j:2', 'app=a'],
      true,
    ],
    [
      'a set of daemons',
      'apps',
      'daemonsets',
      {
        spec: { template: { spec: { nodeSelector: { a: 'b' }, containers: [] } } },
        status: { desiredNumberScheduled: 2, currentNumberScheduled: 2, numberReady: 1 },
      },
      ['x', 2, 2, 1, 0, 0, 'a=b', '60m'],
    ],
    [
      'a job that runs',
      'batch',
      'jobs',
      { spec: { completions: 3 }, status: { succeeded: 1, startTime: '2024-01-01T00:30:00Z' } },
      ['x', 'Running', '1/3', '30m', '60m'],
    ],
    [
      'a job that is done',
      'batch',
      'jobs',
      {
        spec: { completions: 1 },
        status: {
          succeeded: 1,
          startTime: '2024-01-01T00:30:00Z',
          completionTime: '2024-01-01T00:30:09Z',
          conditions: [{ type: 'Complete', status: 'True' }],
        },
      },
      ['x', 'Complete', '1/1', '9s', '60m'],
    ],
    [
      'a cron job',
      'batch',
      'cronjobs',
      { spec: { schedule: '* * * * *', suspend: true }, status: { active: [{}] } },
      ['x', '* * * * *', '<none>', 'True', 1, '<none>', '60m'],
    ],
    [
      'a budget',
      'policy',
      'poddisruptionbudgets',
      { spec: { minAvailable: '50%' }, status: { disruptionsAllowed: 2 } },
      ['x', '50%', 'N/A', 2, '60m'],
    ],
    [
      'a claim',
      '',
      'persistentvolumeclaims',
      {
        spec: { volumeName: 'v', storageClassName: 'fast' },
        status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany', 'ReadWriteOnce'] },
      },
      ['x', 'Bound', 'v', '1Gi', 'RWO,RWX', 'fast', '<unset>', '60m'],
    ],
    [
      'a quota',
      '',
      'resourcequotas',
      { status: { hard: { pods: '3', 'limits.cpu': '2', cpu: '1' }, used: { pods: '1' } } },
      ['x', 'cpu: 0/1, pods: 1/3', 'limits.cpu: 0/2', '60m'],
    ],
    [
      'a default class',
      'storage.k8s.io',
      'storageclasses',
      {
        metadata: { name: 'x', annotations: { 'storageclass.kubernetes.io/is-default-class': 'true' } },
        provisioner: 'p',
      },
      ['x (default)', 'p', 'Delete', 'Immediate', false, '60m'],
    ],
    [
      'an ingress',
      'networking.k8s.io',
      'ingresses',
      {
        spec: { ingressClassName: 'c', tls: [{}], rules: [{ host: 'a' }, {}] },
        status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } },
      },
      ['x', 'c', 'a,*', '1.2.3.4', '80, 443', '60m'],
    ],
    [
      'a slice',
      'discovery.k8s.io',
      'endpointslices',
      { addressType: 'IPv4', ports: [{ port: 80 }], endpoints: [{ addresses: ['10.0.0.1'] }] },
      ['x', 'IPv4', '80', '10.0.0.1', '60m'],
    ],
    [
      'a binding',
      'rbac.authorization.k8s.io',
      'rolebindings',
      {
        roleRef: { kind: 'Role', name: 'r' },
        subjects: [
          { kind: 'User', name: 'u' },
          { kind: 'ServiceAccount', namespace: 'n', name: 's' },
        ],
      },
      ['x', 'Role/r', '60m', 'u', '', 'n/s'],
      true,
    ],
    [
      'a signing request',
      'certificates.k8s.io',
      'certificatesigningrequests',
      {
        spec: { signerName: 's', username: 'u', expirationSeconds: 3600 },
        status: { certificate: 'x', conditions: [{ type: 'Approved' }] },
      },
      ['x', '60m', 's', 'u', '60m', 'Approved,Issued'],
    ],
    [
      'a policy',
      'networking.k8s.io',
      'networkpolicies',
      { spec: { podSelector: { matchExpressions: [{ key: 'a', operator: 'In', values: ['c', 'b'] }] } } },
      ['x', 'a in (b,c)', '60m'],
    ],
  ]
  for (const [what, group, plural, object, expected, wide] of cases) {
    it(what, () => {
      const { version, kind } = findResource(group, 'v1', plural)!
      assert.deepEqual(row(group, version, kind, object, wide), expected)
    })
  }

  it('an autoscaler, in both versions', () => {
    const spec = { scaleTargetRef: { kind: 'Deployment', name: 'd' }, minReplicas: 1, maxReplicas: 5 }
    const v1 = { spec: { ...spec, targetCPUUtilizationPercentage: 80 }, status: { currentReplicas: 2 } }
    assert.deepEqual(row('autoscaling', 'v1', 'HorizontalPodAutoscaler', v1), [
      'x',
      'Deployment/d',
      '<unknown>/80%',
      '1',
      5,
      2,
      '60m',
    ])
    const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { averageUtilization: 80 } } }]
    const currentMetrics = [{ type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 20 } } }]
    const v2 = { spec: { ...spec, metrics }, status: { currentReplicas: 2, currentMetrics } }
    assert.deepEqual(row('autoscaling', 'v2', 'HorizontalPodAutoscaler', v2), [
      'x',
      'Deployment/d',
      'cpu: 20%/80%',
      '1',
      5,
      2,
      '60m',
    ])
  })
})
