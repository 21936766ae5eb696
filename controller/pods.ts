import type { KubeObject, ResourceRef } from '../api/objects.ts'
import type { Pod, PodTemplateSpec } from '../api/types/core-v1.ts'
import type { Live } from '../client/client.ts'
import type { Informer } from '../client/informer.ts'
import { PODS } from '../client/resources.ts'
import { controllerReference, controllerRefOf } from './context.ts'
import type { SharedInformers } from './informers.ts'

const indexed = new WeakSet<object>()

/** All pods, to be found by their node (`node`), by the uid of their controller (`owner`) and by `namespace`. */
export function sharedPods(informers: SharedInformers): Informer<Pod> {
  const pods = informers.of<Pod>(PODS)
  if (indexed.has(pods)) return pods
  indexed.add(pods)
  pods.addIndex('node', pod => (pod.spec.nodeName ? [pod.spec.nodeName] : []))
  pods.addIndex('owner', pod => [controllerRefOf(pod)?.uid ?? orphansOf(pod.metadata.namespace)])
  pods.addIndex('namespace', pod => [pod.metadata.namespace])
  return pods
}

/** The value of the `owner` index under which a namespace's pods without controller are found. */
function orphansOf(namespace: string): string {
  return `orphans of ${namespace}`
}

/** Pods that a set may claim: its own, and those of its namespace that nobody controls. */
export function claimablePods(pods: Informer<Pod>, owner: Live<KubeObject>): Live<Pod>[] {
  const { uid, namespace } = owner.metadata
  return [...pods.byIndex('owner', uid), ...pods.byIndex('owner', orphansOf(namespace))]
}

export function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

export function isActive(pod: Pod): boolean {
  return !isFinished(pod) && !pod.metadata?.deletionTimestamp
}

function readyCondition(pod: Pod) {
  return pod.status?.conditions?.find(condition => condition.type === 'Ready')
}

export function isReady(pod: Pod): boolean {
  return readyCondition(pod)?.status === 'True'
}

/** How long until a ready pod counts as available; 0: it does; Infinity: it is not ready. */
function untilAvailableMs(pod: Pod, minReadySeconds: number, now: number): number {
  const condition = readyCondition(pod)
  if (condition?.status !== 'True') return Number.POSITIVE_INFINITY
  if (minReadySeconds === 0) return 0
  const since = Date.parse(condition.lastTransitionTime ?? '')
  return Math.max(0, since + minReadySeconds * 1000 - now)
}

export function isAvailable(pod: Pod, minReadySeconds: number, now: number): boolean {
  return untilAvailableMs(pod, minReadySeconds, now) === 0
}

/** When the soonest of the pods that are ready becomes available; undefined: nothing to wait for. */
export function nextAvailableMs(pods: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  const waits = pods.map(pod => untilAvailableMs(pod, minReadySeconds, now)).filter(ms => ms > 0 && Number.isFinite(ms))
  return waits.length > 0 ? Math.min(...waits) : undefined
}

/** A pod as its owner wants it; without `name` the server makes one up. */
export function podFromTemplate(
  template: PodTemplateSpec | undefined,
  owner: Live<KubeObject>,
  ref: ResourceRef,
  name?: string,
): Pod {
  const { labels, annotations, finalizers } = template?.metadata ?? {}
  return {
    metadata: {
      ...(name ? { name } : { generateName: `${owner.metadata.name}-` }),
      namespace: owner.metadata.namespace,
      labels: { ...labels },
      annotations: { ...annotations },
      ...(finalizers ? { finalizers: [...finalizers] } : {}),
      ownerReferences: [controllerReference(owner, ref)],
    },
    spec: structuredClone(template?.spec),
  }
}
