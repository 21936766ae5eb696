import type { FieldError } from '../kind.ts'
import { isConfigKey, isQualifiedName } from '../names.ts'
import { compareQuantity } from '../quantity.ts'
import type {
  ConfigMap,
  Event,
  LimitRange,
  LimitRangeItem,
  Namespace,
  Node,
  ResourceQuota,
  Secret,
} from '../types/core-v1.ts'
import { deepEqual } from '../values.ts'
import { duplicates, qualified } from './checks.ts'
import { forbidden, invalid, required, tooLong } from './errors.ts'
import { immutable } from './meta.ts'

/** One mebibyte: what the store takes well. */
const LARGEST_DATA = 1024 * 1024

const base64Length = (text: string) => Math.floor((text.replace(/=+$/, '').length * 3) / 4)

export function validateConfigMap({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const both = Object.keys(data).filter(key => key in binaryData)
  const errors = both.map(key => invalid(`data[${key}]`, key, 'duplicate of key present in binaryData'))
  const texts = Object.values(data).reduce((sum, value) => sum + Buffer.byteLength(value), 0)
  const size = Object.values(binaryData).reduce((sum, value) => sum + base64Length(value), texts)
  return size > LARGEST_DATA ? [...errors, tooLong('', LARGEST_DATA)] : errors
}

const FROZEN = 'field is immutable when `immutable` is set'

function frozen<T extends { immutable?: boolean }>(
  object: T,
  old: T,
  names: readonly (keyof T & string)[],
): FieldError[] {
  if (!old.immutable) return []
  const changed = names.filter(name => !deepEqual(object[name], old[name]))
  const errors = changed.map(name => forbidden(name, FROZEN))
  return object.immutable ? errors : [forbidden('immutable', FROZEN), ...errors]
}

export function validateConfigMapUpdate(object: ConfigMap, old: ConfigMap): FieldError[] {
  return [...validateConfigMap(object), ...frozen(object, old, ['data', 'binaryData'])]
}

const ACCOUNT = 'kubernetes.io/service-account.name'

/** Keys that a secret of a known type must have. */
const SECRET_KEYS: Readonly<Record<string, readonly string[]>> = {
  'kubernetes.io/dockercfg': ['.dockercfg'],
  'kubernetes.io/dockerconfigjson': ['.dockerconfigjson'],
  'kubernetes.io/ssh-auth': ['ssh-privatekey'],
  'kubernetes.io/tls': ['tls.crt', 'tls.key'],
}

export function validateSecret({ metadata, type = '', data = {} }: Secret): FieldError[] {
  const size = Object.values(data).reduce((sum, value) => sum + base64Length(value), 0)
  const errors: FieldError[] = size > LARGEST_DATA ? [tooLong('data', LARGEST_DATA)] : []
  for (const key of SECRET_KEYS[type] ?? []) if (data[key] === undefined) errors.push(required(`data[${key}]`))
  if (type === 'kubernetes.io/basic-auth' && data.username === undefined && data.password === undefined) {
    errors.push(required('data[username]'), required('data[password]'))
  }
  if (type === 'kubernetes.io/service-account-token' && !metadata?.annotations?.[ACCOUNT]) {
    errors.push(required(`metadata.annotations[${ACCOUNT}]`))
  }
  for (const key of ['.dockercfg', '.dockerconfigjson'].filter(one => SECRET_KEYS[type]?.includes(one) && data[one])) {
    if (!isJson(Buffer.from(data[key]!, 'base64').toString()))
      errors.push(invalid(`data[${key}]`, '<secret contents redacted>', 'invalid character'))
  }
  return errors
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    // That it is none is the answer.
    return false
  }
}

export function validateSecretUpdate(object: Secret, old: Secret): FieldError[] {
  return [...validateSecret(object), ...immutable(object.type, old.type, 'type'), ...frozen(object, old, ['data'])]
}

