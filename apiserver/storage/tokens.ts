import { ApiError, badRequest } from '../../api/errors.ts'

/** Where a paged list goes on: opaque to clients. `revision` -1: at whatever is current (after an expired token). */
export interface ContinueToken {
  revision: number
  /** The first key of the next page, relative to the list's prefix. */
  start: string
}

export function encodeContinue(token: ContinueToken): string {
  const body = { v: 'meta.k8s.io/v1', rv: token.revision, start: token.start }
  return Buffer.from(JSON.stringify(body)).toString('base64url')
}

export function decodeContinue(text: string): ContinueToken {
  const { v, rv, start } = parseToken(text)
  if (v !== 'meta.k8s.io/v1')
    throw badRequest('continue key is not valid: server does not recognize this encoded version')
  if (!Number.isSafeInteger(rv) || rv === 0 || (rv as number) < -1) {
    throw badRequest('continue key is not valid: incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') {
    throw badRequest('continue key is not valid: encoded start key empty (version meta.k8s.io/v1)')
  }
  if (start.split('/').some(part => part === '..' || part === '.')) {
    throw badRequest(`continue key is not valid: ${start}`)
  }
  return { revision: rv as number, start }
}

function parseToken(text: string): Record<string, unknown> {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString())
    if (typeof parsed === 'object' && parsed !== null) return parsed as Record<string, unknown>
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw badRequest('continue key is not valid: illegal base64 data or JSON')
}

/** The page's revision is gone: the client may go on with the rest as it is now, or start again. */
export function expiredContinue(start: string): ApiError {
  const error = new ApiError(
    'Expired',
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the ' +
      'continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing ' +
      'with the provided token results in an inconsistent list - objects that were created, modified, or deleted between ' +
      'the time the first chunk was returned and now may show up in the list.',
  )
  error.listMeta = { continue: encodeContinue({ revision: -1, start }) }
  return error
}
