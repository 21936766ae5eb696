import type { PodFacts } from '../facts.ts'
import type { NodeInfo } from '../picture.ts'
import { MAX_SCORE, type Score } from '../plugin.ts'
import { amountOf } from '../resources.ts'

export interface ResourceWeight {
  name: string
  weight: number
}

export interface Shape {
  utilization: number
  score: number
}

export type FitStrategy =
  | { type: 'LeastAllocated' | 'MostAllocated'; resources: readonly ResourceWeight[] }
  | { type: 'RequestedToCapacityRatio'; resources: readonly ResourceWeight[]; shape: readonly Shape[] }

export const CPU_AND_MEMORY: readonly ResourceWeight[] = [
  { name: 'cpu', weight: 1 },
  { name: 'memory', weight: 1 },
]

/** Emptier nodes first (least), fuller first (most), or by a curve (ratio). */
export function nodeResourcesFit(strategy: FitStrategy): Score {
  return {
    name: 'NodeResourcesFit',
    forPod: pod => ({
      score(info) {
        let sum = 0
        let weights = 0
        for (const { name, weight } of strategy.resources) {
          const share = shareUsed(info, pod, name)
          if (share === undefined) continue
          sum += weight * scoreShare(strategy, share)
          weights += weight
        }
        return weights === 0 ? 0 : Math.floor(sum / weights)
      },
    }),
  }
}

function scoreShare(strategy: FitStrategy, share: number): number {
  if (strategy.type === 'RequestedToCapacityRatio') return onCurve(strategy.shape, Math.min(share, 1) * 100)
  if (share > 1) return 0
  return Math.floor((strategy.type === 'MostAllocated' ? share : 1 - share) * MAX_SCORE)
}

/** Between two points of the curve on the straight line; scores of the configuration run from 0 to 10. */
function onCurve(shape: readonly Shape[], utilization: number): number {
  const scale = MAX_SCORE / 10
  const above = shape.findIndex(point => point.utilization >= utilization)
  if (above < 0) return (shape.at(-1)?.score ?? 0) * scale
  const right = shape[above]!
  const left = shape[above - 1]
  if (!left || right.utilization === utilization) return right.score * scale
  const part = (utilization - left.utilization) / (right.utilization - left.utilization)
  return Math.floor((left.score + part * (right.score - left.score)) * scale)
}

/** What of a resource would be in use with the pod; undefined where the node has none, or nobody asks for it. */
function shareUsed(info: NodeInfo, pod: PodFacts, resource: string): number | undefined {
  const capacity = amountOf(info.allocatable, resource)
  if (capacity === 0) return undefined
  const asked = amountOf(pod.scoredRequests, resource)
  if (asked === 0 && resource !== 'cpu' && resource !== 'memory') return undefined
  return (amountOf(info.scoredRequested, resource) + asked) / capacity
}

/** Nodes whose resources would be used evenly. */
export function balancedAllocation(resources: readonly ResourceWeight[] = CPU_AND_MEMORY): Score {
  return {
    name: 'NodeResourcesBalancedAllocation',
    forPod(pod) {
      // A pod that asks for nothing cannot unbalance anything.
      if (resources.every(({ name }) => amountOf(pod.requests, name) === 0)) return undefined
      return { score: info => evenness(info, pod, resources) }
    },
  }
}

function evenness(info: NodeInfo, pod: PodFacts, resources: readonly ResourceWeight[]): number {
  const shares: number[] = []
  for (const { name } of resources) {
    const capacity = amountOf(info.allocatable, name)
    if (capacity === 0) continue
    shares.push(Math.min(1, (amountOf(info.requested, name) + amountOf(pod.requests, name)) / capacity))
  }
  return Math.floor((1 - deviation(shares)) * MAX_SCORE)
}

function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0
  if (shares.length === 2) return Math.abs(shares[0]! - shares[1]!) / 2
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length)
}
