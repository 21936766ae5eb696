import { compileNodeSelectorTerm, type Matcher, tolerates } from '../../api/placement.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { NodeInfo, View } from '../picture.ts'
import { MAX_SCORE, type Score, stretch } from '../plugin.ts'

/** Fewer PreferNoSchedule taints that the pod does not tolerate. */
export const taintToleration: Score = {
  name: 'TaintToleration',
  forPod({ pod }, { traits }, candidates) {
    if (traits.tainted === 0) return undefined
    const isSoft = (info: NodeInfo) => info.node.spec?.taints?.some(taint => taint.effect === 'PreferNoSchedule')
    if (!candidates.some(isSoft)) return undefined
    const tolerations = pod.spec?.tolerations ?? []
    return {
      score: info => {
        const soft = (info.node.spec?.taints ?? []).filter(taint => taint.effect === 'PreferNoSchedule')
        return soft.filter(taint => !tolerations.some(toleration => tolerates(toleration, taint))).length
      },
      normalize: scores => stretch(scores, true),
    }
  },
}

/** Preferred node affinity; `added` is what the scheduler's configuration prefers for every pod. */
export function nodeAffinity(added: readonly WeightedNodes[] = []): Score {
  return {
    name: 'NodeAffinity',
    forPod({ pod }) {
      const preferred = pod.spec?.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []
      if (preferred.length + added.length === 0) return undefined
      const own = preferred.map(({ preference, weight }) => ({ matches: compileNodeSelectorTerm(preference), weight }))
      const terms = [...added, ...own]
      return {
        score: info => terms.reduce((sum, { matches, weight }) => sum + (matches(info.node) ? weight : 0), 0),
        normalize: scores => stretch(scores),
      }
    },
  }
}

export interface WeightedNodes {
  matches: Matcher<Node>
  weight: number
}

const LEAST_BYTES = 23 * 1024 * 1024
const MOST_BYTES_PER_CONTAINER = 1000 * 1024 * 1024

/** Nodes that have the pod's images already; an image that few nodes have counts less, so that they are not flooded. */
export const imageLocality: Score = {
  name: 'ImageLocality',
  forPod({ pod }, view, candidates) {
    const images = imagesOf(pod).filter(image => view.imageSpread(image) > 0)
    if (images.length === 0 || !candidates.some(info => images.some(image => info.images.has(image)))) return undefined
    const containers = (pod.spec?.containers.length ?? 0) + (pod.spec?.initContainers?.length ?? 0)
    const most = MOST_BYTES_PER_CONTAINER * containers
    return {
      score: info => {
        const bytes = images.reduce((sum, image) => sum + weighted(info, image, view), 0)
        const within = Math.min(Math.max(bytes, LEAST_BYTES), most)
        return Math.floor((MAX_SCORE * (within - LEAST_BYTES)) / (most - LEAST_BYTES))
      },
    }
  },
}

function weighted(info: NodeInfo, image: string, view: View): number {
  const size = info.images.get(image)
  return size === undefined ? 0 : Math.floor((size * view.imageSpread(image)) / view.nodes.length)
}

/** Nodes list images with their tag; `nginx` means `nginx:latest`. */
function imagesOf(pod: Pod): string[] {
  const { containers = [], initContainers = [] } = pod.spec ?? {}
  return [...initContainers, ...containers].map(({ image = '' }) => {
    const lastPart = image.slice(image.lastIndexOf('/') + 1)
    return lastPart.includes(':') || lastPart.includes('@') ? image : `${image}:latest`
  })
}
