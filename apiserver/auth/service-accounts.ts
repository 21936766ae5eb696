import type { KeyObject } from 'node:crypto'
import type { Identity } from '../../api/exchange.ts'
import type { KubeObject } from '../../api/objects.ts'
import { type Claims, signToken, TokenError, unverifiedClaims, verifyToken } from '../../pki/jwt.ts'
import type { Clock } from '../../platform/clock.ts'
import { type TokenAuthenticator, type TokenIdentity, TokenRefused } from './authenticator.ts'

const PREFIX = 'system:serviceaccount:'
const VERIFIED_TOKENS = 4096

interface Reference {
  name: string
  uid: string
}

/** The private claim `kubernetes.io`: what the token is bound to. It ends with any of these. */
export interface BoundClaims {
  namespace: string
  serviceaccount: Reference
  pod?: Reference
  node?: Reference
  secret?: Reference
}

export interface TokenGrant {
  bound: BoundClaims
  audiences: readonly string[]
  expirationSeconds: number
  id: string
}

export interface ServiceAccountTokenOptions {
  issuer: string
  /** Signs new tokens. */
  signingKey: KeyObject
  /** Old tokens stay good while their key is among these. */
  verificationKeys: readonly KeyObject[]
  /** Audiences that the API server itself answers to. */
  audiences: readonly string[]
  clock: Clock
  /** The current object, or undefined when it is gone. */
  find(
    kind: 'serviceaccounts' | 'pods' | 'nodes' | 'secrets',
    namespace: string,
    name: string,
  ): Promise<KubeObject | undefined>
}

/** Tokens of service accounts: made here, verified here, and worth nothing once what they are bound to is gone. */
export class ServiceAccountTokens implements TokenAuthenticator {
  readonly #options: ServiceAccountTokenOptions
  /** Signatures are the costly part and never change: claims of tokens that were good once, oldest first. */
  readonly #verified = new Map<string, Claims>()

  constructor(options: ServiceAccountTokenOptions) {
    this.#options = options
  }

  get issuer(): string {
    return this.#options.issuer
  }

  sign(grant: TokenGrant): string {
    const now = Math.floor(this.#options.clock.now() / 1000)
    const { namespace, serviceaccount } = grant.bound
    return signToken(this.#options.signingKey, {
      aud: [...(grant.audiences.length > 0 ? grant.audiences : this.#options.audiences)],
      exp: now + grant.expirationSeconds,
      iat: now,
      iss: this.#options.issuer,
      jti: grant.id,
      'kubernetes.io': grant.bound,
      nbf: now,
      sub: `${PREFIX}${namespace}:${serviceaccount.name}`,
    })
  }

  async authenticateToken(token: string, audiences = this.#options.audiences): Promise<TokenIdentity | undefined> {
    if (unverifiedClaims(token)?.iss !== this.#options.issuer) return undefined
    const claims = this.#verify(token)
    const common = checkClaims(claims, audiences, Math.floor(this.#options.clock.now() / 1000))
    const bound = claims['kubernetes.io'] as BoundClaims | undefined
    if (!bound?.serviceaccount) throw new TokenRefused('the token is bound to no service account')
    await this.#checkBound(bound)
    return { ...identityOf(bound, claims.jti), audiences: common }
  }

  #verify(token: string): Claims {
    const known = this.#verified.get(token)
    if (known) return known
    const claims = verified(token, this.#options.verificationKeys)
    if (this.#verified.size >= VERIFIED_TOKENS) this.#verified.delete(this.#verified.keys().next().value!)
    this.#verified.set(token, claims)
    return claims
  }

  async #checkBound({ namespace, serviceaccount, pod, node, secret }: BoundClaims): Promise<void> {
    // All at once: what is current is one question to the store for all of them.
    await Promise.all([
      this.#checkAlive('serviceaccounts', namespace, serviceaccount),
      pod && this.#checkAlive('pods', namespace, pod),
      secret && this.#checkAlive('secrets', namespace, secret),
      node && !pod && this.#checkAlive('nodes', '', node),
    ])
  }

  async #checkAlive(kind: Parameters<ServiceAccountTokenOptions['find']>[0], namespace: string, wanted: Reference) {
    const object = await this.#options.find(kind, namespace, wanted.name)
    if (!object) throw new TokenRefused(`the token is bound to ${kind} ${namespace}/${wanted.name}, which is gone`)
    if (object.metadata?.uid !== wanted.uid) {
      throw new TokenRefused(`the token is bound to an earlier one of ${kind} ${namespace}/${wanted.name}`)
    }
    const deleted = Date.parse(object.metadata.deletionTimestamp ?? '')
    // A pod's token outlives its deletion by a minute, so that it can say goodbye.
    if (deleted + 60_000 < this.#options.clock.now()) throw new TokenRefused(`${kind} ${wanted.name} is being deleted`)
  }
}

function verified(token: string, keys: readonly KeyObject[]): Claims {
  try {
    return verifyToken(token, keys)
  } catch (error) {
    if (error instanceof TokenError) throw new TokenRefused(error.message)
    throw error
  }
}

/** The audiences that token and reader share; refuses what is too early, too late or for somebody else. */
function checkClaims(claims: Claims, audiences: readonly string[], now: number): string[] {
  if (typeof claims.exp === 'number' && claims.exp <= now) throw new TokenRefused('the token has expired')
  if (typeof claims.nbf === 'number' && claims.nbf > now + 60) throw new TokenRefused('the token is not valid yet')
  const own = Array.isArray(claims.aud) ? claims.aud : claims.aud === undefined ? [] : [claims.aud]
  const common = own.filter(audience => audiences.includes(audience))
  if (common.length === 0) throw new TokenRefused('the token is for another audience')
  return common
}

function identityOf(bound: BoundClaims, tokenId: string | undefined): Identity {
  const { namespace, serviceaccount, pod, node } = bound
  const extra: Record<string, string[]> = {}
  if (tokenId) extra['authentication.kubernetes.io/credential-id'] = [`JTI=${tokenId}`]
  if (pod) {
    extra['authentication.kubernetes.io/pod-name'] = [pod.name]
    extra['authentication.kubernetes.io/pod-uid'] = [pod.uid]
  }
  if (node) {
    extra['authentication.kubernetes.io/node-name'] = [node.name]
    extra['authentication.kubernetes.io/node-uid'] = [node.uid]
  }
  return {
    name: `${PREFIX}${namespace}:${serviceaccount.name}`,
    uid: serviceaccount.uid,
    groups: accountGroups(namespace),
    extra,
  }
}

/** `system:serviceaccount:NAMESPACE:NAME`, taken apart. */
export function parseServiceAccountName(user: string): { namespace: string; name: string } | undefined {
  if (!user.startsWith(PREFIX)) return undefined
  const [namespace, name, ...rest] = user.slice(PREFIX.length).split(':')
  return namespace && name && rest.length === 0 ? { namespace, name } : undefined
}

/** As a token of the account would say. */
export function serviceAccountIdentity(namespace: string, name: string): Identity {
  return { name: `${PREFIX}${namespace}:${name}`, groups: [...accountGroups(namespace), 'system:authenticated'] }
}

export function accountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
}
