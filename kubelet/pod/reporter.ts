import { ApiError, isReason } from '../../api/errors.ts'
import type { Pod, PodStatus } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import { Backoff } from '../../client/backoff.ts'
import type { Live, ResourceClient } from '../../client/client.ts'
import { type Clock, pause } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Random } from '../../platform/random.ts'
import { declaredEnd } from './pod.ts'
import { stillSays } from './reported.ts'

/** The object in the API server that shows a pod's status: the pod itself, or the mirror of a static pod. */
export interface StatusTarget {
  namespace: string
  name: string
  uid: string
}

interface Line {
  target: StatusTarget
  wanted: PodStatus
  sent?: PodStatus
  /** The object as the API server had it then. */
  taken?: Live<Pod>
  /** And as it was seen last. */
  shown?: Live<Pod>
  sending?: Promise<void>
}

/** Whoever else writes a status is not answered at once: two writers would keep each other busy. */
const REPEAT_AFTER_MS = 1000

/**
 * Tells the API server how pods are: the newest only, one request at a time per pod, until it got through, and once more
 * when somebody has written over it.
 */
export class StatusReporter {
  readonly #pods: ResourceClient<Pod>
  readonly #clock: Clock
  readonly #random: Random
  readonly #log: Log
  readonly #stopping = new AbortController()
  readonly #lines = new Map<string, Line>()

  constructor(parts: { pods: ResourceClient<Pod>; clock: Clock; random: Random; log: Log }) {
    this.#pods = parts.pods
    this.#clock = parts.clock
    this.#random = parts.random
    this.#log = parts.log
  }

  report(target: StatusTarget, status: PodStatus): void {
    const line: Line = this.#lines.get(target.uid) ?? { target, wanted: status }
    this.#lines.set(target.uid, line)
    line.wanted = status
    if (!line.sending && !deepEqual(line.sent, status)) this.#begin(line)
  }

  /** A pod as the API server has it now. Of a lost node, the node controller says that its pods are not ready. */
  shown(pod: Live<Pod>): void {
    const line = this.#lines.get(pod.metadata.uid)
    if (!line) return
    line.shown = pod
    if (!line.sending) this.#compare(line)
  }

  /** Resolves when the last status given for a pod is known to the API server, or cannot be any more. */
  async settled(uid: string): Promise<void> {
    await this.#lines.get(uid)?.sending
  }

  forget(uid: string): void {
    this.#lines.delete(uid)
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await Promise.all([...this.#lines.values()].map(line => line.sending))
  }

  #compare(line: Line): void {
    const { taken, shown, wanted } = line
    if (!taken || !shown || !isOlder(taken, shown)) return
    // An end that others have declared is the pod's worker to confirm.
    const isEnd = declaredEnd(shown) !== undefined && declaredEnd(shown) !== wanted.phase
    if (isEnd || stillSays(shown.status, taken.status ?? {}, wanted)) return
    line.sent = undefined
    this.#begin(line, pause(this.#clock, REPEAT_AFTER_MS, this.#stopping.signal))
  }

  #begin(line: Line, ready = Promise.resolve()): void {
    line.sending = ready.then(() => this.#send(line))
  }

  async #send(line: Line): Promise<void> {
    const backoff = new Backoff({ firstMs: 200, longestMs: 10_000 }, this.#random)
    while (!this.#stopping.signal.aborted && !deepEqual(line.sent, line.wanted)) {
      const status = line.wanted
      try {
        line.taken = await this.#patch(line.target, status)
        line.sent = status
        backoff.reset()
      } catch (error) {
        if (isFinal(error)) {
          line.sent = status
          line.taken = undefined
          if (!isReason(error, 'NotFound')) this.#log.warn('A pod status was refused', { ...line.target, error })
          continue
        }
        this.#log.debug('A pod status did not get through', { ...line.target, error })
        await pause(this.#clock, backoff.next(), this.#stopping.signal)
      }
    }
    // In the same breath as the last comparison: what is reported in between would wait for the next report.
    line.sending = undefined
    // Somebody may have written between the server's taking of the last one and its answer.
    if (!this.#stopping.signal.aborted) this.#compare(line)
  }

  #patch({ name, namespace, uid }: StatusTarget, status: PodStatus): Promise<Live<Pod>> {
    return this.#pods.patch(name, 'strategic', statusPatch(uid, status), { namespace, subresource: 'status' })
  }
}

function isOlder(one: Live<Pod>, other: Live<Pod>): boolean {
  return Number(one.metadata.resourceVersion) < Number(other.metadata.resourceVersion)
}

/** A refusal that the same request would meet again. */
function isFinal(error: unknown): boolean {
  return error instanceof ApiError && error.code < 500 && error.code !== 429 && error.code !== 408 && error.code !== 401
}

/** Fields of a status that may have been there and are not any more. */
const CLEARED = ['reason', 'message', 'podIP', 'initContainerStatuses', 'ephemeralContainerStatuses'] as const

/** The whole of what the agent knows; conditions of others stay, as lists of conditions are merged by type. */
function statusPatch(uid: string, status: PodStatus): object {
  const cleared = Object.fromEntries(CLEARED.filter(key => status[key] === undefined).map(key => [key, null]))
  const addresses = { podIPs: [...(status.podIPs ?? []), { $patch: 'replace' }] }
  // Conditions are merged field by field: what is no longer said has to be taken back.
  const conditions = status.conditions?.map(one => ({
    ...one,
    reason: one.reason ?? null,
    message: one.message ?? null,
  }))
  return { metadata: { uid }, status: { ...cleared, ...status, ...addresses, conditions } }
}
