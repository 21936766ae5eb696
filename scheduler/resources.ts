import { peakOf, type Sums } from '../api/pods/amounts.ts'
import { quantityMilli, quantityValue } from '../api/quantity.ts'
import type { Container, Node, PodSpec } from '../api/types/core-v1.ts'
import type { Quantity } from '../api/types/scalars.ts'

/** Amounts by resource name: cpu in millicores, all else in its own unit. Whole numbers, safe up to 2^53. */
export interface Amounts {
  cpu: number
  memory: number
  storage: number
  /** Extended resources and huge pages; undefined for the many that ask for none. */
  others?: Map<string, number>
}

/** What a container that asks for nothing counts as in scores, so that such pods spread as well. */
const DEFAULT_CPU = 100
const DEFAULT_MEMORY = 200 * 1024 * 1024

type Requests = Record<string, Quantity> | undefined

export function emptyAmounts(): Amounts {
  return { cpu: 0, memory: 0, storage: 0 }
}

/** What a pod needs of a node; for scores with a little for containers that ask for nothing. */
export function podRequests(spec: PodSpec, forScores = false): Amounts {
  const total = peakOf(spec, forScores ? SCORED_SUMS : SUMS)
  overrideWith(total, spec.resources?.requests)
  if (spec.overhead) addTo(total, toAmounts(spec.overhead))
  return total
}

function scoredRequests({ resources }: Container): Amounts {
  const requests = resources?.requests
  const amounts = toAmounts(requests)
  if (requests?.cpu === undefined) amounts.cpu = DEFAULT_CPU
  if (requests?.memory === undefined) amounts.memory = DEFAULT_MEMORY
  return amounts
}

const SUMS: Sums<Amounts> = {
  none: emptyAmounts,
  of: ({ resources }) => toAmounts(resources?.requests),
  add: addTo,
  raise: raiseTo,
}
const SCORED_SUMS: Sums<Amounts> = { ...SUMS, of: scoredRequests }

/** Requests of the whole pod stand above those of its containers. */
function overrideWith(total: Amounts, requests: Requests): void {
  if (!requests) return
  const whole = toAmounts(requests)
  if (requests.cpu !== undefined) total.cpu = whole.cpu
  if (requests.memory !== undefined) total.memory = whole.memory
  for (const [name, amount] of whole.others ?? []) othersOf(total).set(name, amount)
}

export function toAmounts(requests: Requests): Amounts {
  const amounts = emptyAmounts()
  for (const [name, quantity] of Object.entries(requests ?? {})) {
    if (name === 'cpu') amounts.cpu = quantityMilli(quantity)
    else if (name === 'memory') amounts.memory = quantityValue(quantity)
    else if (name === 'ephemeral-storage') amounts.storage = quantityValue(quantity)
    else if (name !== 'pods') othersOf(amounts).set(name, quantityValue(quantity))
  }
  return amounts
}

/** How many pods a node takes. */
export function podCapacity(node: Node): number {
  const pods = node.status?.allocatable?.pods
  return pods === undefined ? 110 : quantityValue(pods)
}

export function addTo(total: Amounts, amounts: Amounts, sign: 1 | -1 = 1): void {
  total.cpu += sign * amounts.cpu
  total.memory += sign * amounts.memory
  total.storage += sign * amounts.storage
  if (!amounts.others) return
  const others = othersOf(total)
  for (const [name, amount] of amounts.others) others.set(name, (others.get(name) ?? 0) + sign * amount)
}

function raiseTo(total: Amounts, amounts: Amounts): void {
  total.cpu = Math.max(total.cpu, amounts.cpu)
  total.memory = Math.max(total.memory, amounts.memory)
  total.storage = Math.max(total.storage, amounts.storage)
  for (const [name, amount] of amounts.others ?? []) {
    othersOf(total).set(name, Math.max(total.others?.get(name) ?? 0, amount))
  }
}

function othersOf(amounts: Amounts): Map<string, number> {
  amounts.others ??= new Map()
  return amounts.others
}

/** The amount of a resource by its Kubernetes name. */
export function amountOf(amounts: Amounts, resource: string): number {
  if (resource === 'cpu') return amounts.cpu
  if (resource === 'memory') return amounts.memory
  if (resource === 'ephemeral-storage') return amounts.storage
  return amounts.others?.get(resource) ?? 0
}
