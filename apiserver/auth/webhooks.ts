import { createHash } from 'node:crypto'
import type { UserInfo } from '../../api/types/authentication-v1.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { type WebhookClient, WebhookError, type WebhookTarget } from '../webhook/client.ts'
import { type Attributes, type Authorizer, type Decision, UNKNOWN } from './attributes.ts'
import { type TokenAuthenticator, type TokenIdentity, TokenRefused } from './authenticator.ts'

/** --authentication-token-webhook-config-file and --authorization-webhook-config-file, read. */
export interface AuthWebhook extends WebhookTarget {
  /** Shown to the webhook. */
  token?: string
  /** Which of the two forms of reviews it speaks; v1 where nothing is said. */
  version?: 'v1' | 'v1beta1'
  /** How long answers stay good: yes (allowed, known) and no (of authorization only). */
  yesGoodMs?: number
  noGoodMs?: number
}

interface Around {
  client: WebhookClient
  clock: Clock
  log: Log
}

const TIMEOUT_MS = 10_000
const TOKEN_GOOD_MS = 120_000
const ALLOWED_GOOD_MS = 300_000
const REFUSED_GOOD_MS = 30_000
const MOST_REMEMBERED = 4096

/** Answers that stay good for a while, the oldest forgotten first. */
class Memory<T> {
  readonly #clock: Clock
  readonly #kept = new Map<string, { value: T; until: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get(key: string): T | undefined {
    const found = this.#kept.get(key)
    return found && found.until > this.#clock.monotonic() ? found.value : undefined
  }

  put(key: string, value: T, forMs: number): void {
    if (forMs <= 0) return
    if (this.#kept.size >= MOST_REMEMBERED) this.#kept.delete(this.#kept.keys().next().value!)
    this.#kept.set(key, { value, until: this.#clock.monotonic() + forMs })
  }
}

const credentials = ({ token }: AuthWebhook): Record<string, string> =>
  token ? { authorization: `Bearer ${token}` } : {}

/** Asks another service whose token this is. */
export class WebhookTokens implements TokenAuthenticator {
  readonly #webhook: AuthWebhook
  readonly #around: Around
  readonly #memory: Memory<TokenIdentity>

  constructor(webhook: AuthWebhook, around: Around) {
    this.#webhook = webhook
    this.#around = around
    this.#memory = new Memory(around.clock)
  }

  async authenticateToken(token: string, audiences: readonly string[] = []): Promise<TokenIdentity | undefined> {
    const key = createHash('sha256')
      .update(`${token} ${audiences.join(' ')}`)
      .digest('base64')
    const known = this.#memory.get(key)
    if (known) return known
    const { version = 'v1', yesGoodMs = TOKEN_GOOD_MS } = this.#webhook
    const review = { apiVersion: `authentication.k8s.io/${version}`, kind: 'TokenReview', spec: { token, audiences } }
    const answer = (await this.#ask(review)) as {
      status?: { authenticated?: boolean; user?: UserInfo; audiences?: string[] }
    }
    const { authenticated, user, audiences: shared } = answer.status ?? {}
    if (!authenticated || !user?.username) return undefined
    const { username: name, uid, groups = [], extra } = user
    const identity = { name, uid, groups, extra, audiences: shared }
    this.#memory.put(key, identity, yesGoodMs)
    return identity
  }

  async #ask(review: object): Promise<unknown> {
    try {
      return await this.#around.client.ask(this.#webhook, review, TIMEOUT_MS, credentials(this.#webhook))
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error
      this.#around.log.warn('The token webhook could not be asked', { error })
      throw new TokenRefused('the token webhook could not be asked')
    }
  }
}

/** Asks another service whether somebody may. One that cannot be asked has no opinion: others may still allow. */
export class WebhookAuthorizer implements Authorizer {
  readonly #webhook: AuthWebhook
  readonly #around: Around
  readonly #memory: Memory<Decision>

  constructor(webhook: AuthWebhook, around: Around) {
    this.#webhook = webhook
    this.#around = around
    this.#memory = new Memory(around.clock)
  }

  async authorize(attributes: Attributes): Promise<Decision> {
    const { version = 'v1', yesGoodMs = ALLOWED_GOOD_MS, noGoodMs = REFUSED_GOOD_MS } = this.#webhook
    const spec = reviewSpec(attributes, version)
    const key = JSON.stringify(spec)
    const known = this.#memory.get(key)
    if (known) return known
    try {
      const review = { apiVersion: `authorization.k8s.io/${version}`, kind: 'SubjectAccessReview', spec }
      const answer = await this.#around.client.ask(this.#webhook, review, TIMEOUT_MS, credentials(this.#webhook))
      const decision = decisionOf(answer)
      this.#memory.put(key, decision, decision.verdict === 'allow' ? yesGoodMs : noGoodMs)
      return decision
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error
      this.#around.log.warn('The authorization webhook could not be asked', { error })
      return UNKNOWN
    }
  }
}

function decisionOf(answer: unknown): Decision {
  const { status } = answer as { status?: { allowed?: boolean; denied?: boolean; reason?: string } }
  const verdict = status?.allowed ? 'allow' : status?.denied ? 'deny' : 'unknown'
  return { verdict, reason: status?.reason ?? '' }
}

/** v1beta1 says `group` where v1 says `groups`. */
function reviewSpec({ user, isResource, verb, path, ...resource }: Attributes, spoken: string): object {
  const { group, version, plural, subresource, namespace, name } = resource
  const asked = isResource
    ? { resourceAttributes: { verb, group, version, resource: plural, subresource, namespace, name } }
    : { nonResourceAttributes: { verb, path } }
  const groups = spoken === 'v1' ? { groups: user.groups } : { group: user.groups }
  return { user: user.name, uid: user.uid, ...groups, extra: user.extra, ...asked }
}
