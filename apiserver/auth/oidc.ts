import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose'
import type { Agent } from 'undici'
import { unverifiedClaims } from '../../pki/jwt.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { type TokenAuthenticator, type TokenIdentity, TokenRefused } from './authenticator.ts'

/** --oidc-issuer-url and its brothers. */
export interface OidcOptions {
  issuer: string
  clientId: string
  usernameClaim?: string
  /** Before the name; by default the issuer and `#`, nothing for e-mail addresses; `-` for nothing. */
  usernamePrefix?: string
  groupsClaim?: string
  groupsPrefix?: string
  requiredClaims?: Readonly<Record<string, string>>
  signingAlgorithms?: readonly string[]
  /** PEM of who must have signed the issuer's certificate. */
  ca?: string
}

export type FetchJson = (url: string) => Promise<unknown>

const KEYS_GOOD_MS = 3_600_000
const KEYS_TRIED_MS = 10_000

/** Tokens of an identity provider. Its keys are fetched when they are first needed, and again when they seem to have changed. */
export class OidcTokens implements TokenAuthenticator {
  readonly #options: OidcOptions
  readonly #clock: Clock
  readonly #log: Log
  readonly #fetch: FetchJson
  #keys: { set: ReturnType<typeof createLocalJWKSet>; at: number } | undefined

  constructor(options: OidcOptions, { clock, log, fetch }: { clock: Clock; log: Log; fetch?: FetchJson }) {
    this.#options = options
    this.#clock = clock
    this.#log = log
    this.#fetch = fetch ?? fetcher(options.ca)
  }

  async authenticateToken(token: string): Promise<TokenIdentity | undefined> {
    if (unverifiedClaims(token)?.iss !== this.#options.issuer) return undefined
    const claims = await this.#verify(token)
    for (const [name, value] of Object.entries(this.#options.requiredClaims ?? {})) {
      if (claims[name] !== value) throw new TokenRefused(`the claim ${name} is not what is required`)
    }
    return identityOf(claims, this.#options)
  }

  async #verify(token: string): Promise<JWTPayload> {
    try {
      return await this.#verifyWith(token, false)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw refused(error)
    }
    try {
      return await this.#verifyWith(token, true)
    } catch (error) {
      throw refused(error)
    }
  }

  async #verifyWith(token: string, again: boolean): Promise<JWTPayload> {
    const { issuer, clientId, signingAlgorithms = ['RS256'] } = this.#options
    const currentDate = new Date(this.#clock.now())
    const rules = {
      issuer,
      audience: clientId,
      algorithms: [...signingAlgorithms],
      currentDate,
      requiredClaims: ['exp'],
    }
    const { payload } = await jwtVerify(token, await this.#keySet(again), rules)
    return payload
  }

  async #keySet(again: boolean) {
    const now = this.#clock.monotonic()
    const age = this.#keys ? now - this.#keys.at : Number.POSITIVE_INFINITY
    if (this.#keys && age < (again ? KEYS_TRIED_MS : KEYS_GOOD_MS)) return this.#keys.set
    try {
      const base = this.#options.issuer.replace(/\/$/, '')
      const about = (await this.#fetch(`${base}/.well-known/openid-configuration`)) as {
        issuer?: string
        jwks_uri?: string
      }
      if (about.issuer !== this.#options.issuer || !about.jwks_uri)
        throw new Error('the provider describes another issuer')
      this.#keys = { set: createLocalJWKSet((await this.#fetch(about.jwks_uri)) as JSONWebKeySet), at: now }
    } catch (error) {
      this.#log.warn('The keys of the identity provider could not be fetched', { issuer: this.#options.issuer, error })
      if (!this.#keys) throw new TokenRefused('the keys of the identity provider are not known')
    }
    return this.#keys.set
  }
}

function refused(error: unknown): unknown {
  return error instanceof errors.JOSEError ? new TokenRefused(error.message) : error
}

export function identityOf(claims: JWTPayload, options: OidcOptions): TokenIdentity {
  const { usernameClaim = 'sub', groupsClaim, groupsPrefix = '' } = options
  const name = claims[usernameClaim]
  if (typeof name !== 'string' || name === '') throw new TokenRefused(`the claim ${usernameClaim} names nobody`)
  if (usernameClaim === 'email' && claims.email_verified === false)
    throw new TokenRefused('the e-mail address is not verified')
  const listed = groupsClaim ? claims[groupsClaim] : undefined
  const groups =
    typeof listed === 'string' ? [listed] : Array.isArray(listed) ? listed.filter(one => typeof one === 'string') : []
  return { name: prefixOf(options) + name, groups: groups.map(group => groupsPrefix + group) }
}

function prefixOf({ usernamePrefix, usernameClaim = 'sub', issuer }: OidcOptions): string {
  if (usernamePrefix === '-') return ''
  return usernamePrefix ?? (usernameClaim === 'email' ? '' : `${issuer}#`)
}

function fetcher(ca: string | undefined): FetchJson {
  let dispatcher: Agent | undefined
  return async url => {
    const { Agent, request } = await import('undici')
    dispatcher ??= new Agent({ connect: { ca } })
    const { statusCode, body } = await request(url, { dispatcher, headersTimeout: 10_000, bodyTimeout: 10_000 })
    if (statusCode === 200) return body.json()
    await body.dump()
    throw new Error(`${url} answered ${statusCode}`)
  }
}
