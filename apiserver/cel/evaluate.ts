import { compileCel } from '../../api/cel/program.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { AdmissionRequest } from '../admission/admission.ts'

/** The Common Expression Language as admission uses it: conditions of webhooks, rules of policies. */
export type Variables = Readonly<Record<string, unknown>>

export interface Outcome {
  value?: unknown
  /** Why there is no value. */
  error?: string
}

/** The value of an expression; what goes wrong is told, not thrown. */
export function evaluateRule(expression: string, variables: Variables): Outcome {
  const program = compileCel(expression)
  if ('problem' in program) return { error: `compilation failed: ${program.problem}` }
  const outcome = program(variables)
  return 'value' in outcome ? outcome : { error: outcome.problem }
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
