import type { FieldError } from '../kind.ts'
import { isQualifiedName } from '../names.ts'
import type {
  JobSpec,
  PodFailurePolicyOnExitCodesRequirement,
  PodFailurePolicyOnPodConditionsPattern,
  PodFailurePolicyRule,
  SuccessPolicyRule,
} from '../types/batch-v1.ts'
import { notNegative, oneOf } from './checks.ts'
import { duplicate, invalid, required, tooMany, unshown } from './errors.ts'

/** What ends a job early: failures of a kind that no retry helps, and successes that are enough. */
const MOST = { rules: 20, conditions: 20, values: 255 }
const ACTIONS = ['Count', 'FailIndex', 'FailJob', 'Ignore']
const listed = (values: readonly string[]) => `valid values: [${values.map(value => `"${value}"`).join(' ')}]`

/** Missing, or not one of a few. */
function choice(value: string | undefined, values: readonly string[], path: string): FieldError[] {
  return value ? oneOf(...values)(value, path) : [required(path, listed(values))]
}

export function validateFailurePolicy(spec: JobSpec, path: string): FieldError[] {
  const rules = spec.podFailurePolicy?.rules ?? []
  const where = `${path}.podFailurePolicy.rules`
  return [
    ...(rules.length > MOST.rules ? [tooMany(where, rules.length, MOST.rules)] : []),
    ...rules.flatMap((rule, index) => failureRule(rule, spec, `${where}[${index}]`)),
  ]
}

function failureRule(rule: PodFailurePolicyRule, spec: JobSpec, path: string): FieldError[] {
  const { action, onExitCodes, onPodConditions = [] } = rule
  const errors = choice(action, ACTIONS, `${path}.action`)
  if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.push(invalid(`${path}.action`, action, 'requires the backoffLimitPerIndex to be set'))
  }
  if (onExitCodes) errors.push(...exitCodes(onExitCodes, spec, `${path}.onExitCodes`))
  errors.push(...conditions(onPodConditions, `${path}.onPodConditions`))
  const both = onExitCodes && onPodConditions.length > 0
  if (both) errors.push(unshown(path, 'specifying both OnExitCodes and OnPodConditions is not supported'))
  if (!onExitCodes && onPodConditions.length === 0) {
    errors.push(unshown(path, 'specifying one of OnExitCodes and OnPodConditions is required'))
  }
  return errors
}

function exitCodes(codes: PodFailurePolicyOnExitCodesRequirement, spec: JobSpec, path: string): FieldError[] {
  const { operator, containerName, values = [] } = codes
  const errors = choice(operator, ['In', 'NotIn'], `${path}.operator`)
  const { containers = [], initContainers = [] } = spec.template?.spec ?? {}
  if (containerName !== undefined && ![...containers, ...initContainers].some(({ name }) => name === containerName)) {
    const detail = 'must be one of the container or initContainer names in the pod template'
    errors.push(invalid(`${path}.containerName`, containerName, detail))
  }
  const where = `${path}.values`
  if (values.length === 0) errors.push(invalid(where, values, 'at least one value is required'))
  if (values.length > MOST.values) errors.push(tooMany(where, values.length, MOST.values))
  values.forEach((value, index) => {
    if (operator === 'In' && value === 0) {
      errors.push(invalid(`${where}[${index}]`, value, 'must not be 0 for the In operator'))
    }
    if (values.indexOf(value) < index) errors.push(duplicate(`${where}[${index}]`, value))
  })
  const isOrdered = values.every((value, index) => index === 0 || values[index - 1]! <= value)
  return isOrdered ? errors : [...errors, invalid(where, values, 'must be ordered')]
}

function conditions(patterns: readonly PodFailurePolicyOnPodConditionsPattern[], path: string): FieldError[] {
  const errors = patterns.flatMap(({ type = '', status }, index) => [
    ...isQualifiedName(type).map(problem => invalid(`${path}[${index}].type`, type, problem)),
    ...choice(status, ['False', 'True', 'Unknown'], `${path}[${index}].status`),
  ])
  return patterns.length > MOST.conditions ? [tooMany(path, patterns.length, MOST.conditions), ...errors] : errors
}

export function validateSuccessPolicy({ successPolicy, completions = 0 }: JobSpec, path: string): FieldError[] {
  const rules = successPolicy?.rules ?? []
  const where = `${path}.successPolicy.rules`
  if (rules.length === 0) {
    return [required(where, 'at least one rules must be specified when the successPolicy is specified')]
  }
  const errors = rules.flatMap((rule, index) => successRule(rule, completions, `${where}[${index}]`))
  return rules.length > MOST.rules ? [tooMany(where, rules.length, MOST.rules), ...errors] : errors
}

function successRule(
  { succeededIndexes: indexes, succeededCount: count }: SuccessPolicyRule,
  of: number,
  path: string,
) {
  if (count === undefined && indexes === undefined) {
    return [required(path, 'at least one of succeededCount or succeededIndexes must be specified')]
  }
  const parsed = indexes === undefined ? { total: 0, problem: undefined } : parseIndexes(indexes, of)
  const errors: FieldError[] = []
  if (parsed.problem) {
    errors.push(invalid(`${path}.succeededIndexes`, indexes, `error parsing succeededIndexes: ${parsed.problem}`))
  }
  if (count === undefined) return errors
  const where = `${path}.succeededCount`
  const most = (number: number, what: string) =>
    count > number ? [invalid(where, count, `must be less than or equal to ${number} (${what})`)] : []
  errors.push(...notNegative(count, where), ...most(of, 'the number of specified completions'))
  if (indexes === undefined) return errors
  return [...errors, ...most(parsed.total, 'the number of indexes in the specified succeededIndexes field')]
}

interface Indexes {
  total: number
  intervals: [from: number, to: number][]
  problem?: string
}

/** `0,2-5`, each index below the number of completions: what is read before the first fault, and that. */
export function parseIndexes(text: string, completions: number): Indexes {
  const read: Indexes = { total: 0, intervals: [] }
  if (text === '') return read
  let last = -1
  for (const interval of text.split(',')) {
    const problem = intervalProblem(interval.split('-'), last, completions)
    if (problem) return { ...read, problem }
    const [from = 0, to = from] = interval.split('-').map(Number)
    read.intervals.push([from, to])
    read.total += to - from + 1
    last = to
  }
  return read
}

function intervalProblem(parts: readonly string[], last: number, completions: number): string | undefined {
  if (parts.length > 2) {
    return `the fragment "${parts.join('-')}" violates the requirement that an index interval can have at most two parts separated by '-'`
  }
  const bad = parts.find(part => !/^\d+$/.test(part))
  if (bad !== undefined) return `cannot convert string to integer for index: "${bad}"`
  const large = parts.find(part => Number(part) >= completions)
  if (large !== undefined) return `too large index: "${Number(large)}"`
  const [from = 0, to] = parts.map(Number)
  if (to !== undefined && from >= to) return `non-increasing order, previous: ${from}, current: ${to}`
  return from <= last ? `non-increasing order, previous: ${last}, current: ${from}` : undefined
}
