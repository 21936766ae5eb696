import type { FieldError } from '../kind.ts'
import { type FieldFacts, jsonFields, messageFacts } from '../schema.ts'
import { type Check, isAskedAlways, type Rules } from './checks.ts'
import { ACCESS_RULES } from './rules/access.ts'
import { CLUSTER_RULES } from './rules/cluster.ts'
import { CORE_RULES } from './rules/core.ts'
import { NETWORK_RULES } from './rules/network.ts'
import { POD_RULES } from './rules/pod.ts'
import { VOLUME_RULES } from './rules/volume.ts'
import { WORKLOAD_RULES } from './rules/workload.ts'

/** All tables: see Rules in checks.ts. */
const RULES: Rules = {
  ...POD_RULES,
  ...VOLUME_RULES,
  ...WORKLOAD_RULES,
  ...NETWORK_RULES,
  ...CORE_RULES,
  ...ACCESS_RULES,
  ...CLUSTER_RULES,
}

interface Plan {
  whole: readonly Check[]
  fields: readonly { name: string; checks: readonly Check[] }[]
  below: readonly { name: string; shape: 'one' | 'list' | 'map'; message: string }[]
}

const plans = new Map<string, Plan>()

/** Everything that the tables find wrong in an object and what it holds. */
export function checkRules(object: object, message: string, path = ''): FieldError[] {
  const { whole, fields, below } = planOf(message)
  const values = object as Record<string, never>
  const errors: FieldError[] = []
  for (const { name, checks } of fields) {
    for (const check of checks) {
      if (values[name] !== undefined || isAskedAlways(check))
        errors.push(...check(values[name] as never, join(path, name)))
    }
  }
  for (const { name, shape, message } of below) {
    const value = values[name]
    if (value !== undefined)
      for (const [at, one] of parts(value, shape)) errors.push(...checkRules(one, message, join(path, name) + at))
  }
  for (const check of whole) errors.push(...check(object as never, path))
  return errors
}

function join(path: string, name: string): string {
  return path === '' ? name : `${path}.${name}`
}

function parts(value: object, shape: 'one' | 'list' | 'map'): [string, object][] {
  if (shape === 'one') return [['', value]]
  return Object.entries(value).map(([at, one]) => [`[${at}]`, one as object])
}

function planOf(message: string): Plan {
  const known = plans.get(message)
  if (known) return known
  const rules = RULES[message] ?? {}
  const { '*': whole = [], ...fields } = rules
  const plan: Plan = {
    whole,
    fields: Object.entries(fields).map(([name, checks]) => ({ name, checks })),
    below: jsonFields(message)
      .filter(field => leadsToRules(innerType(field.type), new Set()))
      .map(describeBelow),
  }
  plans.set(message, plan)
  return plan
}

function describeBelow({ name, type }: FieldFacts): Plan['below'][number] {
  const shape = type.startsWith('[') ? 'list' : type.startsWith('{') ? 'map' : 'one'
  return { name, shape, message: innerType(type) }
}

function innerType(type: string): string {
  return type.startsWith('[') || type.startsWith('{') ? type.slice(1, -1) : type
}

/** Whether a message or anything below it has rules; messages that hold themselves are looked at once. */
function leadsToRules(message: string, seen: Set<string>): boolean {
  if (message in RULES) return true
  const facts = messageFacts(message)
  if (!facts || facts.leaf || seen.has(message)) return false
  seen.add(message)
  return jsonFields(message).some(field => leadsToRules(innerType(field.type), seen))
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
