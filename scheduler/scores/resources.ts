import type { NodeInfo } from '../picture.ts'
import { MAX_SCORE, type Score } from '../plugin.ts'
import { type Amounts, amountOf } from '../resources.ts'

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
    forPod(pod) {
      const parts = partsOf(strategy.resources, pod.scoredRequests)
      const isCurve = strategy.type === 'RequestedToCapacityRatio'
      return {
        score(info) {
          let sum = 0
          let weights = 0
          for (const { read, weight, asked } of parts) {
            const capacity = read(info.allocatable)
            if (capacity === 0) continue
            const score = scoreOne(strategy, read(info.scoredRequested) + asked, capacity)
            // Where a curve gives nothing, the resource is not meant to matter.
            if (isCurve && score === 0) continue
            sum += weight * score
            weights += weight
          }
          if (weights === 0) return 0
          return isCurve ? Math.round(sum / weights) : Math.floor(sum / weights)
        },
      }
    },
  }
}

/** The resources that count for a pod, with how to read them off: an extended one only where the pod asks for it. */
function partsOf(resources: readonly ResourceWeight[], requests: Amounts) {
  const all = resources.map(({ name, weight }) => ({
    name,
    weight,
    asked: amountOf(requests, name),
    read: readerOf(name),
  }))
  return all.filter(({ name, asked }) => asked > 0 || name === 'cpu' || name === 'memory')
}

function readerOf(resource: string): (amounts: Amounts) => number {
  if (resource === 'cpu') return amounts => amounts.cpu
  if (resource === 'memory') return amounts => amounts.memory
  return amounts => amountOf(amounts, resource)
}

/** Amounts that are only assumed, of pods that ask for nothing, may go beyond the node: it is full then. */
function scoreOne(strategy: FitStrategy, requested: number, capacity: number): number {
  const used = Math.min(requested, capacity)
  if (strategy.type === 'RequestedToCapacityRatio') return onCurve(strategy.shape, percent(used, capacity))
  return percent(strategy.type === 'MostAllocated' ? used : capacity - used, capacity)
}

/** Multiplied before it is divided: whole numbers stay exact. */
function percent(part: number, whole: number): number {
  return Math.floor((part * MAX_SCORE) / whole)
}

/** Between two points of the curve on the straight line; scores of the configuration run from 0 to 10. */
function onCurve(shape: readonly Shape[], utilization: number): number {
  const scale = MAX_SCORE / 10
  const above = shape.findIndex(point => point.utilization >= utilization)
  if (above < 0) return (shape.at(-1)?.score ?? 0) * scale
  const right = shape[above]!
  const left = shape[above - 1]
  if (!left || right.utilization === utilization) return right.score * scale
  const rise = (right.score - left.score) * scale * (utilization - left.utilization)
  return left.score * scale + Math.trunc(rise / (right.utilization - left.utilization))
}

/** Nodes whose resources would be used evenly. */
export function balancedAllocation(resources: readonly ResourceWeight[] = CPU_AND_MEMORY): Score {
  return {
    name: 'NodeResourcesBalancedAllocation',
    forPod(pod) {
      // A pod that asks for nothing cannot unbalance anything.
      if (resources.every(({ name }) => amountOf(pod.requests, name) === 0)) return undefined
      const parts = resources.map(({ name }) => ({ read: readerOf(name), asked: amountOf(pod.requests, name) }))
      return { score: info => Math.floor((1 - deviation(sharesOf(info, parts))) * MAX_SCORE) }
    },
  }
}

function sharesOf(info: NodeInfo, parts: readonly { read: (amounts: Amounts) => number; asked: number }[]): number[] {
  const shares: number[] = []
  for (const { read, asked } of parts) {
    const capacity = read(info.allocatable)
    if (capacity > 0) shares.push(Math.min(1, (read(info.requested) + asked) / capacity))
  }
  return shares
}

function deviation(shares: readonly number[]): number {
  if (shares.length < 2) return 0
  if (shares.length === 2) return Math.abs(shares[0]! - shares[1]!) / 2
  const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length
  return Math.sqrt(shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length)
}
