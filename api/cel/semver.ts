import type { Environment } from '@marcbachmann/cel-js'

const NUMBER = '(0|[1-9]\\d*)'
const PART = '(?:0|[1-9]\\d*|\\d*[a-zA-Z-][0-9a-zA-Z-]*)'
const VERSION = new RegExp(
  `^${NUMBER}\\.${NUMBER}\\.${NUMBER}(?:-(${PART}(?:\\.${PART})*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?$`,
)

/** A version as semver.org says. */
class Semver {
  readonly numbers: readonly [bigint, bigint, bigint]
  /** `rc.1`: before the release itself. */
  readonly pre: readonly string[]

  constructor(text: string) {
    const match = VERSION.exec(text)
    if (!match) throw new Error(`${JSON.stringify(text)} is no semantic version`)
    this.numbers = [BigInt(match[1]!), BigInt(match[2]!), BigInt(match[3]!)]
    this.pre = match[4]?.split('.') ?? []
  }
}

/** `v1.02` is 1.2.0 to those who are generous. */
function normalized(text: string): string {
  const match = /^v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?=[-+]|$)/.exec(text)
  if (!match) return text
  const numbers = match.slice(1, 4).map(number => (number ?? '0').replace(/^0+(?=\d)/, ''))
  return numbers.join('.') + text.slice(match[0].length)
}

function isSemver(text: string): boolean {
  return VERSION.test(text)
}

function compareSemver(a: Semver, b: Semver): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index]!
    if (number !== other) return number < other ? -1 : 1
  }
  if (a.pre.length === 0 || b.pre.length === 0) return b.pre.length === a.pre.length ? 0 : a.pre.length === 0 ? 1 : -1
  return comparePre(a.pre, b.pre)
}

function comparePre(a: readonly string[], b: readonly string[]): number {
  for (const [index, part] of a.entries()) {
    const other = b[index]
    if (other === undefined) return 1
    if (part !== other) return comparePart(part, other)
  }
  return a.length === b.length ? 0 : -1
}

/** Numbers come before words, and are compared as numbers. */
function comparePart(a: string, b: string): number {
  const [isNumber, otherIsNumber] = [/^\d+$/.test(a), /^\d+$/.test(b)]
  if (isNumber && otherIsNumber) return BigInt(a) < BigInt(b) ? -1 : 1
  if (isNumber !== otherIsNumber) return isNumber ? -1 : 1
  return a < b ? -1 : 1
}

export function addSemver(environment: Environment): void {
  const kind = 'kubernetes.Semver'
  environment
    .registerType(kind, Semver)
    .registerFunction('isSemver(string): bool', isSemver)
    .registerFunction('isSemver(string, bool): bool', (text: string, generous: boolean) =>
      isSemver(generous ? normalized(text) : text),
    )
    .registerFunction(`semver(string): ${kind}`, (text: string) => new Semver(text))
    .registerFunction(`semver(string, bool): ${kind}`, (text: string, generous: boolean) => {
      return new Semver(generous ? normalized(text) : text)
    })
    .registerFunction(`${kind}.major(): int`, ({ numbers }: Semver) => numbers[0])
    .registerFunction(`${kind}.minor(): int`, ({ numbers }: Semver) => numbers[1])
    .registerFunction(`${kind}.patch(): int`, ({ numbers }: Semver) => numbers[2])
    .registerFunction(`${kind}.compareTo(${kind}): int`, (a: Semver, b: Semver) => BigInt(compareSemver(a, b)))
    .registerFunction(`${kind}.isGreaterThan(${kind}): bool`, (a: Semver, b: Semver) => compareSemver(a, b) > 0)
    .registerFunction(`${kind}.isLessThan(${kind}): bool`, (a: Semver, b: Semver) => compareSemver(a, b) < 0)
}
