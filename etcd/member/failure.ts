import { type EtcdError, errors } from '../errors.ts'
import {
  DiskFullError,
  MembershipError,
  type MembershipProblem,
  NotLeaderError,
  OutcomeUnknownError,
  ProposalLostError,
  StoppedError,
  UnavailableError,
} from '../raft/errors.ts'

const membershipErrors: Record<MembershipProblem, EtcdError> = {
  exists: errors.memberExists,
  'not-found': errors.memberNotFound,
  'not-learner': errors.memberNotLearner,
  'not-ready': errors.learnerNotReady,
  'last-voter': errors.memberNotEnoughStarted,
  pending: errors.unhealthy,
  'too-many-learners': errors.tooManyLearners,
}

/** The log's errors as clients of etcd know them; any other error as it is. */
export function clientError(error: unknown): unknown {
  if (error instanceof DiskFullError) return errors.noSpace
  if (error instanceof NotLeaderError) return errors.noLeader
  if (error instanceof ProposalLostError) return errors.leaderChanged
  if (error instanceof OutcomeUnknownError || error instanceof UnavailableError) return errors.timeout
  if (error instanceof StoppedError) return errors.stopped
  if (error instanceof MembershipError) return membershipErrors[error.problem]
  return error
}

export async function translated<T>(result: Promise<T>): Promise<T> {
  try {
    return await result
  } catch (error) {
    throw clientError(error)
  }
}
