import type { MembershipChange } from '../../etcd/raft/membership.ts'
import { scanSegment } from '../../etcd/wal/record.ts'
import type { Cluster, SimMember } from './cluster.ts'
import { FAULTS, NOTHING, type Victims } from './faults.ts'
import type { World } from './world.ts'

/** Strikes now and then with one of its faults, and in the end lets everything work again. */
export class Nemesis implements Victims {
  readonly cluster: Cluster
  readonly world: World
  /** A replacement is under way. */
  changing = false
  stopped = false
  #flips = 1
  readonly #pauseMs: number
  readonly #names: string[]
  #ends = new Set<() => void>()

  constructor(cluster: Cluster, names: string[]) {
    this.cluster = cluster
    this.world = cluster.world
    this.#names = names
    this.#pauseMs = this.world.pick([300, 1200])
  }

  start(): void {
    this.world.after(this.world.between(50, this.#pauseMs), () => {
      if (this.stopped) return
      this.#strike(this.world.pick(this.#names))
      this.start()
    })
  }

  #strike(name: string): void {
    this.world.say('fault', name)
    const end = FAULTS[name]!(this)
    if (!end || end === NOTHING) return
    this.#ends.add(end)
    this.world.after(this.world.between(100, 2500), () => {
      if (!this.#ends.delete(end)) return
      this.world.say('fault', `${name} ends`)
      end()
    })
  }

  /** From now on everything works. */
  stop(): void {
    this.stopped = true
    this.world.say('fault', 'no more faults')
    for (const end of this.#ends) end()
    this.#ends.clear()
    this.cluster.network.heal()
    for (const { platter } of this.cluster.members.values()) {
      platter.boundariesToCrash = Number.POSITIVE_INFINITY
      platter.failingSyncs = 0
    }
  }

  /** Once a run, in what is durable and not in the last write, where it could not be told from a torn one. */
  flipBit(): void {
    const member = this.world.pick(this.cluster.diskOfEach)
    if (this.#flips === 0 || this.cluster.diskOfEach.length < 3 || this.changing) return
    this.#flips--
    member.heldDown = true
    this.cluster.crash(member, 'to have a bit flipped', true)
    this.world.after(1, () => {
      this.#flipIn(member)
      member.heldDown = false
      this.cluster.boot(member)
    })
  }

  #flipIn({ platter, id }: SimMember): void {
    const paths = [...platter.names.keys()].filter(path => path.endsWith('.snap') || path.endsWith('.wal')).sort()
    const path = this.world.pick(paths)
    if (!path) return
    const { durable } = platter.open(path)
    const end = path.endsWith('.snap') ? durable.length : endOfDurable(durable, path === paths.at(-1))
    const offset = Math.floor(this.world.between(0, end))
    this.world.say(id, `has a bit flipped at ${offset} of ${path}`)
    platter.flipBit(path, offset, Math.floor(this.world.between(0, 8)))
  }

  /** Whoever refused to start because of a damaged disk is replaced. */
  replaceRefused(): void {
    const refused = this.cluster.diskOfEach.find(member => member.refused)
    if (refused) this.replace(refused)
  }

  replace(old: SimMember): void {
    if (this.changing || old.retired) return
    this.changing = true
    void this.#replace(old)
  }

  async #replace(old: SimMember): Promise<void> {
    const fresh = this.cluster.addMember()
    this.world.say('fault', `${fresh.id} is to replace ${old.id}`)
    await this.#change(
      { type: 'addLearner', id: fresh.id, context: 'new' },
      members => members.get(fresh.id) !== undefined,
    )
    await this.#change({ type: 'promote', id: fresh.id }, members => members.isVoter(fresh.id))
    await this.#change(
      { type: 'remove', id: old.id },
      members => !members.get(old.id) && this.cluster.leader?.id !== old.id,
    )
    await this.world.sleep(500)
    this.cluster.retire(old)
    this.changing = false
  }

  async #change(change: MembershipChange, done: (members: Membership) => boolean): Promise<void> {
    for (;;) {
      const leader = this.cluster.leader
      if (leader && done(leader.driver.core.membership)) return
      const attempt = leader?.driver
        .changeMembership(change)
        .catch(error => this.world.say('fault', `${change.type}: ${error.message}`))
      await Promise.race([attempt, this.world.sleep(2000)])
      await this.world.sleep(100)
    }
  }
}

type Membership = Cluster['up'][number]['driver']['core']['membership']

function endOfDurable(segment: Buffer, isLast: boolean): number {
  if (segment.length < 20) return segment.length
  const scan = scanSegment(segment, segment.readUInt32LE(8))
  return isLast ? scan.lastBatch : scan.end
}
