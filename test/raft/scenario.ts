/**
 * test/raft/ tells stories of the Raft core that a person can read: a file of commands, each followed by what it led to
 * (below `----`). `UPDATE=1` rewrites the answers. The members here have a perfect disk and a postman that delivers only
 * what he is told to. Start with elections.txt; this file is the interpreter. Imports etcd/raft.
 */
import { type Persist, RaftCore, type Ready } from '../../etcd/raft/core.ts'
import { Leader } from '../../etcd/raft/leader.ts'
import { encodeChange, type MembershipChange } from '../../etcd/raft/membership.ts'
import { type Entry, type HardState, type Message, NO_SNAPSHOT, type SnapshotMeta } from '../../etcd/raft/message.ts'
import { describeEntries, describeMessage } from './describe.ts'

/** What a member has on its disk. */
interface Disk {
  hardState: HardState
  snapshot: SnapshotMeta
  entries: Entry[]
}

interface Player {
  id: string
  disk: Disk
  /** Missing while it is crashed. */
  core?: RaftCore
  /** Handed out by the core and not written yet: with `hold`, the disk takes its time. */
  unwritten?: Persist
  holds: boolean
  applied: Entry[]
}

export class Scenario {
  readonly #players = new Map<string, Player>()
  #underway: Message[] = []
  #cut = new Set<string>()
  #said: string[] = []
  #reads = 0
  /** So many entries made the first membership; nobody needs to hear of them again. */
  #founders = 0
  #maxMessageBytes = 1000

  /** Carries out one line and returns what it led to. */
  run(line: string): string {
    this.#said = []
    const [command, ...words] = line.trim().split(/\s+/)
    const action = this.#commands[command!]
    if (!action) throw new Error(`there is no command ${command}`)
    try {
      action(words)
    } catch (error) {
      this.#say(`refused: ${(error as Error).message}`)
    }
    return this.#said.join('\n') || 'ok'
  }

  readonly #commands: Record<string, (words: string[]) => void> = {
    /** cluster A B C [learner D]: all begin with the same membership. */
    cluster: words => this.#found(words),
    /** From now on each entry travels alone. */
    'one-by-one': () => {
      this.#maxMessageBytes = 1
    },
    /** term 7: all have heard of term 7. */
    term: ([term]) => this.#setTerm(Number(term)),
    /** log A 1 1 2: the terms of the entries that A has, after those that founded the cluster. */
    log: ([id, ...terms]) => this.#giveLog(id!, terms.map(Number)),
    /** join D: a member with nothing, that somebody will add. */
    join: ([id]) => this.#boot(this.#newPlayer(id!, [])),
    /** Without the details. */
    elect: ([id]) => {
      this.#move(id!, core => core.campaignNow())
      this.#deliverAll()
      const { role, term } = this.#running(id!)
      this.#said = [`${id}: ${role.name} in term ${term}`]
    },
    campaign: ([id]) => this.#move(id!, core => core.campaignNow()),
    /** Without asking first whether it would be elected. */
    'force-campaign': ([id]) => this.#move(id!, core => core.campaign('vote', true)),
    tick: ([id, times]) => {
      for (let count = Number(times ?? 1); count > 0; count--) this.#move(id!, core => core.tick())
    },
    propose: ([id, ...texts]) => this.#move(id!, core => texts.map(text => core.propose(Buffer.from(text)))),
    change: ([id, type, target]) => {
      const change = { type, id: target, context: '' } as MembershipChange
      this.#move(id!, core => core.proposeChange(change))
    },
    read: ([id]) => this.#move(id!, core => core.readIndex(++this.#reads)),
    transfer: ([id, target]) => this.#move(id!, core => core.transferTo(target!)),
    /** deliver: everything that is under way, and what that leads to, until all is quiet. deliver A: only to A, once. */
    deliver: ([to]) => (to ? this.#deliverTo(to) : this.#deliverAll()),
    /** drop [A]: what is under way (to A) is lost. */
    drop: ([to]) => this.#drop(to),
    cut: ids => {
      for (const id of ids) this.#cut.add(id)
    },
    heal: () => this.#cut.clear(),
    crash: ([id]) => this.#crash(id!),
    restart: ([id]) => this.#boot(this.#player(id!)),
    /** hold A: its disk is slow from now on; write A: now it is done. */
    hold: ([id]) => {
      this.#player(id!).holds = true
    },
    write: ([id]) => this.#write(this.#player(id!)),
    /** snapshot A 7: A has a snapshot up to entry 7 and forgets the log before. */
    snapshot: ([id, index]) => this.#snapshot(this.#player(id!), Number(index)),
    status: ids => this.#status(ids),
    underway: () => this.#said.push(...this.#underway.map(describeMessage)),
  }

