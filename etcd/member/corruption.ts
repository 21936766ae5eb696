import type { Clock, Timer } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { PeerNetwork } from '../peer/network.ts'
import { AlarmType } from '../proto/control-messages.ts'
import { REQUEST_MS } from './leader-line.ts'

/** What a member says of its keys at a revision that another has named. */
export interface KeyHash {
  /** Members that have compacted differently cannot be compared. */
  compacted: number
  hash: number
}

/** What of a member this needs. */
export interface Comparable {
  readonly id: string
  readonly isLeader: boolean
  readonly revision: number
  readonly roster: { list(): readonly { id: string }[] }
  keyHash(revision: number): Promise<KeyHash>
  raise(alarm: number, id: string): void
}

interface Surroundings {
  clock: Clock
  log: Log
  network?: Pick<PeerNetwork, 'call'>
}

/**
 * Whose keys are not what they should be. Whoever holds what more than half of all hold is right; where no answer has a
 * majority nobody can be trusted.
 */
export function disagreeing(answers: ReadonlyMap<string, KeyHash>, self: string): string[] {
  const own = answers.get(self)
  const comparable = [...answers].filter(([, { compacted }]) => compacted === own?.compacted)
  const votes = new Map<number, number>()
  for (const [, { hash }] of comparable) votes.set(hash, (votes.get(hash) ?? 0) + 1)
  if (votes.size < 2) return []
  const [right] = [...votes].find(([, count]) => count > comparable.length / 2) ?? []
  return comparable.filter(([, { hash }]) => hash !== right).map(([id]) => id)
}

/** While this member leads it compares, now and then, what all members hold: a disk or a memory may have gone bad. */
export class CorruptionWatch {
  readonly #member: Comparable
  readonly #around: Surroundings
  #timer: Timer | undefined

  constructor(member: Comparable, around: Surroundings) {
    this.#member = member
    this.#around = around
  }

  start(everyMs: number): void {
    this.#timer = this.#around.clock.after(everyMs, () => {
      this.start(everyMs)
      if (this.#member.isLeader) void this.check()
    })
  }

  stop(): void {
    this.#timer?.cancel()
  }

  /** Whoever does not answer, or cannot for now, is compared the next time. */
  async check(): Promise<void> {
    const { id: self, revision, roster } = this.#member
    const answers = new Map<string, KeyHash>()
    await Promise.all(roster.list().map(({ id }) => this.#note(id, revision, answers)))
    for (const id of disagreeing(answers, self)) {
      this.#around.log.error('the keys of a member differ from those of the others', { member: id, revision })
      this.#member.raise(AlarmType.corrupt, id)
    }
  }

  async #note(id: string, revision: number, answers: Map<string, KeyHash>): Promise<void> {
    try {
      answers.set(id, await this.#ask(id, revision))
    } catch (error) {
      this.#around.log.warn('a member cannot be compared now', { member: id, error })
    }
  }

  async #ask(id: string, revision: number): Promise<KeyHash> {
    const { network } = this.#around
    if (id === this.#member.id || !network) return this.#member.keyHash(revision)
    return JSON.parse((await network.call(id, 'hash', Buffer.from(String(revision)), REQUEST_MS)).toString()) as KeyHash
  }
}
