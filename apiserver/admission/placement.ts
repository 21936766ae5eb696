import type { Namespace, Node, Pod, Toleration } from '../../api/types/core-v1.ts'
import type { RuntimeClass } from '../../api/types/node-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { Lister } from './lister.ts'
import { isAbout, refuse } from './refuse.ts'

const NOT_READY = 'node.kubernetes.io/not-ready'
const NODE_SELECTOR = 'scheduler.alpha.kubernetes.io/node-selector'

/** A new node takes no pods before it has been seen to be ready. */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  mutate(request) {
    if (!isAbout(request, 'nodes') || request.operation !== 'CREATE') return
    const node = request.object as Node
    const taints = node.spec?.taints ?? []
    if (taints.some(({ key, effect }) => key === NOT_READY && effect === 'NoSchedule')) return
    node.spec = { ...node.spec, taints: [...taints, { key: NOT_READY, effect: 'NoSchedule' }] }
  },
}

/** An annotation of the namespace says on which nodes its pods may run. */
export function podNodeSelector(lister: Lister): AdmissionPlugin {
  return {
    name: 'PodNodeSelector',
    mutate(request) {
      if (!isAbout(request, 'pods') || request.operation !== 'CREATE') return
      const wanted = selectorOf(lister, request.namespace)
      const pod = request.object as Pod
      if (!wanted || !pod.spec) return
      const own = pod.spec.nodeSelector ?? {}
      const clash = Object.keys(wanted).find(key => own[key] !== undefined && own[key] !== wanted[key])
      if (clash !== undefined)
        throw refuse(request, 'pod node label selector conflicts with its namespace node label selector')
      pod.spec.nodeSelector = { ...own, ...wanted }
    },
  }
}

function selectorOf(lister: Lister, namespace: string): Record<string, string> | undefined {
  const text = lister.get<Namespace>('namespaces', '', namespace)?.metadata?.annotations?.[NODE_SELECTOR]
  if (!text) return undefined
  const pairs = text.split(',').map(pair => pair.split('=').map(part => part.trim()))
  return Object.fromEntries(pairs.filter(([key]) => key).map(([key = '', value = '']) => [key, value]))
}

/** A pod's runtime class brings its overhead and its place. */
export function runtimeClass(lister: Lister): AdmissionPlugin {
  return {
    name: 'RuntimeClass',
    async mutate(request) {
      if (!isAbout(request, 'pods') || request.operation !== 'CREATE') return
      const pod = request.object as Pod
      const name = pod.spec?.runtimeClassName
      if (!pod.spec || !name) return
      const resource = 'runtimeclasses.node.k8s.io'
      const found =
        lister.get<RuntimeClass>(resource, '', name) ?? (await lister.getNow<RuntimeClass>(resource, '', name))
      if (!found) throw refuse(request, `pod rejected: RuntimeClass "${name}" not found`)
      const overhead = found.overhead?.podFixed
      if (pod.spec.overhead && !deepEqual(pod.spec.overhead, overhead)) {
        throw refuse(request, 'pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead')
      }
      if (overhead) pod.spec.overhead = overhead
      addScheduling(pod, found)
    },
  }
}

function addScheduling(pod: Pod, { scheduling }: Readonly<RuntimeClass>): void {
  if (!scheduling || !pod.spec) return
  if (scheduling.nodeSelector) pod.spec.nodeSelector = { ...pod.spec.nodeSelector, ...scheduling.nodeSelector }
  const own = pod.spec.tolerations ?? []
  const added = (scheduling.tolerations ?? []).filter(one => !own.some(other => deepEqual(one, other))) as Toleration[]
  if (added.length > 0) pod.spec.tolerations = [...own, ...added]
}
