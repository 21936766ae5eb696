import { RaftDriver } from '../../etcd/raft/driver.ts'
import type { Member, MemberId } from '../../etcd/raft/message.ts'
import { createStorage, openStorage, storageExists } from '../../etcd/raft/storage.ts'
import { SnapshotDamageError } from '../../etcd/snapshot/store.ts'
import { WalDamageError } from '../../etcd/wal/replay.ts'
import { WalFailedError } from '../../etcd/wal/wal.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log, LogFields } from '../../platform/log.ts'
import { seededRandom } from '../../platform/random.ts'
import { Platter, SimDisk } from './disk.ts'
import type { Invariants } from './invariants.ts'
import { Network } from './network.ts'
import { Store } from './store.ts'
import type { WatchCheck } from './watching.ts'
import { Life, type World } from './world.ts'

/** One member across all its lives. */
export interface SimMember {
  id: MemberId
  platter: Platter
  life: Life
  /** Missing while it is down or booting. */
  running?: { driver: RaftDriver; machine: Store }
  /** It found its disk damaged and will not start again. */
  refused: boolean
  /** Not started again until this is lifted. */
  heldDown: boolean
  /** Taken out of the cluster for good. */
  retired: boolean
  wallOffset: number
  clockRate: number
}

const TIMING = { heartbeatMs: 50, electionMs: 300, requestMs: 2000 }

/** The members, their network, and who of them is up. */
export class Cluster {
  readonly world: World
  readonly network: Network
  readonly invariants: Invariants
  readonly watching: WatchCheck
  readonly members = new Map<MemberId, SimMember>()
  readonly #founders: Member[]
  /** Crashed members come back by themselves after a while. */
  maxDownMs = 2000
  #lastNumber = 0
  #up: { id: MemberId; driver: RaftDriver; machine: Store }[] | undefined
  /** Sometimes each entry travels alone. */
  readonly #maxMessageBytes: number

  constructor(world: World, invariants: Invariants, watching: WatchCheck, size: number) {
    this.world = world
    this.invariants = invariants
    this.watching = watching
    this.network = new Network(world)
    this.#maxMessageBytes = world.pick([1, 500])
    this.#founders = Array.from({ length: size }, () => ({ id: this.#newId(), learner: false, context: '' }))
    for (const { id } of this.#founders) this.#add(id)
  }

  start(): void {
    for (const member of this.members.values()) this.boot(member)
  }

  #newId(): MemberId {
    return `m${++this.#lastNumber}`
  }

