import type { IntOrString } from '../../api/types/scalars.ts'

/** A ReplicaSet as far as a rollout cares. */
export interface SetView {
  name: string
  /** Wanted (spec) and available (status) pods. */
  replicas: number
  available: number
  /** Pods that are there and not going; undefined: as many as wanted. */
  pods?: number
  created: string
  /** The most the set's share was computed from when it was last scaled; 0: not known. */
  maxReplicas: number
  /** The Deployment's size that it was last scaled for; undefined: not known. */
  desired?: number
}

export interface RolloutView {
  /** What the Deployment wants. */
  replicas: number
  maxSurge: number
  maxUnavailable: number
  newSet: SetView | undefined
  oldSets: readonly SetView[]
}

export type Scaling = ReadonlyMap<string, number>

/** `25%` of a number, rounded up or down; or the number itself. */
export function resolvePercentage(value: IntOrString | undefined, total: number, roundUp: boolean): number {
  if (value === undefined) return 0
  const percentage = /^(\d+)%$/.exec(String(value))
  if (!percentage) return Number(value)
  const share = (Number(percentage[1]) * total) / 100
  return roundUp ? Math.ceil(share) : Math.floor(share)
}

/** Both limits of a rolling update; they can never both be 0, or nothing could ever move. */
export function resolveLimits(replicas: number, surge: IntOrString | undefined, unavailable: IntOrString | undefined) {
  const maxSurge = resolvePercentage(surge ?? '25%', replicas, true)
  const maxUnavailable = Math.min(replicas, resolvePercentage(unavailable ?? '25%', replicas, false))
  return { maxSurge, maxUnavailable: maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable }
}

/** The next step of a rolling update: grow the new set while there is room, else shrink the old ones while it is safe. */
export function decideRollingUpdate(view: RolloutView): Scaling {
  const { newSet } = view
  if (newSet) {
    const wanted = newSetSize(view, newSet)
    if (wanted !== newSet.replicas) return new Map([[newSet.name, wanted]])
  }
  return shrinkOldSets(view)
}

function newSetSize({ replicas, maxSurge, oldSets }: RolloutView, newSet: SetView): number {
  if (newSet.replicas >= replicas) return replicas
  // Old pods that are not wanted any more still stand for as long as nobody has removed them.
  const total = newSet.replicas + sum(oldSets.map(set => Math.max(set.replicas, set.pods ?? 0)))
  const room = replicas + maxSurge - total
  return newSet.replicas + Math.max(0, Math.min(room, replicas - newSet.replicas))
}

function shrinkOldSets({ replicas, maxUnavailable, newSet, oldSets }: RolloutView): Scaling {
  const scaling = new Map<string, number>()
  const active = oldSets.filter(set => set.replicas > 0).sort((a, b) => a.created.localeCompare(b.created))
  const total = (newSet?.replicas ?? 0) + sum(active.map(set => set.replicas))
  const minAvailable = replicas - maxUnavailable
  const newUnavailable = newSet ? Math.max(0, newSet.replicas - newSet.available) : 0
  let removable = total - minAvailable - newUnavailable
  if (removable <= 0) return scaling
  // Pods that do not work anyway go first: nobody misses them.
  for (const set of active) {
    const broken = Math.min(removable, Math.max(0, set.replicas - set.available))
    if (broken > 0) scaling.set(set.name, set.replicas - broken)
    removable -= broken
  }
  for (const set of active) {
    const left = scaling.get(set.name) ?? set.replicas
    const gone = Math.min(left, Math.max(0, removable))
    if (gone > 0) scaling.set(set.name, left - gone)
    removable -= gone
  }
  return scaling
}

/** All old pods go before the first new one comes. `oldPods`: how many of them still exist in any form. */
export function decideRecreate({ replicas, newSet, oldSets }: RolloutView, oldPods: number): Scaling {
  const active = oldSets.filter(set => set.replicas > 0)
  if (active.length > 0) return new Map(active.map(set => [set.name, 0]))
  if (oldPods > 0 || !newSet || newSet.replicas === replicas) return new Map()
  return new Map([[newSet.name, replicas]])
}

/** The Deployment's own size changed: in the midst of a rollout all sets grow or shrink in proportion. */
export function decideScale(view: RolloutView, isRolling: boolean): Scaling {
  const { replicas, newSet, oldSets, maxSurge } = view
  const active = [...oldSets, ...(newSet ? [newSet] : [])].filter(set => set.replicas > 0)
  const only = active.length === 0 ? (newSet ?? latest(oldSets)) : active.length === 1 ? active[0] : undefined
  if (only) return only.replicas === replicas ? new Map() : new Map([[only.name, replicas]])
  if (newSet && isSaturated(newSet, replicas)) {
    return new Map(oldSets.filter(set => set.replicas > 0).map(set => [set.name, 0]))
  }
  if (!isRolling) return new Map()
  const total = sum(active.map(set => set.replicas))
  const allowed = replicas > 0 ? replicas + maxSurge : 0
  return shareOut(active, allowed - total, allowed)
}

function isSaturated(set: SetView, replicas: number): boolean {
  return set.replicas === replicas && set.available >= replicas && (set.desired ?? replicas) === replicas
}

/** Largest sets first, of equals the newer when growing and the older when shrinking; the first takes what rounding leaves. */
function shareOut(active: readonly SetView[], difference: number, allowed: number): Scaling {
  const isGrowing = difference > 0
  const order = [...active].sort(
    (a, b) =>
      b.replicas - a.replicas || (isGrowing ? b.created.localeCompare(a.created) : a.created.localeCompare(b.created)),
  )
  const sizes = new Map<string, number>()
  let left = difference
  for (const set of order) {
    const share = difference === 0 ? 0 : limit(proportion(set, allowed), left)
    sizes.set(set.name, set.replicas + share)
    left -= share
  }
  const [first] = order
  if (first && left !== 0) sizes.set(first.name, Math.max(0, sizes.get(first.name)! + left))
  return new Map([...sizes].filter(([name, size]) => active.find(set => set.name === name)?.replicas !== size))
}

function proportion(set: SetView, allowed: number): number {
  const before = set.maxReplicas || allowed
  return Math.round((set.replicas * allowed) / before) - set.replicas
}

/** Towards `left`, never past it, never the other way. */
function limit(share: number, left: number): number {
  return left > 0 ? Math.max(0, Math.min(share, left)) : Math.min(0, Math.max(share, left))
}

function latest(sets: readonly SetView[]): SetView | undefined {
  return [...sets].sort((a, b) => b.created.localeCompare(a.created))[0]
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0)
}
