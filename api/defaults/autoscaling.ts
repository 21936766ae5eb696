import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.ts'
import type { HorizontalPodAutoscaler } from '../types/autoscaling-v2.ts'

export function setAutoscalerV1Defaults({ spec }: AutoscalerV1): void {
  if (spec) spec.minReplicas ??= 1
}

export function setAutoscalerDefaults({ spec }: HorizontalPodAutoscaler): void {
  if (!spec) return
  spec.minReplicas ??= 1
  if (!spec.metrics?.length) {
    const target = { type: 'Utilization', averageUtilization: 80 }
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
  }
  if (spec.behavior) setBehaviorDefaults(spec.behavior)
}

type Behavior = NonNullable<NonNullable<HorizontalPodAutoscaler['spec']>['behavior']>

/** At most doubling, or four pods, in 15 seconds; down as far as wanted. */
function setBehaviorDefaults(behavior: Behavior): void {
  const percent = { type: 'Percent', value: 100, periodSeconds: 15 }
  const up = { stabilizationWindowSeconds: 0, selectPolicy: 'Max' }
  behavior.scaleUp = { ...up, policies: [{ type: 'Pods', value: 4, periodSeconds: 15 }, percent], ...behavior.scaleUp }
  behavior.scaleDown = { selectPolicy: 'Max', policies: [percent], ...behavior.scaleDown }
}
