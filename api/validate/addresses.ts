import { isIP } from 'node:net'
import type { FieldError } from '../kind.ts'
import { isAddress } from '../names.ts'
import { invalid } from './errors.ts'

export const address = (value: string, path: string): FieldError[] =>
  isAddress(value).map(problem => invalid(path, value, problem))

export const addresses = (values: string[], path: string): FieldError[] =>
  values.flatMap((value, index) => address(value, `${path}[${index}]`))

export function isCidr(value: string): boolean {
  const [ip = '', bits = '', more] = value.split('/')
  const family = isIP(ip)
  return more === undefined && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128)
}

export const cidr = (value: string, path: string): FieldError[] =>
  isCidr(value) ? [] : [invalid(path, value, 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)')]

export const cidrs = (values: string[], path: string): FieldError[] =>
  values.flatMap((value, index) => cidr(value, `${path}[${index}]`))
