import type { HorizontalPodAutoscaler, HPAScalingRules } from '../../api/types/autoscaling-v2.ts'

/** What was recommended and done lately, on our own clock. */
export interface ScalingPast {
  recommendations: { at: number; replicas: number }[]
  /** Changes of size; up is positive. */
  changes: { at: number; by: number }[]
}

export interface Limited {
  replicas: number
  /** Why it is not what the metrics ask for; undefined: it is. */
  reason?: string
  message?: string
  stabilized: boolean
}

const DEFAULT_UP: Required<Pick<HPAScalingRules, 'policies' | 'stabilizationWindowSeconds' | 'selectPolicy'>> = {
  stabilizationWindowSeconds: 0,
  selectPolicy: 'Max',
  policies: [
    { type: 'Pods', value: 4, periodSeconds: 15 },
    { type: 'Percent', value: 100, periodSeconds: 15 },
  ],
}
const DEFAULT_DOWN = {
  stabilizationWindowSeconds: 300,
  selectPolicy: 'Max',
  policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
}

/** The recommendation within the bounds, the pace and the patience that the autoscaler allows. */
export function limitScaling(
  { spec }: HorizontalPodAutoscaler,
  current: number,
  wanted: number,
  past: ScalingPast,
  now: number,
): Limited {
  const up = { ...DEFAULT_UP, ...spec.behavior?.scaleUp }
  const down = { ...DEFAULT_DOWN, ...spec.behavior?.scaleDown }
  const stable = stabilize(current, wanted, past, now, up.stabilizationWindowSeconds, down.stabilizationWindowSeconds)
  const stabilized = stable !== wanted
  const { minReplicas = 1, maxReplicas } = spec
  if (stable > current) {
    const pace = fastest(up, current, past, now, 1)
    const most = Math.min(maxReplicas, Math.max(pace, current))
    if (stable <= most) return { replicas: stable, stabilized }
    if (most === maxReplicas) return { replicas: most, stabilized, ...TOO_MANY }
    return {
      replicas: most,
      stabilized,
      reason: 'ScaleUpLimit',
      message: 'the desired replica count is increasing faster than the maximum scale rate',
    }
  }
  const pace = stable < current ? fastest(down, current, past, now, -1) : current
  const least = Math.max(minReplicas, Math.min(pace, current))
  const replicas = Math.min(maxReplicas, Math.max(stable, stable < current ? least : minReplicas))
  if (replicas > stable && replicas === minReplicas) return { replicas, stabilized, ...TOO_FEW }
  if (replicas < stable) return { replicas, stabilized, ...TOO_MANY }
  if (replicas > stable) {
    return {
      replicas,
      stabilized,
      reason: 'ScaleDownLimit',
      message: 'the desired replica count is decreasing faster than the maximum scale rate',
    }
  }
  return { replicas, stabilized }
}

const TOO_MANY = {
  reason: 'TooManyReplicas',
  message: 'the desired replica count is more than the maximum replica count',
}
const TOO_FEW = {
  reason: 'TooFewReplicas',
  message: 'the desired replica count is less than the minimum replica count',
}

/** Down only to the highest, up only to the lowest of what was recommended within the window. */
function stabilize(
  current: number,
  wanted: number,
  past: ScalingPast,
  now: number,
  upSeconds: number,
  downSeconds: number,
) {
  let [lowest, highest] = [wanted, wanted]
  for (const { at, replicas } of past.recommendations) {
    if (now - at < upSeconds * 1000) lowest = Math.min(lowest, replicas)
    if (now - at < downSeconds * 1000) highest = Math.max(highest, replicas)
  }
  if (current < lowest) return lowest
  return current > highest ? highest : current
}

type Rules = Pick<HPAScalingRules, 'policies' | 'selectPolicy'>

/** The size that the policies allow by now. */
function fastest(
  { policies = [], selectPolicy }: Rules,
  current: number,
  past: ScalingPast,
  now: number,
  sign: 1 | -1,
): number {
  if (selectPolicy === 'Disabled') return current
  const sizes = policies.map(({ type, value, periodSeconds }) => {
    const recent = past.changes.filter(({ at }) => now - at < periodSeconds * 1000)
    const began = current - recent.reduce((sum, { by }) => sum + by, 0)
    if (type === 'Pods') return began + sign * value
    return sign > 0 ? Math.ceil(began * (1 + value / 100)) : Math.floor(began * (1 - value / 100))
  })
  const wantsMost = (selectPolicy !== 'Min') === sign > 0
  return wantsMost ? Math.max(...sizes) : Math.min(...sizes)
}

/** Forgets what no window reaches back to. */
export function trimPast(past: ScalingPast, now: number): void {
  const isRecent = ({ at }: { at: number }) => now - at < 3_600_000
  past.recommendations = past.recommendations.filter(isRecent)
  past.changes = past.changes.filter(isRecent)
}
