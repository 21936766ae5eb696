import type { ApiRequest, Identity } from '../../api/exchange.ts'
import type { Log } from '../../platform/log.ts'
import {
  ANONYMOUS,
  type Authenticator,
  asAuthenticated,
  bearerToken,
  type TokenAuthenticator,
  type TokenIdentity,
  TokenRefused,
  unauthorized,
} from '../auth/authenticator.ts'

export interface AuthenticationOptions {
  authenticators: readonly Authenticator[]
  tokens: readonly TokenAuthenticator[]
  anonymous: boolean
  log: Log
}

/** The first stage: who calls. Whoever shows something bad is refused, even where nobody would have been let in too. */
export class Authentication {
  readonly #options: AuthenticationOptions

  constructor(options: AuthenticationOptions) {
    this.#options = options
  }

  async identify(request: ApiRequest): Promise<Identity> {
    if (request.trusted) return request.trusted
    for (const authenticator of this.#options.authenticators) {
      const answer = authenticator.authenticate(request)
      const identity = answer instanceof Promise ? await answer : answer
      if (identity) return asAuthenticated(identity)
    }
    if (request.certificate) return asAuthenticated(request.certificate)
    const token = bearerToken(request)
    if (token) return asAuthenticated(await this.#byToken(token, request))
    if (request.certificateProblem || request.headers.authorization || !this.#options.anonymous) {
      this.#refuse(request, request.certificateProblem ?? 'no credentials that this server knows')
    }
    return ANONYMOUS
  }

  /** Who a token stands for; undefined when nobody knows it. TokenRefused when somebody does and says no. */
  async identifyToken(token: string, audiences?: readonly string[]): Promise<TokenIdentity | undefined> {
    for (const authenticator of this.#options.tokens) {
      const identity = await authenticator.authenticateToken(token, audiences)
      if (identity) return identity
    }
    return undefined
  }

  async #byToken(token: string, request: ApiRequest): Promise<Identity> {
    try {
      const identity = await this.identifyToken(token)
      if (!identity) this.#refuse(request, 'nobody knows the token')
      const { audiences: _, ...user } = identity
      return user
    } catch (error) {
      if (error instanceof TokenRefused) this.#refuse(request, error.message)
      throw error
    }
  }

  #refuse(request: ApiRequest, why: string): never {
    this.#options.log.info('A caller was not recognised', { why, path: request.path, from: request.remoteAddress })
    throw unauthorized()
  }
}
