import { BAD, describeFaults } from '../../testing.ts'

const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
const of = (version: string) => ({
  object: {
    apiVersion: `autoscaling/${version}`,
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'web', namespace: 'ns' },
    spec: { minReplicas: 1, maxReplicas: 3, scaleTargetRef },
  },
  at: 'spec',
})
const autoscaler = of('v2')

for (const version of ['v1', 'v2']) {
  describeFaults(`the bounds of an autoscaler, ${version}`, of(version), [
    [{}],
    [{ minReplicas: undefined }],
    [{ minReplicas: 3 }],
    [
      { minReplicas: 0 },
      'minReplicas: Invalid value: 0: must be greater than or equal to 1',
      ...(version === 'v2'
        ? [
            'metrics: Forbidden: must specify at least one Object or External metric to support scaling to zero replicas',
          ]
        : []),
    ],
    [{ minReplicas: 4 }, 'maxReplicas: Invalid value: 3: must be greater than or equal to `minReplicas`'],
    [
      { maxReplicas: 0 },
      'maxReplicas: Invalid value: 0: must be greater than 0',
      'maxReplicas: Invalid value: 0: must be greater than or equal to `minReplicas`',
    ],
    [{ 'scaleTargetRef.kind': '' }, 'scaleTargetRef.kind: Required value'],
    [{ 'scaleTargetRef.name': undefined }, 'scaleTargetRef.name: Required value'],
    [{ 'scaleTargetRef.kind': 'a/b' }, 'scaleTargetRef.kind: Invalid value: "a/b": may not contain \'/\''],
    [{ 'scaleTargetRef.name': '..' }, 'scaleTargetRef.name: Invalid value: "..": may not be \'..\''],
  ])
}
describeFaults('a use of the processor, as v1 has it', of('v1'), [
  [{ targetCPUUtilizationPercentage: 80 }],
  [{ targetCPUUtilizationPercentage: 0 }, `targetCPUUtilizationPercentage: Invalid value: 0: ${BAD.zero}`],
])

const half = { type: 'Utilization', averageUtilization: 50 }
const each = { type: 'AverageValue', averageValue: '10' }
const total = { type: 'Value', value: '10' }
const metric = { name: 'requests' }
const resource = (target: object) => ({ metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] })
const ofContainer = (more: object) => ({
  metrics: [{ type: 'ContainerResource', containerResource: { name: 'cpu', container: 'c', target: half, ...more } }],
})
const ofPods = (more: object) => ({ metrics: [{ type: 'Pods', pods: { metric, target: each, ...more } }] })
const ofObject = (more: object) => ({
  metrics: [
    { type: 'Object', object: { describedObject: { kind: 'Service', name: 's' }, metric, target: total, ...more } },
  ],
})
const external = (target: object) => ({ metrics: [{ type: 'External', external: { metric, target } }] })
const SOURCE = 'must populate information for the given metric source'
const EITHER = 'must set either a target value for metric or a per-pod target'
const RAW = 'must set either a target raw value or a target utilization'

