import type { PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts'

/** How many requests of a level may run at once, in seats: a wide request takes several. */
export interface Allotment {
  exempt: boolean
  /** What the level may always take. */
  nominal: number
  /** What nobody else gets, even while the level has nothing to do. */
  kept: number
  /** What it may take together with what others lend. */
  most: number
}

/** The server's seats, divided by shares as Kubernetes divides them. */
export function allot(levels: readonly PriorityLevelConfiguration[], seats: number): Map<string, Allotment> {
  const total = levels.reduce((sum, level) => sum + sharesOf(level), 0)
  return new Map(levels.map(level => [level.metadata?.name ?? '', allotmentOf(level, total, seats)]))
}

function sharesOf({ spec }: PriorityLevelConfiguration): number {
  return spec?.limited?.nominalConcurrencyShares ?? spec?.exempt?.nominalConcurrencyShares ?? 0
}

function allotmentOf(level: PriorityLevelConfiguration, total: number, seats: number): Allotment {
  const { type, limited, exempt } = level.spec ?? {}
  const nominal = total === 0 ? 0 : Math.ceil((seats * sharesOf(level)) / total)
  const lendable = Math.round((nominal * (limited?.lendablePercent ?? exempt?.lendablePercent ?? 0)) / 100)
  const borrowing = limited?.borrowingLimitPercent
  const most = borrowing === undefined ? seats : nominal + Math.round((nominal * borrowing) / 100)
  const isExempt = type === 'Exempt'
  return { exempt: isExempt, nominal, kept: nominal - lendable, most: isExempt ? Number.POSITIVE_INFINITY : most }
}

const OBJECTS_A_SEAT = 100
const WIDEST = 10

/** A list works as long as so many requests for one object, up to a point. */
export function seatsOfList(objects: number, limit: number): number {
  const told = limit > 0 ? Math.min(objects, limit) : objects
  return Math.min(WIDEST, Math.max(1, Math.ceil(told / OBJECTS_A_SEAT)))
}
