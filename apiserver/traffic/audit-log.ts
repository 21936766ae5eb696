import type { ApiResponse } from '../../api/exchange.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { Call } from '../call.ts'
import { newUid } from '../verbs/meta.ts'
import {
  type AuditLevel,
  type AuditMoment,
  type AuditOptions,
  type AuditStage,
  attemptedBy,
  auditDecision,
  auditEvent,
} from './audit.ts'

/** Writes one line for each moment of a call that the policy wants to know of. */
export class AuditLog {
  readonly #options: AuditOptions
  readonly #clock: Clock
  readonly #random: Random

  constructor(options: AuditOptions, clock: Clock, random: Random) {
    this.#options = options
    this.#clock = clock
    this.#random = random
  }

  begin(call: Call, lasting: boolean): AuditTrail | undefined {
    const note = this.#noteFor(call)
    if (!note) return undefined
    call.annotations = {}
    note('RequestReceived', {})
    return new AuditTrail(note, lasting)
  }

  /** A caller who could not show who he is: one line, at the moment of the answer, as Kubernetes writes it. */
  unrecognised(call: Call, status: number): void {
    this.#noteFor(call)?.('ResponseStarted', { status, message: attemptedBy(call.request) })
  }

  #noteFor(call: Call): Note | undefined {
    const { level, stages } = auditDecision(this.#options.policy, { info: call.info, user: call.caller })
    if (level === 'None') return undefined
    const received = this.#clock.now()
    const note: Note = (stage, rest) => {
      if (!stages.has(stage)) return
      const moment = { id, level: level as AuditLevel, stage, call, received, now: this.#clock.now(), ...rest }
      this.#options.write(JSON.stringify(auditEvent(moment)))
    }
    const id = newUid(this.#random)
    return note
  }
}

type Note = (stage: AuditStage, rest: Pick<AuditMoment, 'status' | 'message' | 'answer'>) => void

/** What is still to be told of one call. */
export class AuditTrail {
  readonly #note: Note
  readonly #lasting: boolean

  constructor(note: Note, lasting: boolean) {
    this.#note = note
    this.#lasting = lasting
  }

  /** The answer, which tells of its own end where it lasts. */
  answered(response: ApiResponse, foreseen: boolean): ApiResponse {
    const { status, body } = response
    if (!foreseen) this.#note('Panic', { status, answer: body })
    else if (this.#lasting && body && !(body instanceof Uint8Array)) {
      this.started(status)
      return { ...response, body: untilEnd(body, () => this.complete(status)) }
    } else this.#note('ResponseComplete', { status, answer: body })
    return response
  }

  started(status: number): void {
    this.#note('ResponseStarted', { status })
  }

  complete(status: number): void {
    this.#note('ResponseComplete', { status })
  }
}

async function* untilEnd(body: AsyncIterable<Uint8Array>, ended: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* body
  } finally {
    ended()
  }
}
