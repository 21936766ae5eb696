import { podAmounts } from '../../api/pods/amounts.ts'
import { lastingContainers } from '../../api/pods/containers.ts'
import { quantityMilli } from '../../api/quantity.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { isFinished, isReady } from '../pods.ts'

/** Changes smaller than this share of the target are not worth a move. */
export const TOLERANCE = 0.1
const CPU_START_MS = 300_000
const READY_DELAY_MS = 30_000

/** Amounts in thousandths, by pod name. */
export type PodValues = ReadonlyMap<string, number>

/** When the measuring of each pod began, by its name. Only CPU asks for it: what a start burns is no load. */
export type MeasuredFrom = ReadonlyMap<string, number>

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
function sortPods(pods: readonly Live<Pod>[], values: PodValues, from: MeasuredFrom | undefined, now: number) {
  const sorted = { unready: new Set<string>(), missing: [] as string[], measured: [] as string[] }
  for (const pod of pods.filter(one => !one.metadata.deletionTimestamp && !isFinished(one))) {
    const { name } = pod.metadata
    if (pod.status?.phase === 'Pending') sorted.unready.add(name)
    else if (!values.has(name)) sorted.missing.push(name)
    else if (from && isStarting(pod, from.get(name), now)) sorted.unready.add(name)
    else sorted.measured.push(name)
  }
  return sorted
}

/** A young pod is believed when it is ready and all that was measured was measured since; an old one that was ready once is. */
function isStarting(pod: Live<Pod>, measuredFrom = Number.POSITIVE_INFINITY, now: number): boolean {
  const started = Date.parse(pod.status?.startTime ?? '')
  const changed = Date.parse(pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime ?? '')
  if (Number.isNaN(started) || Number.isNaN(changed)) return true
  if (now < started + CPU_START_MS) return !isReady(pod) || measuredFrom < changed
  return !isReady(pod) && changed < started + READY_DELAY_MS
}

/** What the pods ask for of a resource, in thousandths; a text: who does not say, so that nothing can be a share of it. */
export function requestsOf(pods: readonly Live<Pod>[], resource: string, container?: string): PodValues | string {
  const requests = new Map<string, number>()
  for (const pod of pods) {
    const asked =
      container === undefined && pod.spec.resources?.requests ? wholeOf(pod, resource) : sumOf(pod, resource, container)
    if (typeof asked === 'string') return asked
    requests.set(pod.metadata.name, asked)
  }
  return requests
}

function wholeOf(pod: Live<Pod>, resource: string): number | string {
  const asked = podAmounts(pod.spec, 'requests')[resource]
  return asked === undefined
    ? `missing pod-level request for ${resource} in Pod ${pod.metadata.name}`
    : quantityMilli(asked)
}

function sumOf(pod: Live<Pod>, resource: string, container: string | undefined): number | string {
  const meant = lastingContainers(pod.spec).filter(({ name }) => container === undefined || name === container)
  if (meant.length === 0) return `container ${container} not found in Pod ${pod.metadata.name}`
  let total = 0
  for (const { name, resources } of meant) {
    const asked = resources?.requests?.[resource]
    if (asked === undefined) return `missing request for ${resource} in container ${name} of Pod ${pod.metadata.name}`
    total += quantityMilli(asked)
  }
  return total
}

/** How many pods would bring their average use to `target` percent of what they ask for; `average` is that use in thousandths. */
export function byUtilization(
  current: number,
  pods: readonly Live<Pod>[],
  usage: PodValues,
  requests: PodValues,
  target: number,
  from: MeasuredFrom | undefined,
  now: number,
  tolerances: Tolerances,
): (Proposal & { average: number }) | undefined {
  const sorted = sortPods(pods, usage, from, now)
  const share = (names: readonly string[], values: PodValues) => {
    const asked = sum(names, requests)
    return asked === 0 ? undefined : Math.floor((100 * sum(names, values)) / asked)
  }
  const utilization = share(sorted.measured, usage)
  if (utilization === undefined) return undefined
  const ratioWith = (names: readonly string[], values: PodValues) => (share(names, values) ?? 0) / target
  const stand = (name: string, isUp: boolean) => (isUp ? 0 : requests.get(name)! * (Math.max(100, target) / 100))
  const replicas = weigh(current, sorted, usage, utilization / target, ratioWith, stand, tolerances)
  return { replicas, current: utilization, average: Math.floor(sum(sorted.measured, usage) / sorted.measured.length) }
}

/** How many pods would bring their average to `target` thousandths. */
export function byAverage(
  current: number,
  pods: readonly Live<Pod>[],
  values: PodValues,
  target: number,
  from: MeasuredFrom | undefined,
  now: number,
  tolerances: Tolerances,
): Proposal | undefined {
  const sorted = sortPods(pods, values, from, now)
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
