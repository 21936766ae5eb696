import { timingSafeEqual } from 'node:crypto'
import type { Secret } from '../../api/types/core-v1.ts'
import { parseBootstrapToken } from '../../pki/bootstrap-token.ts'
import type { Clock } from '../../platform/clock.ts'
import { type TokenAuthenticator, type TokenIdentity, TokenRefused } from './authenticator.ts'

const SECRET_TYPE = 'bootstrap.kubernetes.io/token'
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/

/** Machines that are about to join carry a token whose Secret stands in kube-system. */
export class BootstrapTokens implements TokenAuthenticator {
  readonly #findSecret: (name: string) => Promise<Secret | undefined>
  readonly #clock: Clock

  constructor(findSecret: (name: string) => Promise<Secret | undefined>, clock: Clock) {
    this.#findSecret = findSecret
    this.#clock = clock
  }

  async authenticateToken(text: string): Promise<TokenIdentity | undefined> {
    const token = parseBootstrapToken(text)
    if (!token) return undefined
    const secret = await this.#findSecret(`bootstrap-token-${token.id}`)
    if (!secret || secret.metadata?.deletionTimestamp || secret.type !== SECRET_TYPE) return undefined
    const field = (name: string) => Buffer.from(secret.data?.[name] ?? '', 'base64').toString()
    const problem = problemOf(field, token, this.#clock.now())
    if (problem) throw new TokenRefused(`bootstrap token ${token.id}: ${problem}`)
    const extra = field('auth-extra-groups')
      .split(',')
      .filter(group => EXTRA_GROUP.test(group))
    return { name: `system:bootstrap:${token.id}`, groups: ['system:bootstrappers', ...extra] }
  }
}

function problemOf(field: (name: string) => string, token: { id: string; secret: string }, now: number) {
  if (field('token-id') !== token.id) return 'its Secret is for another id'
  if (!equal(field('token-secret'), token.secret)) return 'its secret is wrong'
  if (field('usage-bootstrap-authentication') !== 'true') return 'it is not for authentication'
  const expiration = field('expiration')
  if (expiration === '') return undefined
  const until = Date.parse(expiration)
  if (Number.isNaN(until)) return 'its expiration cannot be read'
  return until <= now ? 'it has expired' : undefined
}

function equal(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)]
  return left.length === right.length && timingSafeEqual(left, right)
}
