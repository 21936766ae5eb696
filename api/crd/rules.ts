import { Optional } from '@marcbachmann/cel-js'
import { withinObject } from '../cel/budget.ts'
import { compileCel } from '../cel/program.ts'
import { celValue } from '../cel/value.ts'
import type { FieldError, FieldErrorType, Schema } from '../kind.ts'
import { isRecord } from '../values.ts'
import { validateBySchema } from './validate.ts'

const NOT_CHECKED =
  'some validation rules were not checked because the object was invalid; correct the existing errors to complete validation'

/**
 * The rules of a schema that are written in CEL: what they find wrong in an object, and in its change. They are asked only
 * of what has the types that they expect.
 */
export function checkSchemaRules(object: unknown, old: unknown, schema: Schema): FieldError[] {
  if (!hasRules(schema)) return []
  if (validateBySchema(object, schema, '').length === 0) return withinObject(() => checkAt(object, old, schema, ''))
  return [{ type: 'Invalid value', field: '<nil>', value: null, detail: NOT_CHECKED }]
}

const answers = new WeakMap<Schema, boolean>()

/** Whether a schema or anything below it has rules; definitions of built-in kinds (metadata) have none. */
function hasRules(schema: Schema): boolean {
  const known = answers.get(schema)
  if (known !== undefined) return known
  const below = [...Object.values(schema.properties ?? {}), schema.items, schema.additionalProperties]
  const answer = schema.rules !== undefined || below.some(one => one && !one.definition && hasRules(one))
  answers.set(schema, answer)
  return answer
}

function checkAt(value: unknown, old: unknown, schema: Schema, path: string): FieldError[] {
  if (value === undefined || value === null || !hasRules(schema)) return []
  const errors = (schema.rules ?? []).flatMap(rule => checkRule(rule, value, old, schema, path))
  for (const { inner, before, below, at } of partsOf(value, old, schema, path))
    errors.push(...checkAt(inner, before, below, at))
  return errors
}

interface Part {
  inner: unknown
  before: unknown
  below: Schema
  at: string
}

function partsOf(value: unknown, old: unknown, schema: Schema, path: string): Part[] {
  if (Array.isArray(value) && schema.items) {
    const below = schema.items
    return value.map((inner, index) => ({
      inner,
      before: sameElement(inner, old, schema),
      below,
      at: `${path}[${index}]`,
    }))
  }
  if (!isRecord(value)) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    const below = schema.properties?.[key] ?? schema.additionalProperties
    const before = isRecord(old) && Object.hasOwn(old, key) ? old[key] : undefined
    return below && !below.definition ? [{ inner, before, below, at: path === '' ? key : `${path}.${key}` }] : []
  })
}

/** What an element was before is known only in lists with keys. */
function sameElement(element: unknown, old: unknown, { listType, listMapKeys = [] }: Schema): unknown {
  if (listType !== 'map' || !Array.isArray(old) || !isRecord(element)) return undefined
  return old.find(one => isRecord(one) && listMapKeys.every(key => one[key] === element[key]))
}

type Rule = NonNullable<Schema['rules']>[number] & { optionalOldSelf?: boolean }

function checkRule(rule: Rule, value: unknown, old: unknown, schema: Schema, path: string): FieldError[] {
  const isTransition = /\boldSelf\b/.test(rule.rule)
  if (isTransition && old === undefined && !rule.optionalOldSelf) return []
  const program = compileCel(rule.rule)
  if ('problem' in program) return [fault(rule, schema, path, `rule compile error: ${program.problem}`)]
  const variables = { self: celValue(value, schema), oldSelf: oldValue(rule, old, schema) }
  const outcome = program(variables)
  if ('problem' in outcome) return [fault(rule, schema, path, `rule evaluation error: ${outcome.problem}`)]
  return outcome.value === true ? [] : [fault(rule, schema, path, messageOf(rule, variables))]
}

/** A rule may ask whether there is an old value at all. */
function oldValue(rule: Rule, old: unknown, schema: Schema): unknown {
  const value = old === undefined ? undefined : celValue(old, schema)
  if (rule.optionalOldSelf) return value === undefined ? Optional.none() : Optional.of(value)
  return value ?? null
}

function messageOf(rule: Rule, variables: Record<string, unknown>): string {
  const written = rule.messageExpression ? compileCel(rule.messageExpression) : undefined
  if (written && !('problem' in written)) {
    const outcome = written(variables)
    if ('value' in outcome && typeof outcome.value === 'string' && outcome.value.trim() !== '') return outcome.value
  }
  return rule.message ?? `failed rule: ${rule.rule.trim()}`
}

const REASONS: Readonly<Record<string, FieldErrorType>> = {
  FieldValueForbidden: 'Forbidden',
  FieldValueRequired: 'Required value',
  FieldValueDuplicate: 'Duplicate value',
}

function fault(rule: Rule, schema: Schema, path: string, detail: string): FieldError {
  const field = `${path}${rule.fieldPath ?? ''}`.replace(/^\./, '')
  return { type: REASONS[rule.reason ?? ''] ?? 'Invalid value', field, value: schema.type ?? 'object', detail }
}
