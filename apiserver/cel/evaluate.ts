import { CelAuthorizer, type RightsQuestion } from '../../api/cel/authorizer.ts'
import { compileCel } from '../../api/cel/program.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { resourceAttributes } from '../auth/attributes.ts'
import { serviceAccountIdentity } from '../auth/service-accounts.ts'
import type { Authorization } from '../stages/authorize.ts'

/** The Common Expression Language as admission uses it: conditions of webhooks, rules of policies. */
export type Variables = Readonly<Record<string, unknown>>

export interface Outcome {
  value?: unknown
  /** Why there is no value. */
  error?: string
}

/** The value of an expression; what goes wrong is told, not thrown. Those about rights take their time. */
export async function evaluateRule(expression: string, variables: Variables): Promise<Outcome> {
  const program = compileCel(expression)
  if ('problem' in program) return { error: `compilation failed: ${program.problem}` }
  const outcome = program(variables)
  if (!('value' in outcome)) return { error: outcome.problem }
  try {
    return { value: await outcome.value }
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) }
  }
}

/** `authorizer`: the rights of who sent the request, as this server knows them. */
export function authorizerOf(request: AdmissionRequest, authorization: Authorization): CelAuthorizer {
  const { kind, namespace, name, subresource, user } = request
  const ask = async ({ account, verb, path, group = '', resource = '', ...rest }: RightsQuestion) => {
    const who = account ? serviceAccountIdentity(account.namespace, account.name) : user
    const asked = resourceAttributes(who, verb, { ...rest, group, plural: resource })
    const { verdict, reason } = await authorization.decide(
      path === undefined ? asked : { ...asked, isResource: false, path },
    )
    return { allowed: verdict === 'allow', reason }
  }
  return new CelAuthorizer(ask, {}, { group: kind.group, resource: kind.plural, subresource, namespace, name })
}

/** What expressions know of a request, under the names that Kubernetes gives. */
export function requestVariables(request: AdmissionRequest, more: Variables = {}): Variables {
  const { kind, operation, subresource, name, namespace, user, dryRun, options, object, old } = request
  const groupVersion = { group: kind.group, version: kind.version }
  return {
    object: celValue(object ?? null),
    oldObject: celValue(old ?? null),
    request: celValue({
      ...{ kind: { ...groupVersion, kind: kind.kind }, resource: { ...groupVersion, resource: kind.plural } },
      ...{ subResource: subresource, name, namespace, operation, dryRun, options },
      userInfo: { username: user.name, uid: user.uid ?? '', groups: user.groups, extra: user.extra ?? {} },
    }),
    ...more,
  }
}

/** JSON as CEL sees it: whole numbers are integers, which there are of another kind than fractions. */
export function celValue(value: unknown): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (Array.isArray(value)) return value.map(celValue)
  if (typeof value !== 'object' || value === null) return value
  const converted: Record<string, unknown> = Object.create(null)
  for (const [key, part] of Object.entries(value as KubeObject)) if (part !== undefined) converted[key] = celValue(part)
  return converted
}

/** What an expression has made, as JSON. */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Date) return `${value.toISOString().slice(0, 19)}Z`
  if (Array.isArray(value)) return value.map(jsonValue)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, jsonValue(part)]))
}
