import { execute, type Operation, type Outcome } from './model.ts'

/** One request of a client: between `invoked` and `completed` it took effect, at one instant, if the store is linearizable. */
export interface Call {
  id: string
  operation: Operation
  /** Places in the total order of all beginnings and ends. */
  invoked: number
  /** Missing where the client never learned the outcome: then it may take effect at any later time, or never. */
  completed?: number
  outcome?: Outcome
}

/**
 * Looks for an order of the calls that a single copy of the data could have executed one after the other, in which no call
 * comes before one that had ended when it began (Wing and Gong's search, with Lowe's memory of dead ends). Keys that
 * appear together in an operation are checked together. Returns the calls that have no such order, or undefined.
 */
export function findNonlinearizable(calls: readonly Call[]): Call[] | undefined {
  const observed = new Set(calls.flatMap(call => Object.values(call.outcome?.values ?? {})))
  // Whatever nobody ever saw, and whose fate nobody was told, has no part in any contradiction.
  const relevant = calls.filter(call => call.completed !== undefined || writtenValues(call).some(v => observed.has(v)))
  return groupsOf(relevant).find(group => !hasOrder(group))
}

function writtenValues({ operation }: Call): string[] {
  if (operation.type === 'put') return [operation.value]
  if (operation.type === 'delete') return ['']
  return operation.type === 'txn' ? Object.values(operation.puts) : []
}

function keysOf({ operation }: Call): string[] {
  if (operation.type === 'get') return operation.keys
  return operation.type !== 'txn' ? [operation.key] : [operation.key, ...Object.keys(operation.puts)]
}

function groupsOf(calls: readonly Call[]): Call[][] {
  const groups: { keys: Set<string>; calls: Call[] }[] = []
  for (const call of calls) {
    const keys = keysOf(call)
    const touched = groups.filter(group => keys.some(key => group.keys.has(key)))
    const merged = { keys: new Set(keys), calls: [call] }
    for (const group of touched) {
      for (const key of group.keys) merged.keys.add(key)
      merged.calls.push(...group.calls)
      groups.splice(groups.indexOf(group), 1)
    }
    groups.push(merged)
  }
  return groups.map(group => group.calls.sort((a, b) => a.invoked - b.invoked))
}

function hasOrder(calls: readonly Call[]): boolean {
  const done = new Array<boolean>(calls.length).fill(false)
  const deadEnds = new Set<string>()
  const search = (first: number, state: Record<string, string>): boolean => {
    while (done[first]) first++
    if (!calls.some((call, at) => at >= first && !done[at] && call.completed !== undefined)) return true
    const place = describePlace(done, first, state)
    if (deadEnds.has(place)) return false
    for (const at of candidates(calls, done, first)) {
      const next = { ...state }
      if (!agrees(calls[at]!, execute(next, calls[at]!.operation))) continue
      done[at] = true
      if (search(first, next)) return true
      done[at] = false
    }
    deadEnds.add(place)
    return false
  }
  return search(0, {})
}

function describePlace(done: readonly boolean[], first: number, state: Record<string, string>): string {
  const last = done.lastIndexOf(true)
  const ahead = done.slice(first, last + 1).map(flag => (flag ? '1' : '0'))
  const values = Object.keys(state)
    .sort()
    .map(key => `${key}=${state[key]}`)
  return `${first} ${ahead.join('')} ${values.join(' ')}`
}

/** Calls that may come next: those that began before any of the others had ended. */
function candidates(calls: readonly Call[], done: readonly boolean[], first: number): number[] {
  const possible: number[] = []
  let earliestEnd = Number.POSITIVE_INFINITY
  for (let at = first; at < calls.length && calls[at]!.invoked < earliestEnd; at++) {
    if (done[at]) continue
    possible.push(at)
    earliestEnd = Math.min(earliestEnd, calls[at]!.completed ?? Number.POSITIVE_INFINITY)
  }
  return possible
}

function agrees(call: Call, result: Outcome): boolean {
  if (!call.outcome) return true
  if (call.outcome.succeeded !== result.succeeded) return false
  return Object.entries(call.outcome.values).every(([key, value]) => result.values[key] === value)
}