  // ---- members

  #found(words: string[]): void {
    const learnersFrom = words.indexOf('learner')
    const ids = words.filter(word => word !== 'learner')
    const entries = ids.map((id, at): Entry => {
      const type = learnersFrom >= 0 && at >= learnersFrom ? 'addLearner' : 'add'
      return { term: 1, index: at + 1, type: 'config', data: encodeChange({ type, id, context: '' }) }
    })
    this.#founders = entries.length
    for (const id of ids) this.#boot(this.#newPlayer(id, entries))
  }

  #newPlayer(id: string, entries: Entry[]): Player {
    const hardState = { term: entries.length > 0 ? 1 : 0, vote: '', commit: entries.length }
    const player = { id, disk: { hardState, snapshot: NO_SNAPSHOT, entries: [...entries] }, holds: false, applied: [] }
    this.#players.set(id, player)
    return player
  }

  #giveLog(id: string, terms: number[]): void {
    const player = this.#player(id)
    const { disk } = player
    for (const term of terms) {
      const index = disk.entries.length + 1
      disk.entries.push({ term, index, type: 'normal', data: Buffer.from(`${index}.${term}`) })
    }
    disk.hardState = { ...disk.hardState, term: Math.max(disk.hardState.term, ...terms) }
    this.#boot(player)
  }

  #setTerm(term: number): void {
    for (const player of this.#players.values()) {
      player.disk.hardState = { ...player.disk.hardState, term, vote: '' }
      this.#boot(player)
    }
  }

  #boot(player: Player): void {
    player.unwritten = undefined
    player.applied = []
    player.core = new RaftCore({
      id: player.id,
      ...player.disk,
      // The first is the most impatient, so that stories need not be about coincidences.
      random: () => Math.min(0.9, [...this.#players.keys()].indexOf(player.id) * 0.4),
      settings: { electionTicks: 10, heartbeatTicks: 1, maxInflight: 2, maxMessageBytes: this.#maxMessageBytes },
      onTransition: ({ from, to, term, leader, reason }) => {
        const follows = to === 'follower' && leader ? ` of ${leader}` : ''
        const change = from === to ? to : `${from} -> ${to}`
        this.#say(`${player.id}: ${change}${follows} in term ${term}: ${reason}`)
      },
    })
    this.#carryOut(player)
  }

  #crash(id: string): void {
    const player = this.#player(id)
    player.core = undefined
    player.unwritten = undefined
  }

  #player(id: string): Player {
    const player = this.#players.get(id)
    if (!player) throw new Error(`there is no member ${id}`)
    return player
  }

  #running(id: string): RaftCore {
    const { core } = this.#player(id)
    if (!core) throw new Error(`${id} is crashed`)
    return core
  }

  #move(id: string, move: (core: RaftCore) => unknown): void {
    const core = this.#running(id)
    try {
      move(core)
    } finally {
      this.#carryOut(this.#player(id))
    }
  }

  // ---- the driver's duties

  #carryOut(player: Player): void {
    for (let ready = player.core!.ready(); !isEmpty(ready); ready = player.core!.ready()) {
      for (const message of ready.messages) this.#post(message)
      for (const { context, index } of ready.reads) this.#say(`${player.id}: read ${context} may see entry ${index}`)
      this.#apply(player, ready.committed)
      if (!ready.persist) continue
      player.unwritten = ready.persist
      if (!player.holds) this.#writeNow(player)
    }
  }

  #apply(player: Player, committed: Entry[]): void {
    const news = committed.filter(entry => entry.index > this.#founders)
    if (news.length > 0) this.#say(`${player.id}: applies ${describeEntries(news)}`)
    player.applied.push(...committed)
  }

  #write(player: Player): void {
    player.holds = false
    if (player.unwritten) this.#writeNow(player)
    this.#carryOut(player)
  }

  #writeNow(player: Player): void {
    const { hardState, snapshot, entries, messages } = player.unwritten!
    const { disk } = player
    player.unwritten = undefined
    if (hardState) disk.hardState = hardState
    if (snapshot) Object.assign(disk, { snapshot, entries: [] })
    const first = entries[0]
    if (first) disk.entries = [...disk.entries.filter(entry => entry.index < first.index), ...entries]
    player.core!.advance()
    for (const message of messages) this.#post(message)
  }

  #snapshot(player: Player, index: number): void {
    const core = this.#running(player.id)
    const snapshot = { index, term: core.log.term(index)!, members: core.membership.members }
    core.snapshotTaken(snapshot, index)
    player.disk.snapshot = snapshot
    player.disk.entries = player.disk.entries.filter(entry => entry.index > index)
  }

  // ---- the postman

  #post(message: Message): void {
    if (!this.#cut.has(message.from) && !this.#cut.has(message.to)) this.#underway.push(message)
  }

  #deliverAll(): void {
    for (let rounds = 0; this.#underway.length > 0; rounds++) {
      if (rounds > 1000) throw new Error('the members talk without end')
      this.#hand(this.#underway.shift()!)
    }
  }

  #deliverTo(to: string): void {
    const messages = this.#underway.filter(message => message.to === to)
    this.#underway = this.#underway.filter(message => message.to !== to)
    for (const message of messages) this.#hand(message)
  }

  #hand(message: Message): void {
    const player = this.#players.get(message.to)
    if (!player?.core || this.#cut.has(message.to)) return
    if (!['heartbeat', 'heartbeatReply'].includes(message.type)) this.#say(describeMessage(message))
    this.#move(message.to, core => core.step(message))
  }

  #drop(to: string | undefined): void {
    this.#underway = to ? this.#underway.filter(message => message.to !== to) : []
  }

  // ---- what is told

  #status(ids: string[]): void {
    for (const { id, core } of this.#players.values()) {
      if (ids.length > 0 && !ids.includes(id)) continue
      this.#say(core ? describeMember(core) : `${id}: crashed`)
    }
  }

  #say(text: string): void {
    this.#said.push(text)
  }
}

function isEmpty({ messages, persist, committed, reads }: Ready): boolean {
  return messages.length + committed.length + reads.length === 0 && !persist
}

function describeMember({ id, role, term, log, membership }: RaftCore): string {
  const entries = log.slice(log.firstIndex, log.lastIndex).map(entry => `${entry.index}.${entry.term}`)
  const members = membership.members.map(member => (member.learner ? `(${member.id})` : member.id)).join(' ')
  const progress = role instanceof Leader ? [...role.progress].map(([to, { match }]) => `${to}:${match}`) : []
  const match = progress.length > 0 ? ` match ${progress.join(' ')}` : ''
  const log_ = `log ${log.firstIndex > 1 ? `..${log.firstIndex - 1} ` : ''}${entries.join(' ')}`
  return `${id}: ${role.name} in term ${term}, commit ${log.commit}, ${log_}, members ${members}${match}`
}
