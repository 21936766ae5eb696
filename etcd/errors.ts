/** The codes of gRPC that etcd uses. */
export const GrpcCode = {
  ok: 0,
  canceled: 1,
  unknown: 2,
  invalidArgument: 3,
  deadlineExceeded: 4,
  notFound: 5,
  alreadyExists: 6,
  permissionDenied: 7,
  resourceExhausted: 8,
  failedPrecondition: 9,
  aborted: 10,
  outOfRange: 11,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  dataLoss: 15,
  unauthenticated: 16,
} as const
export type GrpcCode = (typeof GrpcCode)[keyof typeof GrpcCode]

/** An answer that is an error, as clients of etcd know it: they compare the text. */
export class EtcdError extends Error {
  override name = 'EtcdError'
  readonly code: GrpcCode

  constructor(code: GrpcCode, message: string) {
    super(message)
    this.code = code
  }
}

type Row = readonly [GrpcCode, string]

const { invalidArgument, notFound, outOfRange, resourceExhausted, failedPrecondition, unavailable, unknown } = GrpcCode

const table = {
  emptyKey: [invalidArgument, 'key is not provided'],
  keyNotFound: [invalidArgument, 'key not found'],
  valueProvided: [invalidArgument, 'value is provided'],
  leaseProvided: [invalidArgument, 'lease is provided'],
  tooManyOps: [invalidArgument, 'too many operations in txn request'],
  duplicateKey: [invalidArgument, 'duplicate key given in txn request'],
  invalidSortOption: [invalidArgument, 'invalid sort option'],
  invalidClientApiVersion: [invalidArgument, 'invalid client api version'],
  compacted: [outOfRange, 'mvcc: required revision has been compacted'],
  futureRevision: [outOfRange, 'mvcc: required revision is a future revision'],
  noSpace: [resourceExhausted, 'mvcc: database space exceeded'],
  leaseNotFound: [notFound, 'requested lease not found'],
  leaseExists: [failedPrecondition, 'lease already exists'],
  leaseTtlTooLarge: [outOfRange, 'too large lease TTL'],
  watchCanceled: [GrpcCode.canceled, 'watch canceled'],
  memberExists: [failedPrecondition, 'member ID already exist'],
  peerUrlExists: [failedPrecondition, 'Peer URLs already exists'],
  memberNotEnoughStarted: [failedPrecondition, 're-configuration failed due to not enough started members'],
  memberBadUrls: [invalidArgument, 'given member URLs are invalid'],
  memberNotFound: [notFound, 'member not found'],
  memberNotLearner: [failedPrecondition, 'can only promote a learner member'],
  learnerNotReady: [failedPrecondition, 'can only promote a learner member which is in sync with leader'],
  tooManyLearners: [failedPrecondition, 'too many learner members in cluster'],
  requestTooLarge: [invalidArgument, 'request is too large'],
  tooManyRequests: [resourceExhausted, 'too many requests'],
  noLeader: [unavailable, 'no leader'],
  notLeader: [failedPrecondition, 'not leader'],
  leaderChanged: [unavailable, 'leader changed'],
  notCapable: [failedPrecondition, 'not capable'],
  stopped: [unavailable, 'server stopped'],
  timeout: [unavailable, 'request timed out'],
  timeoutLeaderFail: [unavailable, 'request timed out, possibly due to previous leader failure'],
  timeoutConnectionLost: [unavailable, 'request timed out, possibly due to connection lost'],
  unhealthy: [unavailable, 'unhealthy cluster'],
  corrupt: [GrpcCode.dataLoss, 'corrupt cluster'],
  badLeaderTransferee: [failedPrecondition, 'bad leader transferee'],
  notSupportedForLearner: [unavailable, 'rpc not supported for learner'],
} as const satisfies Record<string, Row>

/** Every error that kubox's store gives on purpose, by name. */
export const errors = Object.fromEntries(
  Object.entries(table).map(([name, [code, text]]) => [name, new EtcdError(code, `etcdserver: ${text}`)]),
) as Record<keyof typeof table, EtcdError>

/** The error as a client is told: what was not foreseen is told as unknown, with its message. */
export function toEtcdError(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new EtcdError(unknown, message)
}
