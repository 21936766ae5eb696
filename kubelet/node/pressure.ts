import { podAmounts } from '../../api/pods/amounts.ts'
import { amountOf } from '../amount.ts'
import type { EvictionThresholds } from '../options.ts'
import { isStatic, type LivePod } from '../pod/pod.ts'
import type { Pressure } from './object.ts'

/** How much of everything is left on the node. */
export interface Supplies {
  memory: Supply
  disk: Supply
  inodes: Supply
  pids: Supply
}

export interface Supply {
  available: number
  capacity: number
}

/** What one pod uses. */
export interface PodUse {
  pod: LivePod
  memoryBytes: number
  diskBytes: number
  pids: number
}

export type Shortage = { signal: keyof EvictionThresholds; resource: Resource; threshold: string; supply: Supply }
type Resource = 'memory' | 'ephemeral-storage' | 'inodes' | 'pids'

const SIGNALS: [keyof EvictionThresholds, Resource, keyof Supplies][] = [
  ['memory.available', 'memory', 'memory'],
  ['nodefs.available', 'ephemeral-storage', 'disk'],
  ['nodefs.inodesFree', 'inodes', 'inodes'],
  ['pid.available', 'pids', 'pids'],
]

/** Which thresholds are crossed, the most urgent first. */
export function shortages(supplies: Supplies, thresholds: EvictionThresholds): Shortage[] {
  return SIGNALS.flatMap(([signal, resource, key]) => {
    const threshold = thresholds[signal]
    const supply = supplies[key]
    // A file system without inodes of its own says 0 of 0.
    if (threshold === undefined || supply.capacity === 0) return []
    return supply.available < thresholdAmount(threshold, supply.capacity)
      ? [{ signal, resource, threshold, supply }]
      : []
  })
}

export function thresholdAmount(threshold: string, capacity: number): number {
  return threshold.endsWith('%') ? (Number(threshold.slice(0, -1)) / 100) * capacity : amountOf(threshold)!
}

export function pressureOf(found: readonly Shortage[]): Pressure {
  const has = (...resources: Resource[]) => found.some(one => resources.includes(one.resource))
  return { memory: has('memory'), disk: has('ephemeral-storage', 'inodes'), pids: has('pids') }
}

const CRITICAL_PRIORITY = 2_000_000_000

/**
 * Who has to go so that the node lives: first those that use more than they asked for, then the less important, then those
 * furthest over what they asked for. Pods without which the node is none stay.
 */
export function chooseVictim(shortage: Shortage, uses: readonly PodUse[]): PodUse | undefined {
  const candidates = uses.filter(({ pod }) => !isCritical(pod))
  const over = (use: PodUse) => usedOf(shortage.resource, use) - requestOf(shortage.resource, use.pod)
  return [...candidates].sort(
    (a, b) =>
      Number(over(b) > 0) - Number(over(a) > 0) ||
      (a.pod.spec.priority ?? 0) - (b.pod.spec.priority ?? 0) ||
      over(b) - over(a),
  )[0]
}

function isCritical(pod: LivePod): boolean {
  return isStatic(pod) || (pod.spec.priority ?? 0) >= CRITICAL_PRIORITY
}

function usedOf(resource: Resource, use: PodUse): number {
  if (resource === 'memory') return use.memoryBytes
  return resource === 'pids' ? use.pids : use.diskBytes
}

function requestOf(resource: Resource, { spec }: LivePod): number {
  return amountOf(podAmounts(spec, 'requests')[resource]) ?? 0
}

/** Kubernetes' sentence for the status of a pod that was evicted. */
export function evictionMessage({ resource, threshold, supply }: Shortage, use: PodUse): string {
  const used = Math.ceil(usedOf(resource, use) / 1024)
  const request = requestOf(resource, use.pod)
  const available = resource === 'pids' || resource === 'inodes' ? supply.available : kibi(supply.available)
  const low = `The node was low on resource: ${resource}. Threshold quantity: ${threshold}, available: ${available}. `
  const name = use.pod.spec.containers[0]?.name ?? ''
  const amount = resource === 'pids' ? usedOf(resource, use) : `${used}Ki`
  return `${low}Container ${name} was using ${amount}, request is ${request === 0 ? 0 : kibi(request)}, has larger consumption of ${resource}. `
}

function kibi(bytes: number): string {
  return `${Math.floor(bytes / 1024)}Ki`
}
