import type { MemberId } from '../../etcd/raft/message.ts'
import type { Cluster, SimMember } from './cluster.ts'
import type { World } from './world.ts'

/** What a fault may lay hands on. */
export interface Victims {
  cluster: Cluster
  world: World
  replace(member: SimMember): void
  flipBit(): void
}

/** What can go wrong. Each fault begins when it is called; what it returns ends it. */
export type Fault = (victims: Victims) => (() => void) | undefined

/** For what is over as soon as it has happened. */
export const NOTHING = () => {}

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
    blackout(cluster)
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
  /** Two that do not hear each other ask for the same term; those in between may have forgotten whom they voted for. */
  'restart between two candidates': ({ cluster, world }) => {
    const [one, other, ...voters] = shuffled(world, [...cluster.members.keys()])
    if (!other) return undefined
    cluster.maxDownMs = 15
    cluster.network.cut([one!], [other])
    cluster.network.cut([other], [one!])
    const campaign = (id: MemberId) => {
      const term = cluster.members.get(id)!.running?.driver.core.term
      if (term !== undefined) cluster.network.inject({ type: 'timeoutNow', from: id, to: id, term })
    }
    campaign(one!)
    world.after(world.between(3, 12), () => {
      for (const id of voters) cluster.crash(cluster.members.get(id)!, 'between two candidates')
    })
    world.after(40, () => campaign(other))
    return () => {
      cluster.maxDownMs = 2000
      cluster.network.heal()
    }
  },
  'blackout while the disks are slow': ({ cluster, world }) => {
    for (const { platter } of cluster.members.values()) platter.slowness = world.between(50, 400)
    const timer = world.after(world.between(100, 1500), () => blackout(cluster))
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

/** Everybody loses power at once. */
export function blackout(cluster: Cluster): void {
  for (const member of cluster.diskOfEach) cluster.crash(member, 'with all others', true)
}

function shuffled(world: World, ids: MemberId[]): MemberId[] {
  return ids
    .map(id => ({ id, at: world.random.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ id }) => id)
}
