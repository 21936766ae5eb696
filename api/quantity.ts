/**
 * Amounts of resources, exact: `100m`, `1.5Gi`, `2e3`. A quantity is a whole number of nano-units and a suffix family,
 * so that it prints as it was meant: 1Gi stays binary, 1000m becomes 1.
 */
export type QuantityFormat = 'DecimalSI' | 'BinarySI' | 'DecimalExponent'

export interface ParsedQuantity {
  /** In billionths. */
  nano: bigint
  format: QuantityFormat
}

const NANO = 1_000_000_000n

const DECIMAL: readonly [suffix: string, nano: bigint][] = [
  ['n', 1n],
  ['u', 1_000n],
  ['m', 1_000_000n],
  ['', NANO],
  ['k', NANO * 10n ** 3n],
  ['M', NANO * 10n ** 6n],
  ['G', NANO * 10n ** 9n],
  ['T', NANO * 10n ** 12n],
  ['P', NANO * 10n ** 15n],
  ['E', NANO * 10n ** 18n],
]

const BINARY: readonly [suffix: string, nano: bigint][] = [
  ['', NANO],
  ['Ki', NANO << 10n],
  ['Mi', NANO << 20n],
  ['Gi', NANO << 30n],
  ['Ti', NANO << 40n],
  ['Pi', NANO << 50n],
  ['Ei', NANO << 60n],
]

const FACTORS = new Map([...DECIMAL, ...BINARY])

const QUANTITY_PATTERN = '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'
const SHAPE = /^([+-]?)([0-9]*)(?:\.([0-9]*))?(?:([eE])([+-]?[0-9]{1,3})|([a-zA-Z]*))$/

/** Longer ones are refused: nobody means them, and they would take long. */
const MAX_LENGTH = 128

/** The largest amount there is; more is the same as this. */
const LARGEST = ((1n << 63n) - 1n) * NANO

export class QuantityError extends Error {}

const wrongShape = () => new QuantityError(`quantities must match the regular expression '${QUANTITY_PATTERN}'`)

const cache = new Map<string, ParsedQuantity>()

/** Throws QuantityError for what is none. */
export function parseQuantity(value: string | number): ParsedQuantity {
  const text = String(value)
  const known = cache.get(text)
  if (known) return known
  const parsed = parse(text)
  if (cache.size > 2000) cache.clear()
  cache.set(text, parsed)
  return parsed
}

function parse(text: string): ParsedQuantity {
  const match = text.length <= MAX_LENGTH ? SHAPE.exec(text) : null
  if (!match) throw wrongShape()
  const [, sign, whole = '', fraction = '', exponentMark, exponent, suffix = ''] = match
  if (whole === '' && fraction === '') throw wrongShape()
  const digits = BigInt(`${whole}${fraction}`)
  const power = exponentMark ? Number(exponent) : 0
  const factor = exponentMark ? NANO : FACTORS.get(suffix)
  if (factor === undefined) throw new QuantityError("unable to parse quantity's suffix")
  const magnitude = capped(scaled(digits * factor, power - fraction.length))
  const format = exponentMark ? 'DecimalExponent' : suffix.endsWith('i') ? 'BinarySI' : 'DecimalSI'
  return { nano: sign === '-' ? -magnitude : magnitude, format }
}

/** Times a power of ten; what is smaller than a billionth is rounded up, away from zero. */
function scaled(value: bigint, power: number): bigint {
  if (power >= 0) return value * 10n ** BigInt(power)
  return ceilDivide(value, 10n ** BigInt(-power))
}

function capped(value: bigint): bigint {
  return value > LARGEST ? LARGEST : value
}

function ceilDivide(value: bigint, divisor: bigint): bigint {
  return value % divisor === 0n || value < 0n ? value / divisor : value / divisor + 1n
}

export function isQuantity(value: unknown): value is string | number {
  if (typeof value !== 'string' && typeof value !== 'number') return false
  try {
    parseQuantity(value)
    return true
  } catch (error) {
    if (error instanceof QuantityError) return false
    throw error
  }
}

/** As Kubernetes writes it: the largest suffix of its family that leaves a whole number. */
export function formatQuantity({ nano, format }: ParsedQuantity): string {
  if (nano === 0n) return '0'
  const magnitude = nano < 0n ? -nano : nano
  const text = format === 'DecimalExponent' ? exponentText(magnitude) : suffixText(magnitude, format)
  return nano < 0n ? `-${text}` : text
}

function suffixText(magnitude: bigint, format: QuantityFormat): string {
  // Less than 1024 or not whole: a binary amount is written as a decimal one.
  const binary = format === 'BinarySI' && magnitude >= 1024n * NANO && magnitude % NANO === 0n
  const units = binary ? BINARY : DECIMAL
  const fits = units.findLast(([, factor]) => magnitude % factor === 0n)
  const [suffix, factor] = fits ?? ['n', 1n]
  return `${magnitude / factor}${suffix}`
}

function exponentText(magnitude: bigint): string {
  const index = DECIMAL.findLastIndex(([, factor]) => magnitude % factor === 0n)
  const power = (index - 3) * 3
  const digits = magnitude / DECIMAL[index]![1]
  return power === 0 ? `${digits}` : `${digits}e${power}`
}

export function canonicalQuantity(value: string | number): string {
  return formatQuantity(parseQuantity(value))
}

/** Negative, zero or positive, as the first is smaller, equal or larger. */
export function compareQuantity(a: string | number, b: string | number): number {
  const [left, right] = [parseQuantity(a).nano, parseQuantity(b).nano]
  return left < right ? -1 : left > right ? 1 : 0
}

export function isZeroQuantity(value: string | number): boolean {
  return parseQuantity(value).nano === 0n
}

/** The sum, in the family of the first (of the second when the first is 0). */
export function addQuantity(a: string | number, b: string | number): string {
  const [left, right] = [parseQuantity(a), parseQuantity(b)]
  return formatQuantity({ nano: left.nano + right.nano, format: left.nano === 0n ? right.format : left.format })
}

export function subtractQuantity(a: string | number, b: string | number): string {
  const [left, right] = [parseQuantity(a), parseQuantity(b)]
  return formatQuantity({ nano: left.nano - right.nano, format: left.nano === 0n ? right.format : left.format })
}

/** In whole units, rounded up: bytes, cores. */
export function quantityValue(value: string | number): number {
  return Number(ceilDivide(parseQuantity(value).nano, NANO))
}

/** In thousandths, rounded up: the unit of CPU. */
export function quantityMilli(value: string | number): number {
  return Number(ceilDivide(parseQuantity(value).nano, 1_000_000n))
}

/** As a fraction: what tools like the garbage collector's thresholds compute with. */
export function quantityNumber(value: string | number): number {
  return Number(parseQuantity(value).nano) / 1e9
}
