import { isIP } from 'node:net'
import { parseDuration } from '../duration.ts'
import { isCidr } from '../validate/addresses.ts'

const DATE = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/
const DATE_TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/
const HEX = '[0-9a-fA-F]'
const UUID = new RegExp(`^${HEX}{8}-?${HEX}{4}-?${HEX}{4}-?${HEX}{4}-?${HEX}{12}$`)

/** Formats that Kubernetes checks in custom resources; any other word means nothing. */
const FORMATS: Readonly<Record<string, (value: string) => boolean>> = {
  'date-time': value => DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
  datetime: value => DATE_TIME.test(value) && !Number.isNaN(Date.parse(value)),
  date: value => DATE.test(value),
  duration: value => parseDuration(value) !== undefined,
  byte: value => BASE64.test(value),
  ipv4: value => isIP(value) === 4,
  ipv6: value => isIP(value) === 6,
  ip: value => isIP(value) !== 0,
  cidr: isCidr,
  uri: value => URL.canParse(value),
  email: value => value.length <= 320 && /^[^\s@]+@[^\s@]+$/.test(value),
  hostname: value => value.length <= 253 && /^[A-Za-z0-9]([-A-Za-z0-9.]*[A-Za-z0-9])?$/.test(value),
  mac: value => /^(?:[0-9a-fA-F]{2}[:-]){5}[0-9a-fA-F]{2}$/.test(value),
  uuid: value => UUID.test(value),
  uuid3: value => UUID.test(value),
  uuid4: value => UUID.test(value),
  uuid5: value => UUID.test(value),
  hexcolor: value => /^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$/.test(value),
}

export function isOfFormat(value: string, format: string): boolean {
  return FORMATS[format]?.(value) ?? true
}
