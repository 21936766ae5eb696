import { createHash, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import { publicKeyDer, publicOf } from './keys.ts'

/** The claims of a token, as RFC 7519 and Kubernetes name them. */
export interface Claims {
  iss?: string
  sub?: string
  aud?: string | string[]
  exp?: number
  nbf?: number
  iat?: number
  jti?: string
  [claim: string]: unknown
}

/** Why a token is not taken. Never holds the token itself. */
export class TokenError extends Error {
  override name = 'TokenError'
}

/** Names a key in a token's header, as Kubernetes does: the hash of the public key. */
function keyIdOf(key: KeyObject): string {
  return createHash('sha256').update(publicKeyDer(key)).digest('base64url')
}

export function signToken(key: KeyObject, claims: Claims): string {
  const header = { alg: algorithmOf(key), kid: keyIdOf(key) }
  const text = `${encodePart(header)}.${encodePart(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

/** The claims of a token that one of the keys has signed. Times and audience are the caller's to check. */
export function verifyToken(token: string, keys: readonly KeyObject[]): Claims {
  const [head = '', body = '', signature = '', ...rest] = token.split('.')
  if (rest.length > 0 || !signature) throw new TokenError('not a signed token')
  const header = decodePart(head) as { alg?: string; kid?: string }
  const signed = Buffer.from(`${head}.${body}`)
  const bytes = Buffer.from(signature, 'base64url')
  const candidates = keys.filter(key => algorithmOf(key) === header.alg && (!header.kid || keyIdOf(key) === header.kid))
  const fits = candidates.some(key =>
    verify('sha256', signed, { key: publicOf(key), dsaEncoding: 'ieee-p1363' }, bytes),
  )
  if (!fits) throw new TokenError('the signature fits none of the known keys')
  return decodePart(body)
}

/** The claims as they stand, with nothing verified: only to see whose token it would be. */
export function unverifiedClaims(token: string): Claims | undefined {
  try {
    return decodePart(token.split('.')[1] ?? '')
  } catch (error) {
    if (error instanceof TokenError) return undefined
    throw error
  }
}

/** The public keys as a JSON Web Key Set, for /openid/v1/jwks. */
export function publicKeySet(keys: readonly KeyObject[]): { keys: Record<string, unknown>[] } {
  return {
    keys: keys.map(key => ({
      use: 'sig',
      kid: keyIdOf(key),
      alg: algorithmOf(key),
      ...publicOf(key).export({ format: 'jwk' }),
    })),
  }
}

export function keyFromJwk(jwk: Record<string, unknown>): KeyObject {
  return createPublicKey({ key: jwk as never, format: 'jwk' })
}

function algorithmOf(key: KeyObject): string {
  if (key.asymmetricKeyType === 'rsa') return 'RS256'
  if (key.asymmetricKeyType === 'ec') return 'ES256'
  throw new TokenError(`keys of type ${key.asymmetricKeyType} do not sign tokens here`)
}

function encodePart(part: unknown): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url')
}

function decodePart(part: string): Record<string, unknown> {
  const value = parseJson(Buffer.from(part, 'base64url').toString())
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new TokenError('a part of the token is not an object')
  return value as Record<string, unknown>
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new TokenError('a part of the token is not JSON', { cause: error })
  }
}