export function validateNamespace({ spec }: Namespace): FieldError[] {
  return (spec?.finalizers ?? []).flatMap((name, index) => {
    const path = `spec.finalizers[${index}]`
    const problems = isQualifiedName(name).map(problem => invalid(path, name, problem))
    const plain = !name.includes('/') && name !== 'kubernetes' && name !== 'orphan' && name !== 'foregroundDeletion'
    return plain
      ? [...problems, invalid(path, name, 'name is neither a standard finalizer name nor is it fully qualified')]
      : problems
  })
}

export function validateNode({ spec }: Node): FieldError[] {
  const key = ({ key, effect }: { key: string; effect: string }) => `{${key} ${effect}}`
  return duplicates(spec?.taints ?? [], 'spec.taints', '', key)
}

/** Where a node's pods have their addresses never changes; nor does what made it. */
export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = validateNode(node)
  for (const name of ['podCIDRs', 'providerID'] as const) {
    const before = old.spec?.[name]
    const isSet = Array.isArray(before) ? before.length > 0 : Boolean(before)
    if (isSet && !deepEqual(node.spec?.[name], before)) {
      errors.push(forbidden(`spec.${name}`, 'node updates may not change it except from "" to valid'))
    }
  }
  return errors
}

export function validateLimitRange({ spec }: LimitRange): FieldError[] {
  return (spec?.limits ?? []).flatMap((item, index) => validateLimits(item, `spec.limits[${index}]`))
}

type Amounts = Record<string, string | number>

function validateLimits(item: LimitRangeItem, path: string): FieldError[] {
  const { min = {}, max = {}, default: fallback = {}, defaultRequest = {} } = item
  const errors: FieldError[] = []
  if (item.type === 'Pod' && item.default)
    errors.push(forbidden(`${path}.default`, "may not be specified when `type` is 'Pod'"))
  if (item.type === 'Pod' && item.defaultRequest) {
    errors.push(forbidden(`${path}.defaultRequest`, "may not be specified when `type` is 'Pod'"))
  }
  return [
    ...errors,
    ...ordered(min, max, `${path}.min`, 'min value', 'max value'),
    ...ordered(min, defaultRequest, `${path}.defaultRequest`, 'min value', 'default request value'),
    ...ordered(defaultRequest, max, `${path}.defaultRequest`, 'default request value', 'max value'),
    ...ordered(defaultRequest, fallback, `${path}.defaultRequest`, 'default request value', 'default limit value'),
    ...ordered(fallback, max, `${path}.default`, 'default value', 'max value'),
  ]
}

function ordered(low: Amounts, high: Amounts, path: string, lowName: string, highName: string): FieldError[] {
  const names = Object.keys(low).filter(
    name => high[name] !== undefined && compareQuantity(low[name]!, high[name]!) > 0,
  )
  return names.map(name => {
    const detail = `${lowName} ${low[name]} is greater than ${highName} ${high[name]}`
    return invalid(`${path}[${name}]`, String(low[name]), detail)
  })
}

export function validateQuota({ spec }: ResourceQuota): FieldError[] {
  return Object.keys(spec?.hard ?? {}).flatMap(name => {
    const path = `spec.hard[${name}]`
    return name.includes('/') ? qualified(name, path) : isConfigKey(name).map(problem => invalid(path, name, problem))
  })
}

export function validateQuotaUpdate(quota: ResourceQuota, old: ResourceQuota): FieldError[] {
  return [...validateQuota(quota), ...immutable(quota.spec?.scopes ?? [], old.spec?.scopes ?? [], 'spec.scopes')]
}

/** An event stands in the namespace of what it is about; what has none is spoken of in `default`. */
export function validateEvent({ metadata, involvedObject }: Event): FieldError[] {
  const about = involvedObject?.namespace ?? ''
  const own = metadata?.namespace ?? ''
  if (about === own || (about === '' && (own === 'default' || own === 'kube-system'))) return []
  return [invalid('involvedObject.namespace', about, 'does not match event.namespace')]
}
