import type { MemberId } from './message.ts'

/** Only the leader takes proposals; `leader` is where to go, '' while there is none. Nothing has happened. */
export class NotLeaderError extends Error {
  override name = 'NotLeaderError'
  readonly leader: MemberId
  constructor(leader: MemberId) {
    super(leader ? `this member does not lead; ${leader} does` : 'there is no leader at the moment')
    this.leader = leader
  }
}

/** The proposal was under way when the leader changed or time ran out: it may or may not take effect. */
export class OutcomeUnknownError extends Error {
  override name = 'OutcomeUnknownError'
}

/** Another member's entry took the proposal's place: it did not take effect and never will. */
export class ProposalLostError extends Error {
  override name = 'ProposalLostError'
}

/** No room for the log. Nothing was proposed; worth another try when space has returned. */
export class DiskFullError extends Error {
  override name = 'DiskFullError'
}

/** The leader could not prove in time that it leads, or hand its leadership on. Worth another try. */
export class UnavailableError extends Error {
  override name = 'UnavailableError'
}

/** The member has been stopped, or stopped itself because its disk failed. */
export class StoppedError extends Error {
  override name = 'StoppedError'
}

export type MembershipProblem =
  | 'exists'
  | 'not-found'
  | 'not-learner'
  | 'not-ready'
  | 'last-voter'
  | 'pending'
  | 'too-many-learners'

/** The wanted change of membership makes no sense, or must wait for the one before. Nothing has happened. */
export class MembershipError extends Error {
  override name = 'MembershipError'
  readonly problem: MembershipProblem
  constructor(problem: MembershipProblem, message: string) {
    super(message)
    this.problem = problem
  }
}
