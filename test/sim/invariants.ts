import type { RaftCore, Transition } from '../../etcd/raft/core.ts'
import type { Entry, MemberId } from '../../etcd/raft/message.ts'
import type { World } from './world.ts'

/** What figure 3 of the Raft paper promises, checked from outside while the cluster runs. */
export class Invariants {
  /** The first thing that went wrong. */
  violation: string | undefined
  readonly #world: World
  readonly #leaders = new Map<number, MemberId>()
  /** Entry by index and term: the same on all members, and so is everything before it. */
  readonly #entries = new Map<string, { entry: Entry; previousTerm: number }>()
  /** By index: the entry's term, and the term in which somebody first knew that it is committed. */
  readonly #committed = new Map<number, { term: number; since: number }>()
  readonly #applied = new Map<number, { digest: number; by: MemberId }>()
  readonly #seenCommit = new WeakMap<RaftCore, number>()
  highestCommit = 0
  elections = 0

  constructor(world: World) {
    this.#world = world
  }

  violate(what: string): void {
    if (this.violation) return
    this.violation = what
    this.#world.say('!', what)
  }

  /** Election safety, and leader completeness: whoever wins has every entry that was committed in earlier terms. */
  transition(core: RaftCore, { to, term }: Transition): void {
    if (to !== 'leader') return
    this.elections++
    const other = this.#leaders.get(term)
    if (other && other !== core.id) this.violate(`election safety: ${other} and ${core.id} both lead in term ${term}`)
    this.#leaders.set(term, core.id)
    for (let index = core.log.firstIndex; index <= this.highestCommit; index++) {
      const committed = this.#committed.get(index)
      // A late winner need not know what was committed in terms after its own.
      if (!committed || committed.since >= term || core.log.term(index) === committed.term) continue
      this.violate(`leader completeness: ${core.id} leads in term ${term} without committed entry ${index}`)
    }
  }

  /** Cheap enough for after every single happening. */
  commits(core: RaftCore): void {
    const { log } = core
    const seen = this.#seenCommit.get(core) ?? log.firstIndex - 1
    if (log.commit <= seen) return
    for (let index = Math.max(seen + 1, log.firstIndex); index <= log.commit; index++) this.#commit(core, index)
    this.#seenCommit.set(core, log.commit)
    this.highestCommit = Math.max(this.highestCommit, log.commit)
  }

  #commit(core: RaftCore, index: number): void {
    const term = core.log.term(index)!
    const known = this.#committed.get(index)
    if (known && known.term !== term) {
      this.violate(
        `state machine safety: entry ${index} of term ${known.term} is committed, and by ${core.id} of ${term}`,
      )
    }
    if (!known) this.#committed.set(index, { term, since: core.term })
  }

  logMatching(core: RaftCore): void {
    const { log } = core
    for (const entry of log.slice(log.firstIndex, log.lastIndex)) {
      const place = `${entry.index}/${entry.term}`
      const previousTerm = log.term(entry.index - 1)!
      const known = this.#entries.get(place)
      if (!known) this.#entries.set(place, { entry, previousTerm })
      else if (known.previousTerm !== previousTerm || !Buffer.from(known.entry.data).equals(entry.data)) {
        this.violate(`log matching: ${core.id} has another entry ${entry.index} of term ${entry.term} than others`)
      }
    }
  }

  applied(member: MemberId, index: number, digest: number): void {
    const known = this.#applied.get(index)
    if (known && known.digest !== digest) {
      this.violate(`state machine safety: ${known.by} and ${member} differ after entry ${index}`)
    }
    if (!known) this.#applied.set(index, { digest, by: member })
  }
}
