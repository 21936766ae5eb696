import { isReason } from '../api/errors.ts'
import type { Lease, LeaseSpec } from '../api/types/coordination-v1.ts'
import { type Clock, pause } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { Client, Live, ResourceClient } from './client.ts'
import { unlessMissing } from './outcomes.ts'
import { LEASES } from './resources.ts'
import { microTimestamp } from './times.ts'

export interface LeaderOptions {
  client: Client
  clock: Clock
  random: Random
  log: Log
  namespace?: string
  name: string
  /** Unique among the candidates, e.g. host name and a random part. */
  identity: string
  leaseMs?: number
  /** A leader that could not renew for this long steps down, well before others may step up. */
  renewDeadlineMs?: number
  retryMs?: number
}

/** What was last seen of the lease, and when on our own clock: clocks of other machines are never compared. */
export interface Observation {
  spec: LeaseSpec
  seenAt: number
}

export type LeaseMove = { move: 'wait' } | { move: 'write'; spec: LeaseSpec }

/** Whether we may write the lease now, and what. Times are of our own monotonic clock; `now` is for people. */
export function decideLease(
  identity: string,
  leaseMs: number,
  seen: Observation,
  monotonic: number,
  now: string,
): LeaseMove {
  const { spec } = seen
  const leaseDurationSeconds = Math.ceil(leaseMs / 1000)
  if (spec.holderIdentity === identity) {
    return { move: 'write', spec: { ...spec, leaseDurationSeconds, renewTime: now } }
  }
  const theirs = (spec.leaseDurationSeconds ?? leaseDurationSeconds) * 1000
  if (spec.holderIdentity && monotonic - seen.seenAt < theirs) return { move: 'wait' }
  const leaseTransitions = (spec.leaseTransitions ?? 0) + 1
  return {
    move: 'write',
    spec: { holderIdentity: identity, leaseDurationSeconds, acquireTime: now, renewTime: now, leaseTransitions },
  }
}

/** Runs `lead` for as long as we hold the lease; its signal aborts when we lose it. Ends when `signal` aborts. */
export async function leadWithLease(
  options: LeaderOptions,
  lead: (leading: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const candidate = new Candidate(options)
  while (!signal.aborted) {
    if (!(await candidate.acquire(signal))) return
    const leading = new AbortController()
    const onAbort = () => leading.abort(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    options.log.info('Became the leader', { lease: options.name, identity: options.identity })
    const work = lead(leading.signal).catch(error => {
      options.log.error('Leading failed', { lease: options.name, error })
      leading.abort(error)
    })
    await candidate.keep(leading.signal)
    leading.abort(new Error('the lease was lost'))
    signal.removeEventListener('abort', onAbort)
    await work
    await candidate.release()
    options.log.info('Is no longer the leader', { lease: options.name, identity: options.identity })
  }
}

class Candidate {
  readonly #options: Required<LeaderOptions>
  readonly #leases: ResourceClient<Lease>
  #lease: Live<Lease> | undefined
  #seen: Observation | undefined
  #renewedAt = 0

  constructor(options: LeaderOptions) {
    const defaults = { namespace: 'kube-system', leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 }
    this.#options = { ...defaults, ...options }
    this.#leases = options.client.resource<Lease>(LEASES)
  }

  /** True when the lease is ours, false when the signal aborted first. */
  async acquire(signal: AbortSignal): Promise<boolean> {
    while (!signal.aborted) {
      if (await this.#try()) return true
      await this.#pause(signal)
    }
    return false
  }

  /** Returns when the lease is lost or the signal aborts. */
  async keep(signal: AbortSignal): Promise<void> {
    const { clock, renewDeadlineMs } = this.#options
    while (!signal.aborted && clock.monotonic() - this.#renewedAt < renewDeadlineMs) {
      await this.#pause(signal)
      if (signal.aborted) return
      // A server that never answers must not keep us a leader: the others only wait so long.
      const left = Math.max(0, this.#renewedAt + renewDeadlineMs - clock.monotonic())
      await Promise.race([this.#try(), pause(clock, left, signal)])
      if (this.#seen?.spec.holderIdentity !== this.#options.identity) return
    }
  }

  /** Lets the next one in at once instead of after the lease has run out. */
  async release(): Promise<void> {
    if (this.#lease?.spec?.holderIdentity !== this.#options.identity) return
    const spec = { ...this.#lease.spec, holderIdentity: '', leaseDurationSeconds: 1 }
    try {
      this.#observe(await this.#leases.update({ ...this.#lease, spec }))
    } catch (error) {
      this.#options.log.debug('The lease could not be released', { lease: this.#options.name, error })
    }
  }

  async #try(): Promise<boolean> {
    try {
      return await this.#step()
    } catch (error) {
      this.#lease = undefined // whoever was faster, the next try reads what stands there
      const level = isReason(error, 'Conflict') || isReason(error, 'AlreadyExists') ? 'debug' : 'warn'
      this.#options.log[level]('The lease could not be taken or renewed', { lease: this.#options.name, error })
      return false
    }
  }

  async #step(): Promise<boolean> {
    const { identity, leaseMs, clock } = this.#options
    const began = clock.monotonic()
    const isHolder = this.#lease?.spec?.holderIdentity === identity
    if (!isHolder) this.#observe(await this.#read())
    const time = microTimestamp(clock.now())
    const decision = decideLease(identity, leaseMs, this.#seen!, began, time)
    if (decision.move === 'wait') return false
    this.#observe(await this.#write(decision.spec))
    this.#renewedAt = began
    return true
  }

  #read(): Promise<Live<Lease> | undefined> {
    return unlessMissing(this.#leases.get(this.#options.name, this.#options.namespace))
  }

  #write(spec: LeaseSpec): Promise<Live<Lease>> {
    if (this.#lease) return this.#leases.update({ ...this.#lease, spec })
    const { name, namespace } = this.#options
    return this.#leases.create({ metadata: { name, namespace }, spec: { ...spec, leaseTransitions: 0 } })
  }

  #observe(lease: Live<Lease> | undefined): void {
    const isNews = lease?.metadata.resourceVersion !== this.#lease?.metadata.resourceVersion || !this.#seen
    const renewed = isNews && lease?.spec?.renewTime !== this.#seen?.spec.renewTime
    const seenAt = renewed || !this.#seen ? this.#options.clock.monotonic() : this.#seen.seenAt
    this.#lease = lease
    this.#seen = { spec: lease?.spec ?? {}, seenAt }
  }

  #pause(signal: AbortSignal): Promise<void> {
    const { clock, random, retryMs } = this.#options
    return pause(clock, retryMs * (1 + 0.2 * random.next()), signal)
  }
}
