import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import type { KubeObject } from '../objects.ts'
import { autoscalerFromV1, autoscalerToV1 } from './autoscaler.ts'
import { eventFromCore, eventToCore } from './event.ts'

describe('an autoscaler of v2', () => {
  const scaleTargetRef = { kind: 'Deployment', name: 'd', apiVersion: 'apps/v1' }
  const cpu = { type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 70 } } }
  const memory = {
    type: 'Resource',
    resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
  }
  const stored = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a', annotations: { own: 'x' } },
    spec: {
      scaleTargetRef,
      minReplicas: 1,
      maxReplicas: 3,
      metrics: [memory, cpu],
      behavior: { scaleUp: { selectPolicy: 'Max' } },
    },
    status: { currentReplicas: 2, desiredReplicas: 2, conditions: [{ type: 'AbleToScale', status: 'True' }] },
  } as KubeObject

  it('shows its CPU as a field of v1, the rest as annotations', () => {
    const v1 = autoscalerToV1(stored) as unknown as { spec: object; metadata: { annotations: Record<string, string> } }
    assert.deepEqual(v1.spec, { scaleTargetRef, minReplicas: 1, maxReplicas: 3, targetCPUUtilizationPercentage: 70 })
    assert.deepEqual(JSON.parse(v1.metadata.annotations['autoscaling.alpha.kubernetes.io/metrics']!), [memory])
  })

  it('is the same after it was v1', () => assert.deepEqual(autoscalerFromV1(autoscalerToV1(stored)), stored))

  it('is made of v1 though an annotation is spoilt', () => {
    const v1 = {
      metadata: {
        annotations: {
          'autoscaling.alpha.kubernetes.io/metrics': '{',
          'autoscaling.alpha.kubernetes.io/behavior': '1',
        },
      },
      spec: { scaleTargetRef, maxReplicas: 3, targetCPUUtilizationPercentage: 70 },
    } as KubeObject
    const { spec } = autoscalerFromV1(v1) as unknown as { spec: { metrics: unknown[] } }
    assert.deepEqual(spec.metrics, [cpu])
  })
})

describe('an event', () => {
  const text = fc.option(fc.string({ minLength: 1 }), { nil: undefined })
  const event = fc.record(
    {
      reason: text,
      message: text,
      type: text,
      action: text,
      reportingComponent: text,
      count: fc.nat(),
      source: fc.record({ component: fc.string() }),
    },
    { requiredKeys: [] },
  )

  it('is the same under its other names and back', () => {
    fc.assert(
      fc.property(event, fields => {
        const known = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
        const core = {
          apiVersion: 'v1',
          kind: 'Event',
          metadata: { name: 'e' },
          involvedObject: { kind: 'Pod' },
          ...known,
        } as KubeObject
        assert.deepEqual(eventToCore(eventFromCore(core)), core)
      }),
      { seed: 8 },
    )
  })
})
