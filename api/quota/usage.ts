/**
 * quota/ says what an object costs of a ResourceQuota and which quotas count it. The API server's admission and the quota
 * controller must agree on that, so it stands here. Pure.
 */
import type { KubeObject } from '../objects.ts'
import { addQuantity, compareQuantity } from '../quantity.ts'
import type { Container, PersistentVolumeClaim, Pod, Service } from '../types/core-v1.ts'

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
  for (const [name, amount] of Object.entries(podAmounts(pod, 'requests'))) {
    usage[`requests.${name}`] = amount
    if (PLAIN.has(name)) usage[name] = amount
  }
  for (const [name, amount] of Object.entries(podAmounts(pod, 'limits'))) usage[`limits.${name}`] = amount
  return usage
}

const PLAIN = new Set(['cpu', 'memory', 'ephemeral-storage'])

/** Containers add up; init containers run one after the other, so the largest counts; sidecars run beside all of them. */
export function podAmounts({ spec }: Pod, side: 'requests' | 'limits'): Usage {
  const total: Usage = {}
  for (const container of spec?.containers ?? []) add(total, amountsOf(container, side))
  const beside: Usage = {}
  const peak: Usage = {}
  for (const container of spec?.initContainers ?? []) {
    const isSidecar = container.restartPolicy === 'Always'
    const now = { ...beside }
    add(now, amountsOf(container, side))
    if (isSidecar) Object.assign(beside, now)
    raise(peak, now)
  }
  add(total, beside)
  raise(total, peak)
  if (side === 'requests' || Object.keys(total).length > 0) add(total, spec?.overhead ?? {})
  return total
}

function amountsOf({ resources }: Container, side: 'requests' | 'limits'): Usage {
  return resources?.[side] ?? {}
}

function add(total: Usage, more: Usage): void {
  for (const [name, amount] of Object.entries(more))
    total[name] = total[name] === undefined ? amount : addQuantity(total[name], amount)
}

function raise(total: Usage, least: Usage): void {
  for (const [name, amount] of Object.entries(least)) {
    if (total[name] === undefined || compareQuantity(amount, total[name]) > 0) total[name] = amount
  }
}

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
