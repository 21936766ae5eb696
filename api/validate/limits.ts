import type { FieldError } from '../kind.ts'
import { canonicalQuantity, compareQuantity, isQuantity, quantityNumber } from '../quantity.ts'
import type { LimitRange, LimitRangeItem, ResourceQuota, ResourceQuotaSpec } from '../types/core-v1.ts'
import { deepEqual } from '../values.ts'
import { duplicate, forbidden, invalid, required } from './errors.ts'
import { containerResourceName, quotaResourceName, resourceAmount, resourceName } from './resources.ts'

/** How much a namespace may use, as a whole and in each of its pods, containers and claims. */
export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  const types = (spec?.limits ?? []).map(({ type }) => type)
  return (spec?.limits ?? []).flatMap((item, index) => {
    const path = `spec.limits[${index}]`
    const repeated = types.indexOf(item.type) < index ? [duplicate(`${path}.type`, item.type)] : []
    return [...repeated, ...validateLimits(item, path)]
  })
}

type Amounts = Record<string, string | number>

function validateLimits(item: LimitRangeItem, path: string): FieldError[] {
  const isPod = item.type === 'Pod'
  const { min = {}, max = {}, maxLimitRequestRatio: ratios = {} } = item
  const { default: fallback = {}, defaultRequest = {} } = isPod ? {} : item
  const errors: FieldError[] = []
  for (const name of ['default', 'defaultRequest'] as const) {
    if (isPod && Object.keys(item[name] ?? {}).length > 0) {
      errors.push(forbidden(`${path}.${name}`, "may not be specified when `type` is 'Pod'"))
    }
  }
  if (item.type === 'PersistentVolumeClaim' && min.storage === undefined && max.storage === undefined) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided'
    errors.push(required(`${path}.limits`, detail))
  }
  const all = { min, max, default: fallback, defaultRequest, maxLimitRequestRatio: ratios }
  return [
    ...errors,
    ...Object.entries(all).flatMap(([name, amounts]) => names(amounts, item.type, `${path}.${name}`)),
    ...ordered(min, max, `${path}.min`, 'min value', 'max value', 'low'),
    ...ordered(min, defaultRequest, `${path}.defaultRequest`, 'min value', 'default request value', 'high'),
    ...ordered(defaultRequest, max, `${path}.defaultRequest`, 'default request value', 'max value', 'low'),
    ...ordered(
      defaultRequest,
      fallback,
      `${path}.defaultRequest`,
      'default request value',
      'default limit value',
      'low',
    ),
    ...ordered(min, fallback, `${path}.default`, 'min value', 'default value', 'low'),
    ...ordered(fallback, max, `${path}.default`, 'default value', 'max value', 'high'),
    ...Object.entries(ratios).flatMap(([name, ratio]) =>
      validateRatio(ratio, min[name], max[name], `${path}.maxLimitRequestRatio[${name}]`),
    ),
  ]
}

function names(amounts: Amounts, type: string, path: string): FieldError[] {
  const check = type === 'Pod' || type === 'Container' ? containerResourceName : resourceName
  return Object.keys(amounts).flatMap(name => check(name, `${path}[${name}]`))
}

function ordered(
  low: Amounts,
  high: Amounts,
  path: string,
  lowName: string,
  highName: string,
  shown: 'low' | 'high',
): FieldError[] {
  return Object.keys(low).flatMap(name => {
    const [small, large] = [low[name]!, high[name]]
    if (large === undefined || !isQuantity(small) || !isQuantity(large) || compareQuantity(small, large) <= 0) return []
    const texts = { low: canonicalQuantity(small), high: canonicalQuantity(large) }
    const detail = `${lowName} ${texts.low} is greater than ${highName} ${texts.high}`
    return [invalid(`${path}[${name}]`, texts[shown], detail)]
  })
}

type Amount = string | number

/** By how much a limit may exceed a request: never less than once, never more than the bounds allow. */
function validateRatio(ratio: Amount, min: Amount | undefined, max: Amount | undefined, path: string): FieldError[] {
  if (!isQuantity(ratio)) return []
  const text = canonicalQuantity(ratio)
  const errors = compareQuantity(ratio, 1) < 0 ? [invalid(path, text, `ratio ${text} is less than 1`)] : []
  if (!isQuantity(min) || !isQuantity(max)) return errors
  const most = quantityNumber(max) / quantityNumber(min)
  if (quantityNumber(ratio) <= most) return errors
  return [...errors, invalid(path, text, `ratio ${text} is greater than max/min = ${most.toFixed(6)}`)]
}