  #add(id: MemberId): SimMember {
    const life = new Life()
    life.alive = false
    const clockRate = this.world.between(0.95, 1.05)
    const member = {
      id,
      platter: new Platter(),
      life,
      refused: false,
      heldDown: false,
      retired: false,
      wallOffset: 0,
      clockRate,
    }
    this.members.set(id, member)
    return member
  }

  /** A new member with an empty disk, to be taken into the cluster. */
  addMember(): SimMember {
    const member = this.#add(this.#newId())
    this.boot(member)
    return member
  }

  /** Who runs at the moment. Asked for after every happening, so it is put together only when it has changed. */
  get up(): readonly { id: MemberId; driver: RaftDriver; machine: Store }[] {
    this.#up ??= [...this.members.values()].flatMap(({ id, running }) => (running ? [{ id, ...running }] : []))
    return this.#up
  }

  /** The running member that leads in the highest term. */
  get leader() {
    const leaders = this.up.filter(({ driver }) => driver.core.role.name === 'leader')
    return leaders.sort((a, b) => b.driver.core.term - a.driver.core.term)[0]
  }

  get diskOfEach(): SimMember[] {
    return [...this.members.values()].filter(member => !member.retired)
  }

  // ---- lives

  boot(member: SimMember): void {
    if (member.life.alive || member.refused || member.heldDown || member.retired) return
    const life = new Life()
    member.life = life
    this.world.say(member.id, 'boots')
    this.#open(member, life).catch(error => {
      if (life.alive) this.#bootFailed(member, error)
    })
  }

  async #open(member: SimMember, life: Life): Promise<void> {
    const { id } = member
    const log = traceLog(this.world, id)
    const options = {
      disk: new SimDisk(this.world, member.platter, life, () => this.crash(member, 'at a boundary of its disk')),
      directory: '/data',
      log,
      segmentBytes: 8 * 1024,
    }
    const founders = this.#founders.some(founder => founder.id === id) ? this.#founders : []
    const storage = (await storageExists(options))
      ? await openStorage(options)
      : await createStorage(options, Buffer.from(id), founders)
    const clock = this.#clock(member, life)
    const random = seededRandom(this.world.random.next() * 2 ** 32)
    const machine = new Store(random, clock, (index, digest) => {
      if (life.alive) this.invariants.applied(id, index, digest)
    })
    const driver = await RaftDriver.start({
      id,
      storage,
      transport: this.network.transport(id, life),
      clock,
      random,
      log,
      stateMachine: machine,
      settings: { ...TIMING, snapshotAfterBytes: 6000, catchUpEntries: 20 },
      coreSettings: { maxInflight: 4, maxMessageBytes: this.#maxMessageBytes },
      onTransition: transition => {
        if (!life.alive) return
        if (transition.to === 'leader') machine.leases.lead()
        else machine.leases.follow()
        if (member.running) this.invariants.transition(member.running.driver.core, transition)
      },
      onFailure: error => this.#stoppedItself(member, life, error),
    })
    if (!life.alive) return
    machine.submit = entry => driver.propose(entry)
    member.running = { driver, machine }
    this.#up = undefined
    this.watching.attach(`${id} watch`, machine.machine, life)
  }

  #clock(member: SimMember, life: Life): Clock {
    return {
      now: () => this.world.now + member.wallOffset,
      monotonic: () => this.world.now,
      after: (ms, run) => this.world.after(ms * member.clockRate, run, life),
    }
  }

  #bootFailed(member: SimMember, error: unknown): void {
    this.world.say(member.id, `cannot boot: ${error}`)
    member.refused = error instanceof WalDamageError || error instanceof SnapshotDamageError
    this.#end(member)
    if (!member.refused) this.#bootLater(member)
  }

  /** A failing disk is a reason; anything else is a mistake in the program. */
  #stoppedItself(member: SimMember, life: Life, error: unknown): void {
    if (!life.alive) return
    const { code } = error as { code?: string }
    const diskFailed = error instanceof WalFailedError || code === 'EIO' || code === 'ENOSPC'
    if (!diskFailed)
      this.invariants.violate(`${member.id} stopped itself: ${error instanceof Error ? error.stack : error}`)
    this.crash(member, 'as its disk failed')
  }

  /** The process dies; with `power`, what it had not synced may die with it. */
  crash(member: SimMember, how: string, power = this.world.chance(0.5)): void {
    if (!member.life.alive) return
    this.world.say(member.id, `${power ? 'loses power' : 'is killed'} ${how}`)
    this.#end(member)
    if (power) this.world.after(0, () => this.#cutPower(member))
    this.#bootLater(member)
  }

  #cutPower(member: SimMember): void {
    if (!member.life.alive) member.platter.powerCut(this.world)
  }

  #end(member: SimMember): void {
    member.life.alive = false
    member.running = undefined
    this.#up = undefined
    member.platter.boundariesToCrash = Number.POSITIVE_INFINITY
  }

  #bootLater(member: SimMember): void {
    this.world.after(this.world.between(10, this.maxDownMs), () => this.boot(member))
  }

  retire(member: SimMember): void {
    member.retired = true
    this.#end(member)
  }
}

function traceLog(world: World, id: MemberId): Log {
  const say = (message: string, fields: LogFields = {}) => {
    const shown = Object.entries(fields).map(([key, value]) => `${key}=${value}`)
    world.say(id, [message, ...shown].join(' '))
  }
  const log: Log = { debug: say, info: say, warn: say, error: say, child: () => log }
  return log
}
