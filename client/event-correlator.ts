/**
 * Counting and cutting of events, as Kubernetes does it, without a clock or a server: equal events are one with a
 * count; many that differ in their words only are combined; a source that floods about one object is cut.
 */
export interface EventFacts {
  involvedObject: {
    apiVersion?: string
    kind?: string
    name: string
    namespace?: string
    uid?: string
    resourceVersion?: string
    fieldPath?: string
  }
  type: string
  reason: string
  message: string
}

/** One event object in the cluster, as far as we remember it. `name` is known once it was created. */
export interface Series {
  name?: string
  count: number
  first: number | undefined
  last: number
}

export interface Recorded {
  message: string
  count: number
  at: number
  series: Series
}

interface Group {
  messages: Set<string>
  last: number
}

interface Bucket {
  tokens: number
  at: number
}

/** Different ones told in full: client-go's limit is ten, but it counts the new one before it compares. */
const TOLD_IN_FULL = 9
const SIMILAR_WINDOW_MS = 600_000
const BURST = 25
const REFILL_MS = 300_000
const REMEMBERED = 4096

export class EventCorrelator {
  readonly #series = new Map<string, Series>()
  readonly #groups = new Map<string, Group>()
  readonly #buckets = new Map<string, Bucket>()

  /** What to write for this event; undefined: nothing, it is one too many. */
  record(facts: EventFacts, now: number): Recorded | undefined {
    if (!this.#mayPass(facts, now)) return undefined
    const combined = this.#isOneOfMany(facts, now)
    const message = combined ? `(combined from similar events): ${facts.message}` : facts.message
    const key = combined ? groupKey(facts) : JSON.stringify([groupKey(facts), facts.message])
    const series = this.#series.get(key) ?? { count: 0, first: now, last: now }
    series.count++
    series.last = now
    remember(this.#series, key, series)
    return { message, count: series.count, at: now, series }
  }

  #isOneOfMany(facts: EventFacts, now: number): boolean {
    const key = groupKey(facts)
    const known = this.#groups.get(key)
    const group = known && now - known.last < SIMILAR_WINDOW_MS ? known : { messages: new Set<string>(), last: now }
    group.last = now
    const isCombined = group.messages.size >= TOLD_IN_FULL && !group.messages.has(facts.message)
    if (!isCombined) group.messages.add(facts.message)
    remember(this.#groups, key, group)
    return isCombined
  }

  #mayPass(facts: EventFacts, now: number): boolean {
    const key = objectKeyOf(facts)
    const bucket = this.#buckets.get(key) ?? { tokens: BURST, at: now }
    const tokens = Math.min(BURST, bucket.tokens + Math.max(0, now - bucket.at) / REFILL_MS)
    const passes = tokens >= 1
    remember(this.#buckets, key, { tokens: passes ? tokens - 1 : tokens, at: now })
    return passes
  }
}

function objectKeyOf({ involvedObject }: EventFacts): string {
  const { kind, namespace, name, uid } = involvedObject
  return JSON.stringify([kind, namespace, name, uid])
}

function groupKey(facts: EventFacts): string {
  return JSON.stringify([objectKeyOf(facts), facts.involvedObject.fieldPath, facts.type, facts.reason])
}

/** The freshest REMEMBERED entries stay: a Map keeps the order in which keys were set. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key)
  map.set(key, value)
  if (map.size > REMEMBERED) map.delete(map.keys().next().value!)
}
