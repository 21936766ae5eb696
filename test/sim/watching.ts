import type { Revision } from '../../etcd/mvcc/keyspace.ts'
import type { Machine } from '../../etcd/mvcc/machine.ts'
import type { WatchBatch, Watcher } from '../../etcd/mvcc/watch.ts'
import type { Invariants } from './invariants.ts'
import type { Life, World } from './world.ts'

const ALL_KEYS = { start: 'a', end: '\0' }

/**
 * What etcd promises of watches: events come in order, each once, none is left out, all of a revision together, the same
 * at every member; and a watch can be taken up anywhere else where it broke off.
 */
export class WatchCheck {
  readonly #world: World
  readonly #invariants: Invariants
  /** What happened at each revision, as the first that heard of it was told. */
  readonly #told = new Map<number, string>()

  /** Told of each deleted key, when the first hears of it. */
  onDelete: (key: string) => void = () => {}

  constructor(world: World, invariants: Invariants) {
    this.#world = world
    this.#invariants = invariants
  }

  #tell(revision: number, told: string): void {
    this.#told.set(revision, told)
    for (const [, key] of told.matchAll(/delete (\w+)/g)) this.onDelete(key!)
  }

  /** Watches all keys at a member for as long as that lives. */
  attach(who: string, machine: Machine, life: Life): void {
    this.#watch(who, machine, life, { last: Math.max(1, machine.keyspace.compacted) })
  }

  /** A client that goes from member to member and goes on where it was. */
  hop(members: () => readonly { machine: { machine: Machine } }[], place = { last: 1 }, watcher?: Watcher): void {
    watcher?.close()
    const up = members()
    const next =
      up.length > 0 ? this.#watch('hopper', this.#world.pick(up).machine.machine, undefined, place) : undefined
    this.#world.after(this.#world.between(100, 1000), () => this.hop(members, place, next))
  }

  #watch(who: string, machine: Machine, life: Life | undefined, place: { last: number }): Watcher {
    const watcher = machine.hub.watch({
      ...ALL_KEYS,
      from: place.last + 1,
      listener: {
        events: batch => this.#take(who, batch, place, () => this.#world.after(20, () => watcher.resume(), life)),
        compacted: revision => {
          // What is gone is gone; from there on nothing may be missing.
          place.last = revision
          if (life) this.#watch(who, machine, life, place)
        },
      },
    })
    watcher.resume()
    return watcher
  }

  /** Now and then it has enough for a while, as a slow client does. */
  #take(who: string, { events }: WatchBatch, place: { last: number }, later: () => void): boolean {
    for (const [revision, told] of byRevision(events)) {
      if (revision !== place.last + 1) {
        this.#invariants.violate(`watch: ${who} is told of revision ${revision} after ${place.last}`)
      }
      place.last = revision
      const known = this.#told.get(revision)
      if (known !== undefined && known !== told) {
        this.#invariants.violate(`watch: ${who} is told ${told} at revision ${revision}, others were told ${known}`)
      }
      if (known === undefined) this.#tell(revision, told)
    }
    const enough = this.#world.chance(0.05)
    if (enough) later()
    return !enough
  }
}

function byRevision(events: readonly Revision[]): Map<number, string> {
  const told = new Map<number, string>()
  for (const { modRevision, key, value, deleted, version } of events) {
    const event = deleted ? `delete ${key}` : `put ${key}=${Buffer.from(value)} (${version})`
    told.set(modRevision, [told.get(modRevision), event].filter(text => text).join(', '))
  }
  return told
}
