import type { Attributes, Authorizer, Decision } from './attributes.ts'
import { UNKNOWN } from './attributes.ts'

/** What one line of --authorization-policy-file lets somebody do; `*` stands for anything. */
export interface AbacPolicy {
  user?: string
  group?: string
  /** Only get, list and watch. */
  readonly?: boolean
  apiGroup?: string
  resource?: string
  namespace?: string
  nonResourcePath?: string
}

const ALLOWED: Decision = { verdict: 'allow', reason: '' }
const READING = new Set(['get', 'list', 'watch'])

/** The oldest way to say who may do what: a file with one policy a line. What no line allows is left to others. */
export class AbacAuthorizer implements Authorizer {
  readonly #policies: readonly AbacPolicy[]

  constructor(text: string) {
    this.#policies = parseAbacPolicies(text)
  }

  authorize(attributes: Attributes): Decision {
    return this.#policies.some(policy => allows(policy, attributes)) ? ALLOWED : UNKNOWN
  }
}

export function parseAbacPolicies(text: string): AbacPolicy[] {
  return text.split('\n').flatMap((line, index) => {
    if (line.trim() === '' || line.trimStart().startsWith('#')) return []
    return [parseLine(line, index + 1)]
  })
}

function parseLine(line: string, number: number): AbacPolicy {
  const problem = (why: string) => new Error(`line ${number} of the authorization policy file ${why}`)
  let parsed: { apiVersion?: string; kind?: string; spec?: AbacPolicy }
  try {
    parsed = JSON.parse(line)
  } catch (cause) {
    throw Object.assign(problem('is not JSON'), { cause })
  }
  if (parsed?.apiVersion !== 'abac.authorization.kubernetes.io/v1beta1' || parsed.kind !== 'Policy' || !parsed.spec)
    throw problem('must be a Policy of abac.authorization.kubernetes.io/v1beta1 with a spec')
  return parsed.spec
}

function allows(policy: AbacPolicy, attributes: Attributes): boolean {
  if (!isSubject(policy, attributes) || (policy.readonly && !READING.has(attributes.verb))) return false
  return attributes.isResource ? isResource(policy, attributes) : isPath(policy.nonResourcePath, attributes.path)
}

/** Whoever is named as user and as group must be both. */
function isSubject({ user = '', group = '' }: AbacPolicy, attributes: Attributes): boolean {
  if (user === '' && group === '') return false
  if (user !== '' && user !== '*' && user !== attributes.user.name) return false
  return group === '' || group === '*' || attributes.user.groups.includes(group)
}

function isResource({ apiGroup = '', resource = '', namespace = '' }: AbacPolicy, attributes: Attributes): boolean {
  const fits = (wanted: string, value: string) => wanted === '*' || wanted === value
  return fits(namespace, attributes.namespace) && fits(resource, attributes.plural) && fits(apiGroup, attributes.group)
}

function isPath(wanted = '', path: string): boolean {
  if (wanted === '*') return true
  return wanted.endsWith('*') ? path.startsWith(wanted.slice(0, -1)) : wanted !== '' && wanted === path
}
