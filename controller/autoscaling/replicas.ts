import { quantityMilli } from '../../api/quantity.ts'
import { podAmounts } from '../../api/quota/usage.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { isFinished, isReady } from '../pods.ts'

/** Changes smaller than this share of the target are not worth a move. */
export const TOLERANCE = 0.1
const CPU_START_MS = 300_000
const READY_DELAY_MS = 30_000

/** Amounts in thousandths, by pod name. */
export type PodValues = ReadonlyMap<string, number>

export interface Proposal {
  replicas: number
  /** The average that was measured: in percent of requests, or in thousandths a pod. */
  current: number
}

export interface Tolerances {
  up: number
  down: number
}

/** Pods that are measured, those that are not, and those that are too young to be taken at their word. */
function sortPods(pods: readonly Live<Pod>[], values: PodValues, isCpu: boolean, now: number) {
  const sorted = { unready: new Set<string>(), missing: [] as string[], measured: [] as string[] }
  for (const pod of pods.filter(one => !one.metadata.deletionTimestamp && !isFinished(one))) {
    const { name } = pod.metadata
    if (pod.status?.phase === 'Pending') sorted.unready.add(name)
    else if (!values.has(name)) sorted.missing.push(name)
    else if (isCpu && isStarting(pod, now)) sorted.unready.add(name)
    else sorted.measured.push(name)
  }
  return sorted
}

/** A pod burns CPU while it starts, which says nothing about its load. */
function isStarting(pod: Live<Pod>, now: number): boolean {
  const started = Date.parse(pod.status?.startTime ?? '')
  const changed = Date.parse(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '')
  if (Number.isNaN(started) || Number.isNaN(changed)) return true
  if (now < started + CPU_START_MS) return !isReady(pod)
  return !isReady(pod) && changed < started + READY_DELAY_MS
}

/** What the pods ask for of a resource, in thousandths; undefined: one of them asks for nothing. */
export function requestsOf(pods: readonly Live<Pod>[], resource: string, container?: string): PodValues | undefined {
  const requests = new Map<string, number>()
  for (const pod of pods) {
    const own = container
      ? pod.spec.containers.find(({ name }) => name === container)?.resources?.requests?.[resource]
      : podAmounts(pod, 'requests')[resource]
    if (own === undefined) return undefined
    requests.set(pod.metadata.name, quantityMilli(own))
  }
  return requests
}

/** How many pods would bring their average use to `target` percent of what they ask for. */
export function byUtilization(
  current: number,
  pods: readonly Live<Pod>[],
  usage: PodValues,
  requests: PodValues,
  target: number,
  isCpu: boolean,
  now: number,
  tolerances: Tolerances,
): Proposal | undefined {
  const sorted = sortPods(pods, usage, isCpu, now)
  const share = (names: readonly string[], values: PodValues) => {
    const asked = sum(names, requests)
    return asked === 0 ? undefined : Math.floor((100 * sum(names, values)) / asked)
  }
  const utilization = share(sorted.measured, usage)
  if (utilization === undefined) return undefined
  const ratioWith = (names: readonly string[], values: PodValues) => (share(names, values) ?? 0) / target
  const stand = (name: string, isUp: boolean) => (isUp ? 0 : requests.get(name)! * (Math.max(100, target) / 100))
  const replicas = weigh(current, sorted, usage, utilization / target, ratioWith, stand, tolerances)
  return { replicas, current: utilization }
}

/** How many pods would bring their average to `target` thousandths. */
export function byAverage(
  current: number,
  pods: readonly Live<Pod>[],
  values: PodValues,
  target: number,
  isCpu: boolean,
  now: number,
  tolerances: Tolerances,
): Proposal | undefined {
  const sorted = sortPods(pods, values, isCpu, now)
  if (sorted.measured.length === 0) return undefined
  const averageOf = (names: readonly string[], all: PodValues) => Math.floor(sum(names, all) / names.length)
  const average = averageOf(sorted.measured, values)
  const ratioWith = (names: readonly string[], all: PodValues) => averageOf(names, all) / target
  const stand = (_: string, isUp: boolean) => (isUp ? 0 : target)
  const replicas = weigh(current, sorted, values, average / target, ratioWith, stand, tolerances)
  return { replicas, current: average }
}

/**
 * Pods that are not measured are taken for whatever speaks against a move: idle when it would go up, busy when it would
 * go down. If with them the move turns round, or becomes small, nothing is done.
 */
function weigh(
  current: number,
  { measured, missing, unready }: ReturnType<typeof sortPods>,
  values: PodValues,
  ratio: number,
  ratioWith: (names: readonly string[], values: PodValues) => number,
  stand: (name: string, isUp: boolean) => number,
  tolerances: Tolerances,
): number {
  const isUp = ratio > 1
  if (missing.length === 0 && (!isUp || unready.size === 0)) {
    return isTolerable(ratio, tolerances) ? current : Math.ceil(ratio * measured.length)
  }
  const filled = new Map(values)
  for (const name of missing) filled.set(name, stand(name, isUp))
  if (isUp) for (const name of unready) filled.set(name, 0)
  const names = [...measured, ...missing, ...(isUp ? unready : [])]
  const cautious = ratioWith(names, filled)
  if (isTolerable(cautious, tolerances) || cautious > 1 !== isUp) return current
  const wanted = Math.ceil(cautious * names.length)
  return isUp ? Math.max(wanted, current) : Math.min(wanted, current)
}

function isTolerable(ratio: number, { up, down }: Tolerances): boolean {
  return ratio <= 1 + up && ratio >= 1 - down
}

/** For one number about something else than the pods: as many times those that work as it is over its target. */
export function byTotal(
  current: number,
  pods: readonly Live<Pod>[],
  value: number,
  target: number,
  tolerances: Tolerances,
): Proposal {
  const ratio = value / target
  if (current === 0) return { replicas: Math.ceil(ratio), current: value }
  const working = pods.filter(pod => pod.status?.phase === 'Running' && isReady(pod)).length
  return { replicas: isTolerable(ratio, tolerances) ? current : Math.ceil(ratio * working), current: value }
}

/** For one number that all pods share. */
export function byShare(current: number, value: number, target: number, tolerances: Tolerances): Proposal {
  const ratio = current === 0 ? Number.POSITIVE_INFINITY : value / (target * current)
  const replicas = isTolerable(ratio, tolerances) ? current : Math.ceil(value / target)
  return { replicas, current: current === 0 ? value : Math.ceil(value / current) }
}

function sum(names: readonly string[], values: PodValues): number {
  return names.reduce((total, name) => total + (values.get(name) ?? 0), 0)
}
