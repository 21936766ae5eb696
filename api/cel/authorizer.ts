import type { Environment } from '@marcbachmann/cel-js'

/** What an expression asks about somebody's rights. */
export interface RightsQuestion {
  /** A service account to ask about instead of who sent the request. */
  account?: { namespace: string; name: string }
  verb: string
  /** Of what is no resource. */
  path?: string
  group?: string
  resource?: string
  subresource?: string
  namespace?: string
  name?: string
}

export interface RightsAnswer {
  allowed: boolean
  reason: string
  error?: string
}

type Ask = (question: RightsQuestion) => Promise<RightsAnswer>

/** `authorizer` in the expressions of admission: questions are put together call by call, and asked by `check`. */
export class CelAuthorizer {
  readonly ask: Ask
  readonly about: Partial<RightsQuestion>
  /** `authorizer.requestResource`: what the request itself is about. */
  readonly requestResource: CelCheck | undefined

  constructor(ask: Ask, about: Partial<RightsQuestion> = {}, own?: Partial<RightsQuestion>) {
    this.ask = ask
    this.about = about
    this.requestResource = own && new CelCheck(ask, own)
  }

  with(more: Partial<RightsQuestion>): CelCheck {
    return new CelCheck(this.ask, { ...this.about, ...more })
  }
}

class CelCheck {
  readonly ask: Ask
  readonly about: Partial<RightsQuestion>

  constructor(ask: Ask, about: Partial<RightsQuestion>) {
    this.ask = ask
    this.about = about
  }

  with(more: Partial<RightsQuestion>): CelCheck {
    return new CelCheck(this.ask, { ...this.about, ...more })
  }

  async check(verb: string): Promise<CelDecision> {
    return new CelDecision(await this.ask({ ...this.about, verb }))
  }
}

class CelDecision {
  readonly answer: RightsAnswer

  constructor(answer: RightsAnswer) {
    this.answer = answer
  }
}

const AUTHORIZER = 'kubernetes.authorization.Authorizer'
const CHECK = 'kubernetes.authorization.Check'
const DECISION = 'kubernetes.authorization.Decision'

export function addAuthorizer(environment: Environment): void {
  environment
    .registerType(CHECK, CelCheck)
    .registerType(AUTHORIZER, { ctor: CelAuthorizer, fields: { requestResource: CHECK } })
    .registerType(DECISION, CelDecision)
  for (const part of ['path', 'group'] as const)
    environment.registerFunction(`${AUTHORIZER}.${part}(string): ${CHECK}`, (one: CelAuthorizer, value: string) =>
      one.with({ [part]: value }),
    )
  for (const part of ['resource', 'subresource', 'namespace', 'name'] as const)
    environment.registerFunction(`${CHECK}.${part}(string): ${CHECK}`, (one: CelCheck, value: string) =>
      one.with({ [part]: value }),
    )
  environment
    .registerFunction(
      `${AUTHORIZER}.serviceAccount(string, string): ${AUTHORIZER}`,
      (one: CelAuthorizer, namespace: string, name: string) =>
        new CelAuthorizer(one.ask, { ...one.about, account: { namespace, name } }),
    )
    .registerFunction(`${CHECK}.check(string): ${DECISION}`, (one: CelCheck, verb: string) => one.check(verb))
    .registerFunction(`${DECISION}.allowed(): bool`, (one: CelDecision) => one.answer.allowed)
    .registerFunction(`${DECISION}.reason(): string`, (one: CelDecision) => one.answer.reason)
    .registerFunction(`${DECISION}.errored(): bool`, (one: CelDecision) => one.answer.error !== undefined)
    .registerFunction(`${DECISION}.error(): string`, (one: CelDecision) => one.answer.error ?? '')
}
