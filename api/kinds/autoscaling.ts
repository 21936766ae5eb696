import { autoscalerV1Columns, autoscalerV2Columns } from '../columns/autoscaling.ts'
import { autoscalerFromV1, autoscalerToV1 } from '../convert/autoscaler.ts'
import { setAutoscalerDefaults, setAutoscalerV1Defaults } from '../defaults/autoscaling.ts'
import type { Kind } from '../kind.ts'
import type { HorizontalPodAutoscaler as AutoscalerV1 } from '../types/autoscaling-v1.ts'
import { validateAutoscaler, validateBounds } from '../validate/autoscaling.ts'
import { declareKinds, kind } from './declare.ts'

const autoscaler = {
  kind: 'HorizontalPodAutoscaler',
  shortNames: ['hpa'],
  categories: ['all'],
  generation: true,
}

const storedVersion = { group: 'autoscaling', version: 'v2' }

export function autoscalingKinds(): Kind[] {
  return [
    ...declareKinds('autoscaling', 'v2', [
      kind({
        ...autoscaler,
        initialStatus: () => ({ desiredReplicas: 0 }),
        setDefaults: setAutoscalerDefaults,
        validate: validateAutoscaler,
        columns: autoscalerV2Columns,
      }),
    ]),
    ...declareKinds('autoscaling', 'v1', [
      kind<AutoscalerV1>({
        ...autoscaler,
        initialStatus: () => ({ currentReplicas: 0, desiredReplicas: 0 }),
        setDefaults: setAutoscalerV1Defaults,
        validate: validateBounds,
        stored: { version: storedVersion, fromStored: autoscalerToV1, toStored: autoscalerFromV1 },
        columns: autoscalerV1Columns,
      }),
    ]),
  ]
}
