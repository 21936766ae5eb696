import type { FieldError } from '../kind.ts'
import { isLabelValue, isQualifiedName } from '../names.ts'
import type { ConfigMap, Event, Namespace, Node, Secret, Taint } from '../types/core-v1.ts'
import { deepEqual } from '../values.ts'
import { oneOf } from './checks.ts'
import { duplicate, forbidden, invalid, required, tooLong } from './errors.ts'
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
  const isMissing = (key: string) => (key === 'ssh-privatekey' ? !data[key] : data[key] === undefined)
  for (const key of (SECRET_KEYS[type] ?? []).filter(isMissing)) errors.push(required(`data[${key}]`))
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

/** Taints are told apart by key and effect. */
export function validateNode({ spec }: Node): FieldError[] {
  const { taints = [], podCIDRs = [] } = spec ?? {}
  const key = ({ key, effect }: Taint) => `${key}:${effect}`
  const keys = taints.map(key)
  const repeated = taints.flatMap((taint, index): FieldError[] =>
    keys.indexOf(key(taint)) < index
      ? [{ ...duplicate(`metadata.taints[${index}]`, taint), detail: 'taints must be unique by key and effect pair' }]
      : [],
  )
  return [
    ...taints.flatMap((taint, index) => taintFaults(taint, `metadata.taints[${index}]`)),
    ...repeated,
    ...ranges(podCIDRs),
  ]
}

function taintFaults({ key = '', value = '', effect }: Taint, path: string): FieldError[] {
  return [
    ...isQualifiedName(key).map(problem => invalid(`${path}.key`, key, problem)),
    ...isLabelValue(value).map(problem => invalid(`${path}.value`, value, problem)),
    ...(effect
      ? oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute')(effect, `${path}.effect`)
      : [required(`${path}.effect`)]),
  ]
}

function ranges(cidrs: string[]): FieldError[] {
  const families = cidrs.map(one => one.includes(':'))
  if (cidrs.length < 2 || (cidrs.length === 2 && families[0] !== families[1])) return []
  const repeated = cidrs.flatMap((one, index) =>
    cidrs.indexOf(one) < index ? [duplicate(`spec.podCIDRs[${index}]`, one)] : [],
  )
  return [invalid('spec.podCIDRs', cidrs, 'may specify no more than one CIDR for each IP family'), ...repeated]
}

/** Where a node's pods have their addresses never changes; nor does what made it. */
export function validateNodeUpdate(node: Node, old: Node): FieldError[] {
  const errors = validateNode(node)
  for (const name of ['podCIDRs', 'providerID'] as const) {
    const before = old.spec?.[name]
    const isSet = Array.isArray(before) ? before.length > 0 : Boolean(before)
    if (isSet && !deepEqual(node.spec?.[name], before)) {
      const what = name === 'podCIDRs' ? 'podCIDR' : name
      errors.push(forbidden(`spec.${name}`, `node updates may not change ${what} except from "" to valid`))
    }
  }
  return errors
}

/** An event stands in the namespace of what it is about; what has none is spoken of in `default`. */
export function validateEvent({ metadata, involvedObject }: Event): FieldError[] {
  const about = involvedObject?.namespace ?? ''
  const own = metadata?.namespace ?? ''
  if (about === own || (about === '' && (own === 'default' || own === 'kube-system'))) return []
  return [invalid('involvedObject.namespace', about, 'does not match event.namespace')]
}
