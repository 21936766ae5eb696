/**
 * quota/ says what an object costs of a ResourceQuota and which quotas count it. The API server's admission and the quota
 * controller must agree on that, so it stands here. Pure.
 */
import type { KubeObject } from '../objects.ts'
import { podAmounts } from '../pods/amounts.ts'
import type { PersistentVolumeClaim, Pod, Service } from '../types/core-v1.ts'

export type Usage = Record<string, string | number>

const COUNTED = new Set([
  'configmaps',
  'persistentvolumeclaims',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'services',
])

/** What one object of a resource takes, under every name that a quota may give it. */
export function usageOf(resource: { group: string; plural: string }, object: KubeObject): Usage {
  const { group, plural } = resource
  const usage: Usage = { [`count/${group === '' ? plural : `${plural}.${group}`}`]: 1 }
  if (group !== '') return usage
  if (COUNTED.has(plural)) usage[plural] = 1
  if (plural === 'pods') return podUsage(object as Pod)
  if (plural === 'services') return { ...usage, ...serviceUsage(object as Service) }
  if (plural === 'persistentvolumeclaims') return { ...usage, ...claimUsage(object as PersistentVolumeClaim) }
  return usage
}

/** Pods that have ended take nothing but their place in the list of objects. */
function podUsage(pod: Pod): Usage {
  const usage: Usage = { 'count/pods': 1 }
  if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') return usage
  usage.pods = 1
  for (const [name, amount] of Object.entries(podAmounts(pod.spec, 'requests'))) {
    usage[`requests.${name}`] = amount
    if (PLAIN.has(name)) usage[name] = amount
  }
  for (const [name, amount] of Object.entries(podAmounts(pod.spec, 'limits'))) usage[`limits.${name}`] = amount
  return usage
}

const PLAIN = new Set(['cpu', 'memory', 'ephemeral-storage'])

function serviceUsage({ spec }: Service): Usage {
  const ports = spec?.ports?.length ?? 0
  if (spec?.type === 'NodePort') return { 'services.nodeports': ports }
  if (spec?.type !== 'LoadBalancer') return {}
  const nodePorts = spec.allocateLoadBalancerNodePorts === false ? 0 : ports
  return { 'services.loadbalancers': 1, 'services.nodeports': nodePorts }
}

function claimUsage({ spec }: PersistentVolumeClaim): Usage {
  const storage = spec?.resources?.requests?.storage ?? 0
  const usage: Usage = { 'requests.storage': storage }
  const prefix = spec?.storageClassName ? `${spec.storageClassName}.storageclass.storage.k8s.io/` : ''
  if (prefix === '') return usage
  return { ...usage, [`${prefix}requests.storage`]: storage, [`${prefix}persistentvolumeclaims`]: 1 }
}
