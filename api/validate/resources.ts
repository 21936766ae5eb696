import type { FieldError } from '../kind.ts'
import { isQualifiedName } from '../names.ts'
import { canonicalQuantity, compareQuantity, isQuantity, parseQuantity } from '../quantity.ts'
import type { ResourceRequirements } from '../types/core-v1.ts'
import { forbidden, invalid, required } from './errors.ts'

/** Names and amounts of resources: which name may stand where, and which amounts are no whole numbers. */
const OF_CONTAINERS = new Set(['cpu', 'memory', 'ephemeral-storage'])

const QUOTA_ONLY = [
  ...['requests.cpu', 'requests.memory', 'requests.storage', 'requests.ephemeral-storage'],
  ...['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'],
]

const COUNTED = [
  ...['pods', 'resourcequotas', 'services', 'replicationcontrollers', 'secrets', 'configmaps'],
  ...['persistentvolumeclaims', 'services.nodeports', 'services.loadbalancers'],
]

const OF_QUOTAS = new Set([...OF_CONTAINERS, ...QUOTA_ONLY, ...COUNTED])
const STANDARD = new Set([...OF_QUOTAS, 'storage'])

const isHugePages = (name: string) => name.startsWith('hugepages-')
const isNative = (name: string) => !name.includes('/') || name.split('/')[0]!.endsWith('kubernetes.io')

/** Made by a device plugin: `example.com/gpu`. */
function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && isQualifiedName(`requests.${name}`).length === 0
}

/** More than there is may only be promised of what the kernel can share out. */
const mayOvercommit = (name: string) => isNative(name) && !isHugePages(name)

export function resourceName(name: string, path: string): FieldError[] {
  const problems = isQualifiedName(name)
  if (problems.length > 0) return problems.map(problem => invalid(path, name, problem))
  if (name.includes('/') || STANDARD.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')) return []
  return [invalid(path, name, 'must be a standard resource type or fully qualified')]
}

export function containerResourceName(name: string, path: string): FieldError[] {
  const errors = resourceName(name, path)
  if (!name.includes('/')) {
    if (OF_CONTAINERS.has(name) || isHugePages(name)) return errors
    return [...errors, invalid(path, name, 'must be a standard resource for containers')]
  }
  if (isNative(name) || isExtended(name)) return errors
  return [...errors, invalid(path, name, "doesn't follow extended resource name standard")]
}

export function quotaResourceName(name: string, path: string): FieldError[] {
  const errors = resourceName(name, path)
  const isKnown = OF_QUOTAS.has(name) || isHugePages(name) || name.startsWith('requests.hugepages-')
  return name.includes('/') || isKnown
    ? errors
    : [...errors, invalid(path, name, 'must be a standard resource for quota')]
}

/** Devices and objects are counted in whole numbers. */
export function resourceAmount(name: string, value: string | number, path: string): FieldError[] {
  if (!isQuantity(value)) return [invalid(path, value, 'must be a quantity')]
  const { nano } = parseQuantity(value)
  const errors = nano < 0n ? [invalid(path, canonicalQuantity(value), 'must be greater than or equal to 0')] : []
  const isWhole = nano % 1_000_000_000n === 0n
  const isCounted = COUNTED.includes(name) || isExtended(name)
  return isWhole || !isCounted ? errors : [...errors, invalid(path, canonicalQuantity(value), 'must be an integer')]
}

type Amounts = Record<string, string | number>
type NameCheck = (name: string, path: string) => FieldError[]

function namedAmounts(amounts: Amounts, path: string, nameCheck: NameCheck): FieldError[] {
  return Object.entries(amounts).flatMap(([name, value]) => {
    const where = `${path}[${name}]`
    return [...nameCheck(name, where), ...resourceAmount(name, value, where), ...wholePages(name, value, where)]
  })
}

/** Huge pages come whole. */
function wholePages(name: string, value: string | number, path: string): FieldError[] {
  if (!isHugePages(name) || !isQuantity(value)) return []
  const size = name.slice('hugepages-'.length)
  const page = isQuantity(size) ? parseQuantity(size).nano : 0n
  if (page > 0n && parseQuantity(value).nano % page === 0n) return []
  const text = canonicalQuantity(value)
  return [invalid(path, text, `${text} is not positive integer multiple of ${name}`)]
}

export function validateContainerResources({ limits = {}, requests = {} }: ResourceRequirements, path: string) {
  const names = [...Object.keys(limits), ...Object.keys(requests)]
  const errors = [
    ...namedAmounts(limits, `${path}.limits`, containerResourceName),
    ...namedAmounts(requests, `${path}.requests`, containerResourceName),
    ...Object.entries(requests).flatMap(([name, value]) => withinLimit(name, value, limits[name], path)),
  ]
  if (names.some(isHugePages) && !names.includes('cpu') && !names.includes('memory')) {
    errors.push(forbidden(path, 'HugePages require cpu or memory'))
  }
  return errors
}

function withinLimit(name: string, value: string | number, limit: string | number | undefined, path: string) {
  const overcommits = mayOvercommit(name)
  if (limit === undefined) {
    return overcommits ? [] : [required(`${path}.limits`, 'Limit must be set for non overcommitable resources')]
  }
  if (!isQuantity(value) || !isQuantity(limit)) return []
  const order = compareQuantity(value, limit)
  const wrong = (relation: string) =>
    invalid(
      `${path}.requests`,
      canonicalQuantity(value),
      `must be ${relation} ${name} limit of ${canonicalQuantity(limit)}`,
    )
  if (order !== 0 && !overcommits) return [wrong('equal to')]
  return order > 0 ? [wrong('less than or equal to')] : []
}
