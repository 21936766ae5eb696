import { MembershipError } from './errors.ts'
import type { Entry, Member, MemberId } from './message.ts'

/** One step at a time: any two neighbouring memberships share a member in each of their majorities. */
export type MembershipChange =
  | { type: 'add' | 'addLearner'; id: MemberId; context: string }
  | { type: 'promote' | 'remove'; id: MemberId }
  | { type: 'update'; id: MemberId; context: string }

/** Who belongs to the cluster. Never modified: a change makes a new one. */
export class Membership {
  readonly members: readonly Member[]
  readonly voters: readonly MemberId[]

  constructor(members: readonly Member[]) {
    this.members = [...members].sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
    this.voters = this.members.filter(member => !member.learner).map(member => member.id)
  }

  get(id: MemberId): Member | undefined {
    return this.members.find(member => member.id === id)
  }

  isVoter(id: MemberId): boolean {
    return this.voters.includes(id)
  }

  get quorum(): number {
    return Math.floor(this.voters.length / 2) + 1
  }

  /** True where `ids` hold a majority of the voters. Whoever is no voter does not count, and nobody counts twice. */
  isQuorum(ids: Iterable<MemberId>): boolean {
    const agreeing = new Set(ids)
    return this.voters.length > 0 && this.voters.filter(id => agreeing.has(id)).length >= this.quorum
  }

  /** The highest value that a majority of the voters has reached. */
  reachedByQuorum(progressOf: (id: MemberId) => number): number {
    const values = this.voters.map(progressOf).sort((a, b) => b - a)
    return values[this.quorum - 1] ?? 0
  }

  /** What speaks against a change, or undefined. */
  problemWith(change: MembershipChange): MembershipError | undefined {
    const member = this.get(change.id)
    const adds = change.type === 'add' || change.type === 'addLearner'
    if (adds) return member && new MembershipError('exists', `member ${change.id} is in the cluster already`)
    if (!member) return new MembershipError('not-found', `there is no member ${change.id} in the cluster`)
    if (change.type === 'promote' && !member.learner) {
      return new MembershipError('not-learner', `member ${change.id} is a voter already`)
    }
    if (change.type === 'remove' && this.voters.length === 1 && this.isVoter(change.id)) {
      return new MembershipError('last-voter', `member ${change.id} is the last voter and cannot be removed`)
    }
    return undefined
  }

  /** The membership after a change; a change that makes no sense leaves it as it is, on every member alike. */
  after(change: MembershipChange): Membership {
    if (this.problemWith(change)) return this
    const others = this.members.filter(member => member.id !== change.id)
    if (change.type === 'remove') return new Membership(others)
    const before = this.get(change.id)
    const learner = change.type === 'addLearner' || (change.type === 'update' && before!.learner)
    const context = 'context' in change ? change.context : before!.context
    return new Membership([...others, { id: change.id, learner, context }])
  }

  afterEntry(entry: Entry): Membership {
    return entry.type === 'config' ? this.after(decodeChange(entry.data)) : this
  }
}

export function encodeChange(change: MembershipChange): Uint8Array {
  return Buffer.from(JSON.stringify(change))
}

export function decodeChange(data: Uint8Array): MembershipChange {
  return JSON.parse(Buffer.from(data).toString()) as MembershipChange
}