const PAIRS = [
  ['BestEffort', 'NotBestEffort'],
  ['Terminating', 'NotTerminating'],
] as const

export function validateQuota({ spec }: ResourceQuota): FieldError[] {
  if (!spec) return []
  const hard = Object.entries(spec.hard ?? {}).flatMap(([name, value]) => [
    ...quotaResourceName(name, `spec.hard[${name}]`),
    ...resourceAmount(name, value, `spec.hard[${name}]`),
  ])
  return [...hard, ...validateScopes(spec), ...validateScopeSelector(spec)]
}

const OF_PODS = ['pods', 'cpu', 'memory', 'requests.cpu', 'requests.memory', 'limits.cpu', 'limits.memory']

/** What a scope can count: pods that ask for nothing can only be counted themselves. */
function counts(scope: string, name: string): boolean {
  if (scope === 'BestEffort') return name === 'pods'
  if (scope === 'VolumeAttributesClass') return ['persistentvolumeclaims', 'requests.storage'].includes(name)
  return OF_PODS.includes(name)
}

function uncounted(spec: ResourceQuotaSpec, scope: string): string[] {
  const standard = Object.keys(spec.hard ?? {}).filter(name => quotaResourceName(name, '').length === 0)
  return standard.filter(name => !name.includes('/') && !counts(scope, name))
}

const SCOPES = [
  ...['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'PriorityClass', 'CrossNamespacePodAffinity'],
  'VolumeAttributesClass',
]

function validateScopes(spec: ResourceQuotaSpec): FieldError[] {
  const scopes = spec.scopes ?? []
  const wrong = (detail: string) => invalid('spec.scopes', scopes, detail)
  return [
    ...scopes.filter(scope => !SCOPES.includes(scope)).map(() => wrong('unsupported scope')),
    ...scopes.flatMap(scope => uncounted(spec, scope).map(() => wrong('unsupported scope applied to resource'))),
    ...PAIRS.filter(pair => pair.every(one => scopes.includes(one))).map(() => wrong('conflicting scopes')),
  ]
}

const ONLY_EXISTS =
  "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, " +
  'ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity'

function validateScopeSelector(spec: ResourceQuotaSpec): FieldError[] {
  const path = 'spec.scopeSelector.matchExpressions'
  const expressions = spec.scopeSelector?.matchExpressions ?? []
  const scopes = expressions.map(({ scopeName }) => scopeName)
  const errors = expressions.flatMap(({ scopeName, operator, values = [] }) => [
    ...(SCOPES.includes(scopeName) ? [] : [invalid(`${path}.scopeName`, scopeName, 'unsupported scope')]),
    ...uncounted(spec, scopeName).map(() => invalid(path, spec.scopeSelector, 'unsupported scope applied to resource')),
    ...(scopeName !== 'PriorityClass' && scopeName !== 'VolumeAttributesClass' && operator !== 'Exists'
      ? [invalid(`${path}.operator`, operator, ONLY_EXISTS)]
      : []),
    ...operands(operator, values, path),
  ])
  const conflicts = PAIRS.filter(pair => pair.every(one => scopes.includes(one)))
  return [...errors, ...conflicts.map(() => invalid(path, scopes, 'conflicting scopes'))]
}

function operands(operator: string, values: readonly string[], path: string): FieldError[] {
  const where = `${path}.values`
  if (operator === 'In' || operator === 'NotIn') {
    const detail = "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector"
    return values.length > 0 ? [] : [required(where, detail)]
  }
  if (operator !== 'Exists' && operator !== 'DoesNotExist') {
    return [invalid(`${path}.operator`, operator, 'not a valid selector operator')]
  }
  const detail = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector"
  return values.length > 0 ? [invalid(where, values, detail)] : []
}

export function validateQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  const sorted = (list: readonly string[] = []) => [...new Set(list)].sort()
  const errors = validateQuota(quota)
  if (deepEqual(sorted(quota.spec?.scopes), sorted(old.spec?.scopes))) return errors
  return [...errors, invalid('spec.scopes', quota.spec?.scopes ?? [], 'field is immutable')]
}
