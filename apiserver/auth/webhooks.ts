import { createHash } from 'node:crypto'
import type { UserInfo } from '../../api/types/authentication-v1.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { celValue, evaluateRule } from '../cel/evaluate.ts'
import { type WebhookClient, WebhookError, type WebhookTarget } from '../webhook/client.ts'
import { type Attributes, type Authorizer, type Decision, UNKNOWN } from './attributes.ts'
import { type TokenAuthenticator, type TokenIdentity, TokenRefused } from './authenticator.ts'
import { Remembered } from './remembered.ts'

/** --authentication-token-webhook-config-file and --authorization-webhook-config-file, read. */
export interface AuthWebhook extends WebhookTarget {
  /** Which of the two forms of reviews it speaks; v1 where nothing is said. */
  version?: 'v1' | 'v1beta1'
  /** How long answers stay good: yes (of tokens all answers), and no (of authorization). */
  yesGoodMs?: number
  noGoodMs?: number
  timeoutMs?: number
  /** Who it is, in --authorization-config. */
  name?: string
  /** In CEL: what it is asked about; everything where there are none. */
  conditions?: readonly string[]
  /** What to think when it cannot be asked; by default nothing, as others may still allow. */
  onFailure?: 'NoOpinion' | 'Deny'
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

interface TokenReview {
  status?: { authenticated?: boolean; user?: UserInfo; audiences?: string[] }
}

/** Asks another service whose token this is. */
export class WebhookTokens implements TokenAuthenticator {
  readonly #webhook: AuthWebhook
  readonly #around: Around
  readonly #memory: Remembered<TokenIdentity | undefined>

  constructor(webhook: AuthWebhook, around: Around) {
    this.#webhook = webhook
    this.#around = around
    this.#memory = new Remembered(around.clock)
  }

  async authenticateToken(token: string, audiences: readonly string[] = []): Promise<TokenIdentity | undefined> {
    const key = createHash('sha256')
      .update(`${token} ${audiences.join(' ')}`)
      .digest('base64')
    return this.#memory.answer(
      key,
      () => this.#identify(token, audiences),
      () => this.#webhook.yesGoodMs ?? TOKEN_GOOD_MS,
    )
  }

  async #identify(token: string, audiences: readonly string[]): Promise<TokenIdentity | undefined> {
    const { version = 'v1' } = this.#webhook
    const review = { apiVersion: `authentication.k8s.io/${version}`, kind: 'TokenReview', spec: { token, audiences } }
    const { status } = (await this.#ask(review)) as TokenReview
    const { authenticated, user, audiences: shared } = status ?? {}
    if (!authenticated || !user?.username) return undefined
    const { username: name, uid, groups = [], extra } = user
    return { name, uid, groups, extra, audiences: shared }
  }

  async #ask(review: object): Promise<unknown> {
    try {
      return await this.#around.client.ask(this.#webhook, review, TIMEOUT_MS)
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error
      this.#around.log.warn('The token webhook could not be asked', { error })
      throw new TokenRefused('the token webhook could not be asked')
    }
  }
}

/** Asks another service whether somebody may. */
export class WebhookAuthorizer implements Authorizer {
  readonly #webhook: AuthWebhook
  readonly #around: Around
  readonly #memory: Remembered<Decision>

  constructor(webhook: AuthWebhook, around: Around) {
    this.#webhook = webhook
    this.#around = around
    this.#memory = new Remembered(around.clock)
  }

  async authorize(attributes: Attributes): Promise<Decision> {
    try {
      const { conditions = [] } = this.#webhook
      if (conditions.length > 0 && !(await isAbout(attributes, conditions))) return UNKNOWN
      return await this.#ask(attributes)
    } catch (error) {
      if (!(error instanceof WebhookError)) throw error
      const { name, onFailure } = this.#webhook
      this.#around.log.warn('The authorization webhook could not be asked', { name, error })
      return onFailure === 'Deny' ? { verdict: 'deny', reason: `the webhook ${name} could not be asked` } : UNKNOWN
    }
  }

  async #ask(attributes: Attributes): Promise<Decision> {
    const { version = 'v1', yesGoodMs = ALLOWED_GOOD_MS, noGoodMs = REFUSED_GOOD_MS } = this.#webhook
    const spec = reviewSpec(attributes, version)
    const ask = async () => {
      const review = { apiVersion: `authorization.k8s.io/${version}`, kind: 'SubjectAccessReview', spec }
      const timeout = this.#webhook.timeoutMs ?? TIMEOUT_MS
      return decisionOf(await this.#around.client.ask(this.#webhook, review, timeout))
    }
    return this.#memory.answer(JSON.stringify(spec), ask, ({ verdict }) => (verdict === 'allow' ? yesGoodMs : noGoodMs))
  }
}

/** Whether all conditions hold. One that is false settles it, even if another cannot be evaluated. */
async function isAbout(attributes: Attributes, conditions: readonly string[]): Promise<boolean> {
  const request = celValue({ uid: '', extra: {}, ...withoutUndefined(reviewSpec(attributes, 'v1')) })
  let failure: string | undefined
  for (const expression of conditions) {
    const { value, error = 'must evaluate to a boolean' } = await evaluateRule(expression, { request })
    if (value === false) return false
    if (value !== true) failure ??= `matchCondition ${JSON.stringify(expression)}: ${error}`
  }
  if (failure !== undefined) throw new WebhookError(failure)
  return true
}

const withoutUndefined = (spec: object) =>
  Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined))

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
