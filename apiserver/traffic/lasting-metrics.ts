import type { Kind } from '../../api/kind.ts'
import type { RequestInfo } from '../request.ts'
import type { Counter, Metrics, Tally } from './metrics.ts'
import type { Labeller } from './request-labels.ts'

/** What lasts: watches and streams that are open, and what watchers have been told. */
export class LastingMetrics {
  readonly #labeller: Labeller
  readonly #open: Counter
  readonly #events: Counter
  readonly #told = new WeakMap<Kind, Tally>()

  constructor(metrics: Metrics, labeller: Labeller) {
    this.#labeller = labeller
    this.#open = metrics.level('apiserver_longrunning_requests', 'Watches and streams that are open now.')
    this.#events = metrics.counter('apiserver_watch_events_total', 'Events told to watchers, by kind of object.')
  }

  /** How many such requests are open: whoever begins one counts it, and takes it back at its end. */
  open(info: RequestInfo): Tally {
    return this.#open.of(this.#labeller.labelsOf(info))
  }

  /** How many events of a kind watchers have been told. */
  events(kind: Kind): Tally {
    const known = this.#told.get(kind)
    if (known) return known
    const { group, version, kind: name } = kind
    const tally = this.#events.of({ group, version, kind: name })
    this.#told.set(kind, tally)
    return tally
  }
}
