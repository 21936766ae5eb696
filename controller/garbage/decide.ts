import type { OwnerReference } from '../../api/objects.ts'

const FOREGROUND = 'foregroundDeletion'
const ORPHAN = 'orphan'

/** An object as the garbage collector sees it. */
export interface Item {
  uid: string
  owners: readonly OwnerReference[]
  finalizers: readonly string[]
  isDeleting: boolean
}

export type OwnerState = 'alive' | 'absent' | 'waiting'

export type Verdict =
  | { do: 'nothing' }
  /** These owners are gone, or wait for their dependents to go: the object lives on without them. */
  | { do: 'drop-owners'; uids: string[] }
  | { do: 'delete'; propagation: 'Background' | 'Foreground' | 'Orphan' }
  /** The owner has waited for all that blocked it. */
  | { do: 'remove-finalizer'; finalizer: string }
  /** Dependents have to go, or to be let go, before the object may. */
  | { do: 'wait-for-dependents' }
  | { do: 'orphan-dependents' }
  /** It stands in a circle in which everybody waits for everybody: it no longer holds its owners up. */
  | { do: 'stop-blocking' }

/** What is known of an object's dependents: `blocking` of them hold it up; `circle`: it is one of them, by some way. */
export interface DependentFacts {
  any: boolean
  blocking: number
  circle: boolean
}

/**
 * What becomes of an object. It lives as long as one owner lives; it is deleted when all of them are gone or wait for it.
 */
export function judge(item: Item, stateOf: (owner: OwnerReference) => OwnerState, dependents: DependentFacts): Verdict {
  if (item.isDeleting) return judgeDeleting(item, dependents)
  if (item.owners.length === 0) return { do: 'nothing' }
  const states = item.owners.map(owner => ({ owner, state: stateOf(owner) }))
  const useless = states.filter(({ state }) => state !== 'alive').map(({ owner }) => owner.uid)
  if (useless.length < states.length) {
    return useless.length > 0 ? { do: 'drop-owners', uids: useless } : { do: 'nothing' }
  }
  const isWaitedFor = states.some(({ state }) => state === 'waiting')
  const propagation = isWaitedFor && dependents.any ? 'Foreground' : propagationOf(item)
  return { do: 'delete', propagation }
}

function judgeDeleting(item: Item, dependents: DependentFacts): Verdict {
  if (item.finalizers.includes(ORPHAN)) {
    return dependents.any ? { do: 'orphan-dependents' } : { do: 'remove-finalizer', finalizer: ORPHAN }
  }
  if (!item.finalizers.includes(FOREGROUND)) return { do: 'nothing' }
  if (dependents.circle) return { do: 'stop-blocking' }
  return dependents.blocking > 0 ? { do: 'wait-for-dependents' } : { do: 'remove-finalizer', finalizer: FOREGROUND }
}

/** An object that was asked to be deleted in some way before is deleted in that way. */
function propagationOf({ finalizers }: Item): 'Background' | 'Foreground' | 'Orphan' {
  if (finalizers.includes(ORPHAN)) return 'Orphan'
  return finalizers.includes(FOREGROUND) ? 'Foreground' : 'Background'
}

export function isWaitingForDependents({ isDeleting, finalizers }: Item): boolean {
  return isDeleting && finalizers.includes(FOREGROUND)
}
