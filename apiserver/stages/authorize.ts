import {
  type Attributes,
  type Authorizer,
  attributesOf,
  type Decision,
  forbidden,
  UNKNOWN,
} from '../auth/attributes.ts'
import type { Call } from '../call.ts'

/** The second stage: the authorizers are asked in order until one knows. */
export class Authorization {
  readonly #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  async decide(attributes: Attributes): Promise<Decision> {
    const reasons: string[] = []
    for (const authorizer of this.#authorizers) {
      const answer = authorizer.authorize(attributes)
      const decision = answer instanceof Promise ? await answer : answer
      if (decision.verdict !== 'unknown') return decision
      if (decision.reason !== '') reasons.push(decision.reason)
    }
    return { ...UNKNOWN, reason: reasons.join(', ') }
  }

  async allows(attributes: Attributes): Promise<boolean> {
    return (await this.decide(attributes)).verdict === 'allow'
  }

  /** Throws Forbidden unless the call is allowed. */
  async check(call: Call): Promise<void> {
    await this.require(attributesOf(call.user, call.info))
  }

  async require(attributes: Attributes): Promise<void> {
    const decision = await this.decide(attributes)
    if (decision.verdict !== 'allow') throw forbidden(attributes, decision.reason)
  }
}
