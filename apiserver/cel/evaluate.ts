import { Environment } from '@marcbachmann/cel-js'
import type { KubeObject } from '../../api/objects.ts'
import type { AdmissionRequest } from '../admission/admission.ts'
import { isSafePattern } from './patterns.ts'

/** The Common Expression Language as admission uses it: conditions of webhooks, rules of policies. */
export type Variables = Readonly<Record<string, unknown>>

export interface Outcome {
  value?: unknown
  /** Why there is no value. */
  error?: string
}

type Program = (variables: Variables) => unknown

const MOST_PROGRAMS = 1000
const programs = new Map<string, Program | string>()

const environment = new Environment({
  unlistedVariablesAreDyn: true,
  homogeneousAggregateLiterals: false,
  enableOptionalTypes: true,
  limits: { maxAstNodes: 10_000, maxDepth: 100, maxListElements: 1000, maxMapEntries: 1000, maxCallArguments: 32 },
})

/** The value of an expression; what goes wrong is told, not thrown. */
export function evaluateRule(expression: string, variables: Variables): Outcome {
  const program = compile(expression)
  if (typeof program === 'string') return { error: `compilation failed: ${program}` }
  try {
    return { value: program(variables) }
  } catch (error) {
    return { error: firstLine(error) }
  }
}

function compile(expression: string): Program | string {
  const known = programs.get(expression)
  if (known !== undefined) return known
  const program = parse(expression)
  if (programs.size >= MOST_PROGRAMS) programs.delete(programs.keys().next().value!)
  programs.set(expression, program)
  return program
}

function parse(expression: string): Program | string {
  if (!isSafePattern(expression)) return 'a pattern in it could take without end'
  try {
    const parsed = environment.parse(expression)
    return variables => parsed(variables)
  } catch (error) {
    return firstLine(error)
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0]!
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