describeFaults('what an autoscaler measures', autoscaler, [
  [{ metrics: [] }],
  [{ metrics: [{}] }, 'metrics[0].type: Required value: must specify a metric source type'],
  [
    { metrics: [{ type: 'Guess' }] },
    'metrics[0].type: Unsupported value: "Guess": supported values: "ContainerResource", "External", "Object", "Pods", "Resource"',
  ],
  [{ metrics: [{ type: 'Resource' }] }, `metrics[0].resource: Required value: ${SOURCE}`],
  [{ metrics: [{ type: 'External' }] }, `metrics[0].external: Required value: ${SOURCE}`],
  [
    { ...resource(half), 'metrics[0].pods': { metric, target: each } },
    'metrics[0].pods: Forbidden: must populate the given metric source only',
  ],
  [resource(half)],
  [resource(each)],
  [resource({ type: 'Utilization' }), `metrics[0].resource.target.averageUtilization: Required value: ${RAW}`],
  [
    resource({ ...half, averageValue: '1' }),
    'metrics[0].resource.target.averageValue: Forbidden: may not set both a target raw value and a target utilization',
  ],
  [
    resource({ ...half, averageUtilization: 0 }),
    'metrics[0].resource.target.averageUtilization: Invalid value: 0: must be greater than 0',
  ],
  [
    resource({ ...each, averageValue: '0' }),
    'metrics[0].resource.target.averageValue: Invalid value: "0": must be positive',
  ],
  [
    resource({ averageUtilization: 50 }),
    'metrics[0].resource.target.type: Required value: must specify a metric target type',
  ],
  [
    resource({ ...half, type: 'x' }),
    'metrics[0].resource.target.type: Invalid value: "x": must be either Utilization, Value, or AverageValue',
  ],
  [
    { ...resource(half), 'metrics[0].resource.name': '' },
    'metrics[0].resource.name: Required value: must specify a resource name',
  ],
  [ofContainer({})],
  [ofContainer({ container: '' }), 'metrics[0].containerResource.container: Required value: must specify a container'],
  [ofContainer({ container: 'C' }), `metrics[0].containerResource.container: Invalid value: "C": ${BAD.label}`],
  [ofContainer({ name: undefined }), 'metrics[0].containerResource.name: Required value: must specify a resource name'],
  [ofPods({})],
  [ofPods({ metric: {} }), 'metrics[0].pods.metric.name: Required value: must specify a metric name'],
  [ofPods({ metric: { name: 'a/b' } }), 'metrics[0].pods.metric.name: Invalid value: "a/b": may not contain \'/\''],
  [
    ofPods({ target: total }),
    'metrics[0].pods.target.averageValue: Required value: must specify a positive target averageValue',
  ],
  [ofObject({})],
  [ofObject({ target: each })],
  [
    ofObject({ target: { type: 'Value' } }),
    'metrics[0].object.target.averageValue: Required value: must set either a target value or averageValue',
  ],
  [
    ofObject({ target: { type: 'Value', value: '-1' } }),
    'metrics[0].object.target.value: Invalid value: "-1": must be positive',
  ],
  [
    ofObject({ describedObject: {} }),
    'metrics[0].object.describedObject.kind: Required value',
    'metrics[0].object.describedObject.name: Required value',
  ],
  [external(total)],
  [external({ type: 'Value' }), `metrics[0].external.target.averageValue: Required value: ${EITHER}`],
  [
    external({ ...total, averageValue: '1' }),
    'metrics[0].external.target.value: Forbidden: may not set both a target value for metric and a per-pod target',
  ],
])

const policy = { type: 'Pods', value: 1, periodSeconds: 60 }
const up = (more: object) => ({ behavior: { scaleUp: { policies: [policy], ...more } } })
const rule = (more: object) => up({ policies: [{ ...policy, ...more }] })

describeFaults('how fast an autoscaler goes', autoscaler, [
  [up({})],
  [up({ stabilizationWindowSeconds: 3600, selectPolicy: 'Disabled' })],
  [
    up({ stabilizationWindowSeconds: -1 }),
    'behavior.scaleUp.stabilizationWindowSeconds: Invalid value: -1: must be greater than or equal to zero',
  ],
  [
    up({ stabilizationWindowSeconds: 3601 }),
    'behavior.scaleUp.stabilizationWindowSeconds: Invalid value: 3601: must be less than or equal to 3600',
  ],
  [
    up({ selectPolicy: 'x' }),
    'behavior.scaleUp.selectPolicy: Unsupported value: "x": supported values: "Disabled", "Max", "Min"',
  ],
  [up({ policies: [] }), 'behavior.scaleUp.policies: Required value: must specify at least one Policy'],
  [rule({ type: 'Percent', periodSeconds: 1800 })],
  [
    rule({ type: 'x' }),
    'behavior.scaleUp.policies[0].type: Unsupported value: "x": supported values: "Percent", "Pods"',
  ],
  [rule({ value: 0 }), 'behavior.scaleUp.policies[0].value: Invalid value: 0: must be greater than zero'],
  [
    rule({ periodSeconds: 0 }),
    'behavior.scaleUp.policies[0].periodSeconds: Invalid value: 0: must be greater than zero',
  ],
  [
    rule({ periodSeconds: 1801 }),
    'behavior.scaleUp.policies[0].periodSeconds: Invalid value: 1801: must be less than or equal to 1800',
  ],
  [
    { behavior: { scaleDown: { policies: [{ ...policy, value: -5 }] } } },
    'behavior.scaleDown.policies[0].value: Invalid value: -5: must be greater than zero',
  ],
])
