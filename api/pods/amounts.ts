import { addQuantity, compareQuantity } from '../quantity.ts'
import type { Container, PodSpec } from '../types/core-v1.ts'
import type { Quantity } from '../types/scalars.ts'
import { isSidecar } from './containers.ts'

/** Amounts by resource name, as they are written. */
export type Amounts = Record<string, Quantity>

/** How amounts of some form are added up; the scheduler has a faster form than quantities. */
export interface Sums<T> {
  none(): T
  /** A new one each time: others are added to it. */
  of(container: Container): T
  add(total: T, more: T): void
  raise(total: T, least: T): void
}

/**
 * What a pod's containers may need at one time: init containers run one by one, the others together after them, and
 * sidecars, once begun, beside all that follows. Scheduler, quotas, limit ranges and evictions have to agree on that.
 */
export function peakOf<T>({ containers, initContainers = [] }: PodSpec, { none, of, add, raise }: Sums<T>): T {
  const lasting = none()
  const starting = none()
  for (const container of initContainers) {
    const own = of(container)
    if (isSidecar(container)) add(lasting, own)
    else add(own, lasting)
    raise(starting, isSidecar(container) ? lasting : own)
  }
  for (const container of containers) add(lasting, of(container))
  raise(lasting, starting)
  return lasting
}

/** What a pod takes of a node: the word of the pod as a whole stands above those of its containers. */
export function podAmounts(spec: PodSpec | undefined, side: 'requests' | 'limits'): Amounts {
  if (!spec) return {}
  const of = ({ resources }: Container) => ({ ...resources?.[side] })
  const total = { ...peakOf<Amounts>(spec, { none: () => ({}), of, add, raise }), ...spec.resources?.[side] }
  for (const [name, amount] of Object.entries(spec.overhead ?? {})) {
    // Where nothing is limited, an overhead does not make a limit.
    if (side === 'requests' || total[name] !== undefined) add(total, { [name]: amount })
  }
  return total
}

function add(total: Amounts, more: Amounts): void {
  for (const [name, amount] of Object.entries(more))
    total[name] = total[name] === undefined ? amount : addQuantity(total[name], amount)
}

function raise(total: Amounts, least: Amounts): void {
  for (const [name, amount] of Object.entries(least)) {
    if (total[name] === undefined || compareQuantity(amount, total[name]) > 0) total[name] = amount
  }
}
