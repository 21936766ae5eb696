import type { Clock } from '../../platform/clock.ts'
import { errors } from '../errors.ts'
import type { RaftDriver } from '../raft/driver.ts'
import { encodeChange, type MembershipChange } from '../raft/membership.ts'
import type { Member as RaftMember } from '../raft/message.ts'
import { translated } from './failure.ts'
import { contextOf, infoOf, type MemberInfo, memberId } from './identity.ts'
import type { LeaderLine } from './leader-line.ts'

/** A member as the API shows it. */
export interface RosterEntry extends MemberInfo {
  id: string
  isLearner: boolean
}

/** Who belongs to the cluster, and changes of that. */
export class Roster {
  readonly #driver: RaftDriver
  readonly #leaderLine: LeaderLine
  readonly #clusterId: string
  readonly #clock: Clock

  constructor(driver: RaftDriver, leaderLine: LeaderLine, clusterId: string, clock: Clock) {
    this.#driver = driver
    this.#leaderLine = leaderLine
    this.#clusterId = clusterId
    this.#clock = clock
  }

  list(): RosterEntry[] {
    return rosterOf(this.#driver.core.membership.members)
  }

  get(id: string): RosterEntry | undefined {
    return this.list().find(member => member.id === id)
  }

  /** The id of the new member, which may join now. */
  async add(peerUrls: readonly string[], learner: boolean): Promise<string> {
    const id = memberId(peerUrls, this.#clusterId, Math.floor(this.#clock.now() / 1000))
    checkAddition(this.list(), { id, peerUrls, learner })
    const context = contextOf({ name: '', peerUrls, clientUrls: [] })
    await this.change({ type: learner ? 'addLearner' : 'add', id, context })
    return id
  }

  async update(id: string, peerUrls: readonly string[]): Promise<void> {
    const member = this.get(id)
    if (!member) throw errors.memberNotFound
    checkPeerUrls(peerUrls)
    await this.change({ type: 'update', id, context: contextOf({ ...member, peerUrls }) })
  }

  change(change: MembershipChange): Promise<void> {
    return this.#leaderLine.run(
      () => this.changeAsLeader(change),
      'change',
      encodeChange(change),
      () => {},
    )
  }

  /** Where this member does not lead it rejects with "no leader". */
  async changeAsLeader(change: MembershipChange): Promise<void> {
    await translated(this.#driver.changeMembership(change))
  }

  async moveLeader(target: string): Promise<void> {
    if (this.#driver.core.role.name !== 'leader') throw errors.notLeader
    const member = this.get(target)
    if (!member || member.isLearner) throw errors.badLeaderTransferee
    await translated(this.#driver.transferLeader(member.id))
  }
}

/** In order of ids, as etcd lists them. */
function rosterOf(members: readonly RaftMember[]): RosterEntry[] {
  return members
    .map(member => ({ id: member.id, isLearner: member.learner, ...infoOf(member) }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
}

/** Throws what speaks against a new member. */
export function checkAddition(
  roster: readonly RosterEntry[],
  { id, peerUrls, learner }: { id: string; peerUrls: readonly string[]; learner: boolean },
): void {
  checkPeerUrls(peerUrls)
  if (roster.some(member => member.id === id)) throw errors.memberExists
  if (roster.some(member => member.peerUrls.some(url => peerUrls.includes(url)))) throw errors.peerUrlExists
  if (!learner) checkQuorumAfterAdding(roster)
  else if (roster.some(member => member.isLearner)) throw errors.tooManyLearners
}

function checkPeerUrls(urls: readonly string[]): void {
  if (urls.length === 0 || !urls.every(url => /^https?:\/\/[^/]+:\d+$/.test(url))) throw errors.memberBadUrls
}

/** A member that never started counts against the quorum: one more could stop the cluster. */
function checkQuorumAfterAdding(roster: readonly RosterEntry[]): void {
  const voters = roster.filter(member => !member.isLearner)
  const started = voters.filter(member => member.name !== '').length
  const quorum = Math.floor((voters.length + 1) / 2) + 1
  if (started < quorum && !(started === 1 && voters.length === 1)) throw errors.memberNotEnoughStarted
}
