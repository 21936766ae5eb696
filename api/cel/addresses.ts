import { isIP } from 'node:net'
import type { Environment } from '@marcbachmann/cel-js'
import { isCidr } from '../validate/addresses.ts'

/** An IP address inside of an expression: its bits as one number. */
class CelIp {
  readonly family: 4 | 6
  readonly bits: bigint

  constructor(family: 4 | 6, bits: bigint) {
    this.family = family
    this.bits = bits
  }

  static parse(text: string): CelIp {
    const family = isPlain(text) ? isIP(text) : 0
    if (family === 4) return new CelIp(4, bitsOf4(text))
    if (family === 6) return new CelIp(6, bitsOf6(text))
    throw new Error(`IP Address ${JSON.stringify(text)} parse error during conversion from string`)
  }

  get text(): string {
    return this.family === 4 ? text4(this.bits) : text6(this.bits)
  }

  /** Whether the first bits are those of `text`. */
  isIn(text: string): boolean {
    return CelCidr.parse(text).contains(this)
  }
}

/** Zones, and IPv4 dressed up as IPv6, are no addresses for Kubernetes. */
function isPlain(text: string): boolean {
  return !text.includes('%') && !/^(0*:)*:?(0*:)*ffff:\d+\.\d+\.\d+\.\d+$/i.test(text)
}

class CelCidr {
  readonly ip: CelIp
  readonly length: number

  constructor(ip: CelIp, length: number) {
    this.ip = ip
    this.length = length
  }

  static parse(text: string): CelCidr {
    if (!isCidr(text)) throw new Error(`CIDR ${JSON.stringify(text)} parse error during conversion from string`)
    const [address = '', length] = text.split('/')
    return new CelCidr(CelIp.parse(address), Number(length))
  }

  get text(): string {
    return `${this.ip.text}/${this.length}`
  }

  get masked(): CelCidr {
    return new CelCidr(new CelIp(this.ip.family, (this.#head(this.ip) << this.#tail) as bigint), this.length)
  }

  contains(ip: CelIp): boolean {
    return ip.family === this.ip.family && this.#head(ip) === this.#head(this.ip)
  }

  containsRange(other: CelCidr): boolean {
    return other.length >= this.length && this.contains(other.ip)
  }

  get #tail(): bigint {
    return BigInt((this.ip.family === 4 ? 32 : 128) - this.length)
  }

  #head(ip: CelIp): bigint {
    return ip.bits >> this.#tail
  }
}

function bitsOf4(text: string): bigint {
  return text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n)
}

function bitsOf6(text: string): bigint {
  const [head = '', tail] = text.replace(/\d+\.\d+\.\d+\.\d+$/, asGroups).split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail ? tail.split(':') : []
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill('0')
  return [...before, ...zeros, ...after].reduce((bits, group) => (bits << 16n) | BigInt(`0x${group}`), 0n)
}

const asGroups = (address: string): string => {
  const bits = bitsOf4(address)
  return `${(bits >> 16n).toString(16)}:${(bits & 0xffffn).toString(16)}`
}

function text4(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map(shift => (bits >> shift) & 255n).join('.')
}

/** The longest run of zeros, the first of equal ones, becomes two colons. */
function text6(bits: bigint): string {
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16))
  const whole = groups.join(':')
  const runs = [...whole.matchAll(/\b0(:0)+\b/g)].sort((a, b) => b[0].length - a[0].length || a.index - b.index)
  const [longest] = runs
  if (!longest) return whole
  const before = whole.slice(0, longest.index).replace(/:$/, '')
  const after = whole.slice(longest.index + longest[0].length).replace(/^:/, '')
  return `${before}::${after}`
}

const LOOPBACK = ['127.0.0.0/8', '::1/128']
const LINK_LOCAL = ['169.254.0.0/16', 'fe80::/10']
const LINK_LOCAL_MULTICAST = ['224.0.0.0/24', 'ff02::/16']
const MULTICAST = ['224.0.0.0/4', 'ff00::/8']
const BROADCAST = ['255.255.255.255/32']

const within = (ranges: readonly string[]) => (ip: CelIp) => ranges.some(range => ip.isIn(range))

/** `ip.isCanonical(text)` is called on this. */
class IpFunctions {}

function parses(parse: () => unknown): boolean {
  try {
    parse()
    return true
  } catch {
    // That it cannot be read is the answer.
    return false
  }
}

export function addAddresses(environment: Environment): void {
  const special = [...LOOPBACK, ...LINK_LOCAL, ...MULTICAST, ...BROADCAST]
  const isGlobal = (ip: CelIp) => ip.bits !== 0n && !within(special)(ip)
  environment
    .registerType('kubernetes.IP', CelIp)
    .registerType('kubernetes.CIDR', CelCidr)
    .registerType('kubernetes.IPFunctions', IpFunctions)
    .registerConstant('ip', 'kubernetes.IPFunctions', new IpFunctions())
    .registerFunction('isIP(string): bool', (text: string) => parses(() => CelIp.parse(text)))
    .registerFunction('ip(string): kubernetes.IP', (text: string) => CelIp.parse(text))
    .registerFunction('kubernetes.IPFunctions.isCanonical(string): bool', (_: unknown, text: string) => {
      return CelIp.parse(text).text === text
    })
    .registerFunction('string(kubernetes.IP): string', (one: CelIp) => one.text)
    .registerFunction('kubernetes.IP.family(): int', (one: CelIp) => BigInt(one.family))
    .registerFunction('kubernetes.IP.isUnspecified(): bool', (one: CelIp) => one.bits === 0n)
    .registerFunction('kubernetes.IP.isLoopback(): bool', within(LOOPBACK))
    .registerFunction('kubernetes.IP.isLinkLocalUnicast(): bool', within(LINK_LOCAL))
    .registerFunction('kubernetes.IP.isLinkLocalMulticast(): bool', within(LINK_LOCAL_MULTICAST))
    .registerFunction('kubernetes.IP.isGlobalUnicast(): bool', isGlobal)
  addRanges(environment)
}

function addRanges(environment: Environment): void {
  environment
    .registerFunction('isCIDR(string): bool', (text: string) => parses(() => CelCidr.parse(text)))
    .registerFunction('cidr(string): kubernetes.CIDR', (text: string) => CelCidr.parse(text))
    .registerFunction('string(kubernetes.CIDR): string', (one: CelCidr) => one.text)
    .registerFunction('kubernetes.CIDR.containsIP(string): bool', (one: CelCidr, text: string) => {
      return one.contains(CelIp.parse(text))
    })
    .registerFunction('kubernetes.CIDR.containsIP(kubernetes.IP): bool', (one: CelCidr, ip: CelIp) => one.contains(ip))
    .registerFunction('kubernetes.CIDR.containsCIDR(string): bool', (one: CelCidr, text: string) => {
      return one.containsRange(CelCidr.parse(text))
    })
    .registerFunction('kubernetes.CIDR.containsCIDR(kubernetes.CIDR): bool', (one: CelCidr, other: CelCidr) => {
      return one.containsRange(other)
    })
    .registerFunction('kubernetes.CIDR.ip(): kubernetes.IP', (one: CelCidr) => one.ip)
    .registerFunction('kubernetes.CIDR.masked(): kubernetes.CIDR', (one: CelCidr) => one.masked)
    .registerFunction('kubernetes.CIDR.prefixLength(): int', (one: CelCidr) => BigInt(one.length))
}
