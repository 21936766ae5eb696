import { type Attributes, type Authorizer, type Decision, forbidden, UNKNOWN } from '../auth/attributes.ts'

/** The second stage: the authorizers are asked in order until one knows. */
export class Authorization {
  #authorizers: readonly Authorizer[]

  constructor(authorizers: readonly Authorizer[]) {
    this.#authorizers = authorizers
  }

  /** Who is asked from now on. */
  use(authorizers: readonly Authorizer[]): void {
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

  /** Throws Forbidden unless it is allowed. */
  async require(attributes: Attributes): Promise<void> {
    const decision = await this.decide(attributes)
    if (decision.verdict !== 'allow') throw forbidden(attributes, decision.reason)
  }
}
