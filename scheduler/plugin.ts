import type { PodFacts } from './facts.ts'
import type { NodeInfo, View } from './picture.ts'

/** Why a node will not do. `isFinal`: removing pods from it would not help, so preemption need not try. */
export interface Refusal {
  reasons: readonly string[]
  isFinal: boolean
  /** The filter that refused: the queue wakes a pod by what its filters care about. */
  filter: string
}

/** A check of one node for one pod; undefined: it will do. */
export type Check = (node: NodeInfo) => Omit<Refusal, 'filter'> | undefined

/** A node has to pass each of them; the first refusal is told. */
export function allOf(checks: readonly Check[]): Check | undefined {
  if (checks.length === 0) return undefined
  return node => {
    for (const check of checks) {
      const refusal = check(node)
      if (refusal) return refusal
    }
    return undefined
  }
}

/** A pod that no node will ever suit as things stand, e.g. its claim does not exist. */
export interface Hopeless {
  hopeless: string
}

export interface Filter {
  name: string
  /** undefined: has nothing to say about this pod. */
  forPod(pod: PodFacts, view: View): Check | Hopeless | undefined
}

export interface Scorer {
  /** Any number; `normalize` brings all to 0..100. */
  score(node: NodeInfo): number
  normalize?(scores: Float64Array): void
}

export interface Score {
  name: string
  /** undefined: all nodes are equal in its eyes. `candidates` are those that passed the filters. */
  forPod(pod: PodFacts, view: View, candidates: readonly NodeInfo[]): Scorer | undefined
}

export const MAX_SCORE = 100

/** Stretches scores so that the highest is 100; `reverse` where little is good. */
export function stretch(scores: Float64Array, reverse = false): void {
  let highest = 0
  for (const score of scores) if (score > highest) highest = score
  for (let i = 0; i < scores.length; i++) {
    const share = highest === 0 ? 0 : (scores[i]! * MAX_SCORE) / highest
    scores[i] = Math.floor(reverse ? MAX_SCORE - share : share)
  }
}
