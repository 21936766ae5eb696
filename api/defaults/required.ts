import { type FieldFacts, jsonFields, messageFacts, type TypeShape, unwrapType } from '../schema.ts'

/**
 * Fields that every object has get their zero when they are absent, in place, as in Go, where a required field cannot be
 * absent: what comes after (other defaults, validation, columns) may rely on them.
 */
export function fillRequired(object: object, message: string): void {
  fill(object as Fields, planOf(message))
}

type Fields = Record<string, unknown>

interface Plan {
  zeros: readonly { name: string; zero: () => unknown }[]
  below: readonly { name: string; shape: TypeShape; message: string }[]
}

const plans = new Map<string, Plan>()

function fill(object: Fields, { zeros, below }: Plan): void {
  for (const { name, zero } of zeros) if (object[name] === undefined) object[name] = zero()
  for (const { name, shape, message } of below) {
    const value = object[name]
    if (value === undefined) continue
    const plan = planOf(message)
    if (shape === 'one') fill(value as Fields, plan)
    else for (const one of Object.values(value as object)) fill(one, plan)
  }
}

function planOf(message: string): Plan {
  const known = plans.get(message)
  if (known) return known
  const fields = jsonFields(message)
  const plan = {
    zeros: fields.flatMap(field => zeroOf(field)),
    below: fields.filter(field => leadsToRequired(unwrapType(field.type).inner, new Set())).map(describe),
  }
  plans.set(message, plan)
  return plan
}

const SCALARS: Readonly<Record<string, unknown>> = { string: '', bytes: '', bool: false, int32: 0, int64: 0, double: 0 }

/** A time that was never set stays absent, and so does what may have any form. */
function zeroOf({ name, type, required, pointer }: FieldFacts): Plan['zeros'] {
  if (!required || pointer) return []
  if (type in SCALARS) return [{ name, zero: () => SCALARS[type] }]
  if (type.startsWith('[')) return [{ name, zero: () => [] }]
  if (type.startsWith('{')) return [{ name, zero: () => ({}) }]
  if (type === 'IntOrString') return [{ name, zero: () => 0 }]
  return messageFacts(type)?.leaf ? [] : [{ name, zero: () => ({}) }]
}

function describe({ name, type }: FieldFacts): Plan['below'][number] {
  const { shape, inner } = unwrapType(type)
  return { name, shape, message: inner }
}

function leadsToRequired(message: string, seen: Set<string>): boolean {
  const facts = messageFacts(message)
  if (!facts || facts.leaf || seen.has(message)) return false
  seen.add(message)
  return jsonFields(message).some(
    field => zeroOf(field).length > 0 || leadsToRequired(unwrapType(field.type).inner, seen),
  )
}
