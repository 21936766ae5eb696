import { errors } from '../errors.ts'
import type { Member as RaftMember } from '../raft/message.ts'
import { infoOf, type MemberInfo } from './identity.ts'

/** A member as the API shows it. */
export interface RosterEntry extends MemberInfo {
  id: string
  isLearner: boolean
}

/** In order of ids, as etcd lists them. */
export function rosterOf(members: readonly RaftMember[]): RosterEntry[] {
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

export function checkPeerUrls(urls: readonly string[]): void {
  if (urls.length === 0 || !urls.every(url => /^https?:\/\/[^/]+:\d+$/.test(url))) throw errors.memberBadUrls
}

/** A member that never started counts against the quorum: one more could stop the cluster. */
function checkQuorumAfterAdding(roster: readonly RosterEntry[]): void {
  const voters = roster.filter(member => !member.isLearner)
  const started = voters.filter(member => member.name !== '').length
  const quorum = Math.floor((voters.length + 1) / 2) + 1
  if (started < quorum && !(started === 1 && voters.length === 1)) throw errors.memberNotEnoughStarted
}
