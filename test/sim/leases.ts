import type { Cluster } from './cluster.ts'
import type { Invariants } from './invariants.ts'
import type { World } from './world.ts'

const TTL_SECONDS = 2

/** A client that takes leases and lets them run out: not before their time, however often the leader changes meanwhile. */
export class LeaseCheck {
  readonly #world: World
  readonly #invariants: Invariants
  /** When each key with a lease was asked for. */
  readonly #asked = new Map<string, number>()

  constructor(world: World, invariants: Invariants) {
    this.#world = world
    this.#invariants = invariants
  }

  start(cluster: Cluster, goesOn: () => boolean): void {
    this.#world.after(this.#world.between(100, 1500), () => {
      if (!goesOn()) return
      const leader = cluster.leader
      if (leader) this.#take(leader)
      this.start(cluster, goesOn)
    })
  }

  #take({ machine, driver, id }: NonNullable<Cluster['leader']>): void {
    const key = `l${this.#asked.size}`
    this.#asked.set(key, this.#world.now)
    machine
      .putWithLease(key, BigInt(this.#asked.size), TTL_SECONDS, entry => driver.propose(entry))
      .catch(error => this.#world.say(id, `no lease for ${key}: ${error.message}`))
  }

  /** The key is gone. */
  ended(key: string): void {
    const asked = this.#asked.get(key)
    if (asked === undefined || this.#world.now >= asked + TTL_SECONDS * 1000) return
    this.#invariants.violate(`leases: ${key} is gone ${this.#world.now - asked} ms after its lease was asked for`)
  }
}
