import type { Pod } from '../api/types/core-v1.ts'
import type { Informer } from '../client/informer.ts'
import { PODS } from '../client/resources.ts'
import { controllerRefOf } from './context.ts'
import type { SharedInformers } from './informers.ts'

const indexed = new WeakSet<object>()

/** All pods, to be found by their node (`node`), by the uid of their controller (`owner`) and by `namespace`. */
export function sharedPods(informers: SharedInformers): Informer<Pod> {
  const pods = informers.of<Pod>(PODS)
  if (indexed.has(pods)) return pods
  indexed.add(pods)
  pods.addIndex('node', pod => (pod.spec.nodeName ? [pod.spec.nodeName] : []))
  pods.addIndex('owner', pod => [controllerRefOf(pod)?.uid ?? ''])
  pods.addIndex('namespace', pod => [pod.metadata.namespace])
  return pods
}
