import type { MembershipChange } from '../../etcd/raft/membership.ts'
import type { MemberId } from '../../etcd/raft/message.ts'
import { scanSegment } from '../../etcd/wal/record.ts'
import type { Cluster, SimMember } from './cluster.ts'
import type { World } from './world.ts'

/** What can go wrong. Each fault begins when it is called; what it returns ends it. */
export type Fault = (faults: Faults) => (() => void) | undefined

const NOTHING = () => {}

export const FAULTS: Record<string, Fault> = {
  'crash one': ({ cluster, world }) => {
    const member = world.pick(cluster.diskOfEach)
    cluster.crash(member, 'by chance')
    return NOTHING
  },
  'crash the leader': ({ cluster }) => {
    const id = cluster.leader?.id
    if (id) cluster.crash(cluster.members.get(id)!, 'while leading')
    return NOTHING
  },
  blackout: ({ cluster }) => {
    for (const member of cluster.diskOfEach) cluster.crash(member, 'with all others', true)
    return NOTHING
  },
  'crash at a boundary of the disk': ({ cluster, world }) => {
    world.pick(cluster.diskOfEach).platter.boundariesToCrash = Math.ceil(world.between(0, 40))
    return NOTHING
  },
  'cut in two': ({ cluster, world }) => {
    const ids = shuffled(world, [...cluster.members.keys()])
    const some = ids.splice(0, Math.ceil(world.between(0, ids.length)))
    cluster.network.cut(some, ids)
    cluster.network.cut(ids, some)
    return () => cluster.network.heal()
  },
  'cut the leader off': ({ cluster }) => {
    const id = cluster.leader?.id
    if (!id) return undefined
    const others = [...cluster.members.keys()].filter(other => other !== id)
    cluster.network.cut([id], others)
    cluster.network.cut(others, [id])
    return () => cluster.network.heal()
  },
  'cut one way': ({ cluster, world }) => {
    const ids = shuffled(world, [...cluster.members.keys()])
    cluster.network.cut([ids[0]!], ids.slice(1, 1 + Math.ceil(world.between(0, ids.length))))
    return () => cluster.network.heal()
  },
  'flapping cut': ({ cluster, world }) => {
    const [one] = shuffled(world, [...cluster.members.keys()])
    const flap = (times: number) => {
      if (times === 0) return
      cluster.network.heal()
      if (times % 2 === 0) cluster.network.cut([one!], [...cluster.members.keys()])
      world.after(world.between(50, 300), () => flap(times - 1))
    }
    flap(8)
    return () => cluster.network.heal()
  },
  'bad network': ({ cluster, world }) => {
    cluster.network.loss = world.between(0, 0.3)
    cluster.network.doubling = world.between(0, 0.3)
    cluster.network.delayMs = world.between(3, 120)
    cluster.network.straggling = world.between(0.02, 0.2)
    return () => cluster.network.heal()
  },
  pause: ({ cluster, world }) => {
    const { life, id } = world.pick(cluster.diskOfEach)
    world.say(id, 'is paused')
    life.paused = true
    return () => world.resume(life)
  },
  'clock jump': ({ cluster, world }) => {
    world.pick(cluster.diskOfEach).wallOffset += world.between(-3_600_000, 3_600_000)
    return NOTHING
  },
  'slow disk': ({ cluster, world }) => {
    const { platter } = world.pick(cluster.diskOfEach)
    platter.slowness = world.between(50, 400)
    return () => {
      platter.slowness = 2
    }
  },
  'failing sync': ({ cluster, world }) => {
    world.pick(cluster.diskOfEach).platter.failingSyncs = 1
    return NOTHING
  },
  'full disk': ({ cluster, world }) => {
    const { platter, id } = world.pick(cluster.diskOfEach)
    platter.capacity = platter.used + Math.ceil(world.between(0, 2000))
    world.say(id, 'has a full disk')
    return () => {
      platter.capacity = Number.POSITIVE_INFINITY
    }
  },
  'hand over leadership': ({ cluster, world }) => {
    const leader = cluster.leader
    const target = world.pick([...cluster.members.keys()])
    // It may well fail: what matters is what it does to the others.
    leader?.driver.transferLeader(target).catch(error => world.say(leader.id, `no hand-over: ${error.message}`))
    return NOTHING
  },
  /** Timeouts may run out at any moment and anywhere: safety must not depend on them. */
  'hasty candidates': ({ cluster, world }) =>
    again(world, [5, 150], () => {
      for (const { id, driver } of cluster.up) {
        const { term } = driver.core
        if (world.chance(0.5)) cluster.network.inject({ type: 'timeoutNow', from: id, to: id, term })
      }
    }),
  'quick restarts': ({ cluster, world }) => {
    cluster.maxDownMs = 15
    const stop = again(world, [5, 60], () => cluster.crash(world.pick(cluster.diskOfEach), 'in passing'))
    return () => {
      cluster.maxDownMs = 2000
      stop()
    }
  },
  'blackout while the disks are slow': ({ cluster, world }) => {
    for (const { platter } of cluster.members.values()) platter.slowness = world.between(50, 400)
    const timer = world.after(world.between(100, 1500), () => FAULTS.blackout!({ cluster, world } as Faults))
    return () => {
      timer.cancel()
      for (const { platter } of cluster.members.values()) platter.slowness = 2
    }
  },
  'take a snapshot': ({ cluster, world }) => {
    if (cluster.up.length > 0) void world.pick(cluster.up).driver.takeSnapshot()
    return NOTHING
  },
  compaction: ({ cluster }) => {
    const leader = cluster.leader
    leader?.machine.compact(entry => leader.driver.propose(entry))
    return NOTHING
  },
  'replace a member': faults => {
    faults.replace(faults.world.pick(faults.cluster.diskOfEach))
    return NOTHING
  },
  'flip a bit': faults => {
    faults.flipBit()
    return NOTHING
  },
}

/** Does something now and then; returns what ends it. */
function again(world: World, [low, high]: [number, number], act: () => void): () => void {
  let timer = world.after(0, function next() {
    act()
    timer = world.after(world.between(low, high), next)
  })
  return () => timer.cancel()
}

/** Some mistakes show only when certain faults come together, often. */
const PROFILES = [
  ['hasty candidates', 'bad network', 'quick restarts', 'cut in two', 'pause'],
  ['hasty candidates', 'bad network', 'slow disk', 'crash the leader'],
  ['hasty candidates', 'bad network', 'cut the leader off', 'cut the leader off'],
  ['hasty candidates', 'bad network', 'quick restarts'],
  ['blackout while the disks are slow', 'blackout', 'failing sync', 'full disk', 'crash at a boundary of the disk'],
  ['replace a member', 'hasty candidates', 'cut in two', 'crash one', 'take a snapshot'],
  ['compaction', 'take a snapshot', 'crash one', 'crash at a boundary of the disk', 'cut one way'],
]

export function chooseFaults(world: World): string[] {
  if (world.chance(0.5)) return world.pick(PROFILES)
  const names = Object.keys(FAULTS).filter(() => world.chance(0.4))
  return names.length > 0 ? names : ['crash one']
}

export class Faults {
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

function shuffled(world: World, ids: MemberId[]): MemberId[] {
  return ids
    .map(id => ({ id, at: world.random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id)
}
