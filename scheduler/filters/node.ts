import { type Matcher, untoleratedTaint } from '../../api/placement.ts'
import type { Node } from '../../api/types/core-v1.ts'
import type { Filter } from '../plugin.ts'

const UNSCHEDULABLE_TAINT = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }
const REFUSING_EFFECTS = ['NoSchedule', 'NoExecute']

/** `kubectl cordon`. */
export const nodeUnschedulable: Filter = {
  name: 'NodeUnschedulable',
  forPod({ pod }, { traits }) {
    if (traits.cordoned === 0 || !untoleratedTaint([UNSCHEDULABLE_TAINT], pod.spec?.tolerations, REFUSING_EFFECTS))
      return undefined
    const refusal = { reasons: ['node(s) were unschedulable'], isFinal: true }
    return info => (info.node.spec?.unschedulable ? refusal : undefined)
  },
}

export const nodeName: Filter = {
  name: 'NodeName',
  forPod({ pod }) {
    const wanted = pod.spec?.nodeName
    if (!wanted) return undefined
    const refusal = { reasons: ["node(s) didn't match the requested node name"], isFinal: true }
    return info => (info.name === wanted ? undefined : refusal)
  },
}

export const taintToleration: Filter = {
  name: 'TaintToleration',
  forPod({ pod }, { traits }) {
    if (traits.tainted === 0) return undefined
    const tolerations = pod.spec?.tolerations
    return info => {
      const { taints } = info.node.spec ?? {}
      if (!taints) return undefined
      const taint = untoleratedTaint(taints, tolerations, REFUSING_EFFECTS)
      if (!taint) return undefined
      return { reasons: [`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`], isFinal: true }
    }
  },
}

/** nodeSelector and required node affinity; `enforced` is what the scheduler's configuration asks for besides. */
export function nodeAffinity(enforced?: Matcher<Node>): Filter {
  return {
    name: 'NodeAffinity',
    forPod({ requiredNodes }) {
      if (!requiredNodes && !enforced) return undefined
      return ({ node }) => {
        if (enforced && !enforced(node)) return NOT_ENFORCED
        return requiredNodes && !requiredNodes(node) ? NOT_WANTED : undefined
      }
    },
  }
}

const NOT_ENFORCED = { reasons: ["node(s) didn't match scheduler-enforced node affinity"], isFinal: true }
const NOT_WANTED = { reasons: ["node(s) didn't match Pod's node affinity/selector"], isFinal: true }
