import { BAD, describeUpdates } from '../../testing.ts'

const metadata = { name: 'a', namespace: 'ns' }
const of = (apiVersion: string, kind: string, spec: object, more: object = {}) => ({
  object: { apiVersion, kind, metadata, spec, ...more },
  at: 'status',
  through: 'status',
})
const NAME = 'must be a DNS name, not an IP address'

const ingress = of('networking.k8s.io/v1', 'Ingress', { defaultBackend: { resource: { kind: 'A', name: 'a' } } })
const balancer = of('v1', 'Service', { type: 'LoadBalancer', ports: [{ port: 80 }] })
const listens = (...list: object[]) => ({ 'loadBalancer.ingress': list })

for (const subject of [ingress, balancer]) {
  describeUpdates(`where a load balancer for a ${subject.object.kind} listens`, subject, [
    [{}, listens({ ip: '10.0.0.1' }, { ip: 'fd00::1' }, { hostname: 'a.example.com' })],
    [{}, listens({ ip: '10.0.0.1', hostname: 'a.example.com' })],
    [{}, listens({ ip: 'x' }), `loadBalancer.ingress[0].ip: Invalid value: "x": ${BAD.ip}`],
    [
      {},
      listens({ hostname: 'A.example.com' }),
      `loadBalancer.ingress[0].hostname: Invalid value: "A.example.com": ${BAD.subdomain}`,
    ],
    [{}, listens({ hostname: '10.0.0.1' }), `loadBalancer.ingress[0].hostname: Invalid value: "10.0.0.1": ${NAME}`],
    [
      {},
      listens({ hostname: 'fd00::1' }),
      `loadBalancer.ingress[0].hostname: Invalid value: "fd00::1": ${BAD.subdomain}`,
      `loadBalancer.ingress[0].hostname: Invalid value: "fd00::1": ${NAME}`,
    ],
  ])
}

describeUpdates('how packets to a load balancer arrive', balancer, [
  [{}, listens({ ip: '10.0.0.1', ipMode: 'Proxy' })],
  [
    {},
    listens({ ip: '10.0.0.1', ipMode: 'x' }),
    'loadBalancer.ingress[0].ipMode: Unsupported value: "x": supported values: "Proxy", "VIP"',
  ],
  [
    {},
    listens({ hostname: 'a.b', ipMode: 'VIP' }),
    'loadBalancer.ingress[0].ipMode: Forbidden: may not be specified when `ip` is not set',
  ],
])
describeUpdates('a load balancer of a Service that has none', of('v1', 'Service', { ports: [{ port: 80 }] }), [
  [{}, listens()],
  [
    {},
    listens({ hostname: 'a.b' }),
    'loadBalancer.ingress: Forbidden: may only be used when `spec.type` is "LoadBalancer"',
  ],
  [
    {},
    listens({ ip: '10.0.0.1' }),
    'loadBalancer.ingress: Forbidden: may only be used when `spec.type` is "LoadBalancer"',
    'loadBalancer.ingress[0].ipMode: Required value: must be specified when `ip` is set',
  ],
])

const counted = { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }
const budget = of('policy/v1', 'PodDisruptionBudget', { minAvailable: 1 }, { status: counted })
const condition = {
  type: 'DisruptionAllowed',
  status: 'True',
  reason: 'SufficientPods',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
}
const said = (more: object) => ({ conditions: [{ ...condition, ...more }] })
const REASON =
  "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric characters or '_,:', and must end with an alphanumeric character or '_' (e.g. 'my_name',  or 'MY_NAME',  or 'MyName',  or 'ReasonA,ReasonB',  or 'ReasonA:ReasonB', regex used for validation is '[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?')"

