import { ApiError } from '../../api/errors.ts'
import type { ApiRequest, Identity } from '../../api/exchange.ts'

/** Knows some callers by something they carry. undefined: carries nothing of mine; an error: what it carries is bad. */
export interface Authenticator {
  authenticate(request: ApiRequest): Identity | undefined | Promise<Identity | undefined>
}

/** Knows bearer tokens of one kind. undefined: not one of mine; a TokenRefused: mine, and not good. */
export interface TokenAuthenticator {
  authenticateToken(token: string, audiences?: readonly string[]): Promise<TokenIdentity | undefined>
}

export interface TokenIdentity extends Identity {
  /** Those of the asked audiences that the token is for. */
  audiences?: string[]
}

/** Why a token was not taken: for our log and TokenReview, never with the token itself. */
export class TokenRefused extends Error {
  override name = 'TokenRefused'
}

export const ANONYMOUS: Identity = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

export function unauthorized(): ApiError {
  return new ApiError('Unauthorized', 'Unauthorized')
}

export function bearerToken(request: Pick<ApiRequest, 'headers'>): string | undefined {
  const header = request.headers.authorization
  if (header) {
    const [scheme = '', ...rest] = header.trim().split(' ')
    if (scheme.toLowerCase() === 'bearer') return rest.join(' ').trim() || undefined
    return undefined
  }
  return webSocketToken(request.headers['sec-websocket-protocol'])
}

const WEB_SOCKET_TOKEN = 'base64url.bearer.authorization.k8s.io.'

/** Browsers cannot set headers on WebSockets: there the token travels as a subprotocol. */
function webSocketToken(protocols: string | undefined): string | undefined {
  const offered = (protocols ?? '').split(',').map(protocol => protocol.trim())
  const carrier = offered.find(protocol => protocol.startsWith(WEB_SOCKET_TOKEN))
  return carrier && Buffer.from(carrier.slice(WEB_SOCKET_TOKEN.length), 'base64url').toString()
}

/** Everyone who proved who he is belongs to this group too. */
export function asAuthenticated(identity: Identity): Identity {
  const all = 'system:authenticated'
  if (identity.groups.includes(all) || identity.name === ANONYMOUS.name) return identity
  return { ...identity, groups: [...identity.groups, all] }
}
