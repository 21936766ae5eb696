import { isIP } from 'node:net'

/** Address arithmetic, for both families alike: an address is a number, a range is where it begins and how long it is. */
export type Family = 'IPv4' | 'IPv6'

export interface AddressRange {
  family: Family
  first: bigint
  size: bigint
}

export function familyOf(address: string): Family | undefined {
  const version = isIP(address)
  return version === 4 ? 'IPv4' : version === 6 ? 'IPv6' : undefined
}

/** `10.96.0.0/12`; undefined for what is no range. */
export function parseRange(text: string): AddressRange | undefined {
  const [address = '', length = ''] = text.split('/')
  const family = familyOf(address)
  if (!family || !/^\d{1,3}$/.test(length)) return undefined
  const hostBits = (family === 'IPv4' ? 32 : 128) - Number(length)
  if (hostBits < 0) return undefined
  const size = 1n << BigInt(hostBits)
  return { family, first: (toNumber(address) / size) * size, size }
}

export function contains(range: AddressRange, address: string): boolean {
  if (familyOf(address) !== range.family) return false
  const offset = toNumber(address) - range.first
  return offset >= 0n && offset < range.size
}

/** The address `offset` places after the beginning of the range. */
export function addressAt(range: AddressRange, offset: bigint): string {
  return range.family === 'IPv4' ? formatV4(range.first + offset) : formatV6(range.first + offset)
}

function toNumber(address: string): bigint {
  if (isIP(address) === 4) return address.split('.').reduce((sum, part) => (sum << 8n) | BigInt(part), 0n)
  const [head = '', tail] = address.split('::')
  const left = groupsOf(head)
  const right = tail === undefined ? [] : groupsOf(tail)
  const zeros = Array<number>(Math.max(0, 8 - left.length - right.length)).fill(0)
  return [...left, ...zeros, ...right].reduce((sum, group) => (sum << 16n) | BigInt(group), 0n)
}

function groupsOf(text: string): number[] {
  return text.split(':').flatMap(part => {
    if (part === '') return []
    if (!part.includes('.')) return [Number.parseInt(part, 16)]
    const four = Number(toNumber(part))
    return [four >>> 16, four & 0xffff]
  })
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => String((value >> shift) & 255n)).join('.')
}

/** The shortest form, as RFC 5952 wants it: the longest run of zeros becomes `::`. */
function formatV6(value: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => Number((value >> BigInt(112 - 16 * index)) & 0xffffn))
  const run = longestZeros(groups)
  const hex = (part: number[]) => part.map(group => group.toString(16)).join(':')
  return run.length < 2
    ? hex(groups)
    : `${hex(groups.slice(0, run.start))}::${hex(groups.slice(run.start + run.length))}`
}

function longestZeros(groups: number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}
