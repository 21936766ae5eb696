/** The one table of what can go wrong at the API: reason, code. Messages have Kubernetes' form, word for word. */
export const REASON_CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServiceUnavailable: 503,
  ServerTimeout: 504,
  Timeout: 504,
} as const

export type Reason = keyof typeof REASON_CODES

export interface StatusCause {
  reason?: string
  message?: string
  field?: string
}

export interface StatusDetails {
  name?: string
  group?: string
  kind?: string
  uid?: string
  causes?: StatusCause[]
  retryAfterSeconds?: number
}

export interface Status {
  kind: 'Status'
  apiVersion: 'v1'
  /** `continue` is set only when a list's token has expired: how to go on all the same. */
  metadata: { continue?: string }
  status: 'Success' | 'Failure'
  message?: string
  reason?: Reason | string
  details?: StatusDetails
  code?: number
}

/** An answer that is a refusal. Everything the API server throws at a client is one of these. */
export class ApiError extends Error {
  readonly reason: Reason | string
  readonly code: number
  readonly details: StatusDetails | undefined
  listMeta: { continue?: string } = {}

  constructor(reason: Reason | string, message: string, details?: StatusDetails, code?: number) {
    super(message)
    this.name = 'ApiError'
    this.reason = reason
    this.code = code ?? REASON_CODES[reason as Reason] ?? 500
    this.details = details
  }

  toStatus(): Status {
    return {
      kind: 'Status',
      apiVersion: 'v1',
      metadata: this.listMeta,
      status: 'Failure',
      message: this.message,
      reason: this.reason,
      ...(this.details ? { details: this.details } : {}),
      code: this.code,
    }
  }
}

/** Names a resource in messages: `pods`, `deployments.apps`. */
export function qualifiedResource(ref: { group: string; plural: string }): string {
  return ref.group === '' ? ref.plural : `${ref.plural}.${ref.group}`
}

type Where = { group: string; plural: string }

export function notFound(where: Where, name: string): ApiError {
  const details = { name, group: where.group || undefined, kind: where.plural }
  return new ApiError('NotFound', `${qualifiedResource(where)} "${name}" not found`, details)
}

export function alreadyExists(where: Where, name: string): ApiError {
  const details = { name, group: where.group || undefined, kind: where.plural }
  return new ApiError('AlreadyExists', `${qualifiedResource(where)} "${name}" already exists`, details)
}

export function conflict(
  where: Where,
  name: string,
  why = 'the object has been modified; please apply your changes to the latest version and try again',
): ApiError {
  const details = { name, group: where.group || undefined, kind: where.plural }
  return new ApiError(
    'Conflict',
    `Operation cannot be fulfilled on ${qualifiedResource(where)} "${name}": ${why}`,
    details,
  )
}

export function badRequest(message: string): ApiError {
  return new ApiError('BadRequest', message)
}

/** Whether a refusal has this reason: the question every client asks of an error. */
export function isReason(error: unknown, reason: Reason): error is ApiError {
  return error instanceof ApiError && error.reason === reason
}
