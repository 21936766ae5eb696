import type { Clock } from '../../platform/clock.ts'
import { type Counter, type Histogram, type Metrics, remembered } from '../traffic/metrics.ts'
import { REGISTRY, shelfPrefixOf } from './keys.ts'
import type { RangeOptions, Store } from './store.ts'

const DURATIONS = [0.005, 0.025, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1, 1.25, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60]

type Operation = 'get' | 'list' | 'create' | 'update' | 'delete'

/** The same store; how long it takes is told by what is done to objects of which kind, under Kubernetes' names. */
export function timedStore(store: Store, metrics: Metrics, clock: Clock): Store {
  const times = new StoreTimes(metrics, clock)
  return {
    get: key => times.note('get', key, store.get(key)),
    range: (start: string, end: string, options?: RangeOptions) =>
      times.note('list', start, store.range(start, end, options)),
    create: (key, value, lease) => times.note('create', key, store.create(key, value, lease)),
    update: (key, value, revision, lease) => times.note('update', key, store.update(key, value, revision, lease)),
    remove: (key, revision) => times.note('delete', key, store.remove(key, revision)),
    watch: (start, end, options) => store.watch(start, end, options),
    revision: () => store.revision(),
    compact: revision => store.compact(revision),
    grantLease: seconds => store.grantLease(seconds),
    health: () => store.health(),
    close: () => store.close(),
  }
}

class StoreTimes {
  readonly #clock: Clock
  readonly #durations: Histogram
  readonly #errors: Counter
  readonly #known = new Map<string, ReturnType<Histogram['of']>>()

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock
    this.#durations = metrics.histogram(
      'etcd_request_duration_seconds',
      'Seconds that the store takes, by operation and kind of object.',
      DURATIONS,
    )
    this.#errors = metrics.counter('etcd_request_errors_total', 'Requests that the store could not serve.')
  }

  /** The work itself: nobody waits for what is noted beside it. */
  note<T>(operation: Operation, key: string, work: Promise<T>): Promise<T> {
    const since = this.#clock.monotonic()
    const type = shelfPrefixOf(key).slice(REGISTRY.length, -1)
    const done = () => {
      const durations = remembered(this.#known, `${operation} ${type}`, () => this.#durations.of({ operation, type }))
      durations.observe((this.#clock.monotonic() - since) / 1000)
    }
    work.then(done, () => {
      done()
      this.#errors.add({ operation, type })
    })
    return work
  }
}
