import type { FieldError } from '../kind.ts'
import { type FieldFacts, jsonFields, messageFacts, type TypeShape, unwrapType } from '../schema.ts'
import { type Check, isAskedAlways, type Rules } from './checks.ts'
import { ACCESS_RULES } from './rules/access.ts'
import { CLUSTER_RULES } from './rules/cluster.ts'
import { CONTAINER_RULES } from './rules/container.ts'
import { CORE_RULES } from './rules/core.ts'
import { FLOW_RULES } from './rules/flow.ts'
import { INGRESS_RULES } from './rules/ingress.ts'
import { NETWORK_RULES } from './rules/network.ts'
import { PLACEMENT_RULES } from './rules/placement.ts'
import { POD_RULES } from './rules/pod.ts'
import { SECURITY_RULES } from './rules/security.ts'
import { STORAGE_RULES } from './rules/storage.ts'
import { VOLUME_RULES } from './rules/volume.ts'
import { WORKLOAD_RULES } from './rules/workload.ts'

/** All tables: see Rules in checks.ts. */
const RULES: Rules = {
  ...POD_RULES,
  ...CONTAINER_RULES,
  ...PLACEMENT_RULES,
  ...SECURITY_RULES,
  ...VOLUME_RULES,
  ...STORAGE_RULES,
  ...WORKLOAD_RULES,
  ...NETWORK_RULES,
  ...INGRESS_RULES,
  ...CORE_RULES,
  ...ACCESS_RULES,
  ...CLUSTER_RULES,
  ...FLOW_RULES,
}

interface Plan {
  whole: readonly Check[]
  fields: readonly { name: string; checks: readonly Check[]; always: boolean }[]
  below: readonly { name: string; shape: TypeShape; message: string }[]
}

const plans = new Map<string, Plan>()

/** Everything that the tables find wrong in an object and what it holds. */
export function checkRules(object: object, message: string, path = ''): FieldError[] {
  const errors: FieldError[] = []
  checkObject(object, planOf(message), path, errors)
  return errors
}

function checkObject(object: object, plan: Plan, path: string, errors: FieldError[]): void {
  const values = object as Record<string, never>
  for (const { name, checks, always } of plan.fields) {
    if (always || values[name] !== undefined) checkField(values[name], checks, join(path, name), errors)
  }
  for (const { name, shape, message } of plan.below) {
    const value: object | undefined = values[name]
    if (value !== undefined) checkBelow(value, shape, planOf(message), join(path, name), errors)
  }
  for (const check of plan.whole) errors.push(...check(object as never, path))
}

/** The first thing that is wrong with a field: what is missing is not also unsupported. */
function checkField(value: never | undefined, checks: readonly Check[], path: string, errors: FieldError[]): void {
  for (const check of checks) {
    if (value === undefined && !isAskedAlways(check)) continue
    const found = check(value as never, path)
    if (found.length === 0) continue
    errors.push(...found)
    return
  }
}

function checkBelow(value: object, shape: TypeShape, plan: Plan, path: string, errors: FieldError[]): void {
  if (shape === 'one') checkObject(value, plan, path, errors)
  else for (const key of Object.keys(value)) checkObject(value[key as never], plan, `${path}[${key}]`, errors)
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function planOf(message: string): Plan {
  const known = plans.get(message)
  if (known) return known
  const rules = RULES[message] ?? {}
  const { '*': whole = [], ...fields } = rules
  const plan: Plan = {
    whole,
    fields: Object.entries(fields).map(([name, checks]) => ({ name, checks, always: checks.some(isAskedAlways) })),
    below: jsonFields(message)
      .filter(field => leadsToRules(unwrapType(field.type).inner, new Set()))
      .map(describeBelow),
  }
  plans.set(message, plan)
  return plan
}

function describeBelow({ name, type }: FieldFacts): Plan['below'][number] {
  const { shape, inner } = unwrapType(type)
  return { name, shape, message: inner }
}

/** Whether a message or anything below it has rules; messages that hold themselves are looked at once. */
function leadsToRules(message: string, seen: Set<string>): boolean {
  if (message in RULES) return true
  const facts = messageFacts(message)
  if (!facts || facts.leaf || seen.has(message)) return false
  seen.add(message)
  return jsonFields(message).some(field => leadsToRules(unwrapType(field.type).inner, seen))
}

/** Rules for messages that do not exist or fields that they do not have: always none, a test asks. */
export function strayRules(): string[] {
  return Object.entries(RULES).flatMap(([message, rules]) => {
    if (!messageFacts(message)) return [message]
    const names = new Set(jsonFields(message).map(field => field.name))
    return Object.keys(rules)
      .filter(name => name !== '*' && !names.has(name))
      .map(name => `${message}.${name}`)
  })
}
