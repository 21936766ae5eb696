import { addressAt, contains, parseRange } from '../addresses.ts'
import type { FieldError } from '../kind.ts'
import { isAddress } from '../names.ts'
import { invalid } from './errors.ts'

export const address = (value: string, path: string): FieldError[] =>
  isAddress(value).map(problem => invalid(path, value, problem))

/** An address that others can reach: not the machine's own, not the link's. */
export function ordinaryAddress(value: string, path: string): FieldError[] {
  const errors = address(value, path)
  if (errors.length > 0) return errors
  const found = SPECIAL.find(([pattern]) => pattern.test(value.toLowerCase()))
  return found ? [invalid(path, value, found[1].replace('%', value))] : []
}

const SPECIAL: readonly [RegExp, string][] = [
  [/^(0\.0\.0\.0|::|(0+:){7}0+)$/, 'may not be unspecified (%)'],
  [/^(127\.|::1$|(0+:){7}0*1$)/, 'may not be in the loopback range (127.0.0.0/8, ::1/128)'],
  [/^(169\.254\.|fe[89ab])/, 'may not be in the link-local range (169.254.0.0/16, fe80::/10)'],
  [/^(224\.0\.0\.|ff02:)/, 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)'],
]

export function isCidr(value: string): boolean {
  return parseRange(value) !== undefined && value.split('/').length === 2
}

/** Whether one range is a part of another, and not all of it. */
export function isInside(inner: string, outer: string): boolean {
  const [part, whole] = [parseRange(inner), parseRange(outer)]
  return part !== undefined && whole !== undefined && part.size < whole.size && contains(whole, addressAt(part, 0n))
}

export const cidr = (value: string, path: string): FieldError[] =>
  isCidr(value) ? [] : [invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]

export const cidrs = (values: string[], path: string): FieldError[] =>
  values.flatMap((value, index) => cidr(value, `${path}[${index}]`))