describeUpdates('the status of a PodDisruptionBudget', budget, [
  [{}, { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2, ...said({}) }],
  [{}, { disruptionsAllowed: -1 }, `disruptionsAllowed: Invalid value: -1: ${BAD.negative}`],
  [{}, { currentHealthy: -1 }, `currentHealthy: Invalid value: -1: ${BAD.negative}`],
  [{}, { desiredHealthy: -1 }, `desiredHealthy: Invalid value: -1: ${BAD.negative}`],
  [{}, { expectedPods: -1 }, `expectedPods: Invalid value: -1: ${BAD.negative}`],
  [{}, said({ type: 'a b' }), `conditions[0].type: Invalid value: "a b": ${BAD.qualified}`],
  [
    {},
    said({ status: 'Maybe' }),
    'conditions[0].status: Unsupported value: "Maybe": supported values: "False", "True", "Unknown"',
  ],
  [{}, said({ reason: '' }), 'conditions[0].reason: Required value: must be set'],
  [{}, said({ reason: 'not so' }), `conditions[0].reason: Invalid value: "not so": ${REASON}`],
  [{}, said({ reason: 'x'.repeat(1025) }), 'conditions[0].reason: Too long: may not be more than 1024 bytes'],
  [{}, said({ message: 'x'.repeat(32_769) }), 'conditions[0].message: Too long: may not be more than 32768 bytes'],
  [{}, said({ lastTransitionTime: undefined }), 'conditions[0].lastTransitionTime: Required value: must be set'],
  [
    {},
    said({ observedGeneration: -1 }),
    'conditions[0].observedGeneration: Invalid value: -1: must be greater than or equal to zero',
  ],
  [{}, { conditions: [condition, condition] }, 'conditions[1].type: Duplicate value: "DisruptionAllowed"'],
])

for (const version of ['v1', 'v2']) {
  const spec = { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web' } }
  const autoscaler = of(`autoscaling/${version}`, 'HorizontalPodAutoscaler', spec)
  describeUpdates(`the status of a HorizontalPodAutoscaler, ${version}`, autoscaler, [
    [{}, { currentReplicas: 1, desiredReplicas: 0 }],
    [{}, { currentReplicas: -1, desiredReplicas: 1 }, `currentReplicas: Invalid value: -1: ${BAD.negative}`],
    [{}, { desiredReplicas: -1, currentReplicas: 1 }, `desiredReplicas: Invalid value: -1: ${BAD.negative}`],
  ])
}

const failing = of('batch/v1', 'CronJob', { schedule: 'never', jobTemplate: { spec: {} } })
describeUpdates('the status of an object whose spec would not be taken today', failing, [
  [{}, { lastScheduleTime: '2026-01-01T00:00:00Z', active: [{ name: 'a-1' }] }],
])
describeUpdates('metadata that come through /status', { ...failing, at: 'metadata' }, [
  [{}, { labels: { a: 'b' } }],
  [{}, { labels: { a: 'b c' } }, `labels: Invalid value: "b c": ${BAD.value}`],
])

const conditioned = (...conditions: object[]) => ({ conditions })
for (const [kind, spec] of [
  ['FlowSchema', { priorityLevelConfiguration: { name: 'p' } }],
  ['PriorityLevelConfiguration', { type: 'Limited', limited: { limitResponse: { type: 'Reject' } } }],
] as const) {
  describeUpdates(`the status of a ${kind}`, of('flowcontrol.apiserver.k8s.io/v1', kind, spec), [
    [{}, conditioned({ type: 'Dangling', status: 'False' }, { type: 'Other' })],
    [{}, conditioned({ type: '' }), 'conditions[0].type: Required value: must not be empty'],
    [{}, conditioned({ type: 'a' }, { type: 'a' }), 'conditions[1].type: Duplicate value: "a"'],
  ])
}

const api = of('apiregistration.k8s.io/v1', 'APIService', {})
describeUpdates('the status of an APIService', api, [
  [{}, conditioned({ type: 'Available', status: 'True' })],
  [
    {},
    conditioned({ type: 'Available', status: 'x' }),
    'conditions[0].status: Unsupported value: "x": supported values: "False", "True", "Unknown"',
  ],
])
