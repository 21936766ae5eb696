import type { Environment } from '@marcbachmann/cel-js'
import { compilePattern, patternProblem } from '../regex/pattern.ts'
import { spend } from './budget.ts'

/** The name that `matches` gets: the library's own runs patterns on an engine that texts can make hang. */
export const LINEAR_MATCHES = 'matchesInLinearTime'

export function addStrings(environment: Environment): void {
  environment
    .registerFunction(`string.${LINEAR_MATCHES}(string): bool`, matches)
    .registerFunction('string.charAt(int): string', charAt)
    .registerFunction('string.replace(string, string): string', (text: string, from: string, to: string) => {
      return text.replaceAll(from, () => to)
    })
    .registerFunction('string.reverse(): string', (text: string) => [...text].reverse().join(''))
    .registerFunction('string.format(list): string', formatText)
    .registerFunction(
      'string.find(string): string',
      (text: string, pattern: string) => found(text, pattern, 1)[0] ?? '',
    )
    .registerFunction('string.findAll(string): list<string>', (text: string, pattern: string) => found(text, pattern))
    .registerFunction('string.findAll(string, int): list<string>', (text: string, pattern: string, most: bigint) =>
      found(text, pattern, most < 0n ? undefined : Number(most)),
    )
    .registerType('kubernetes.Strings', Strings)
    .registerConstant('strings', 'kubernetes.Strings', new Strings())
    .registerFunction('kubernetes.Strings.quote(string): string', (_: Strings, text: string) => JSON.stringify(text))
}

/** Right behind the last sign there is none, which is no fault yet. */
function charAt(text: string, at: bigint): string {
  const signs = [...text]
  if (at < 0n || at > signs.length) throw new Error(`index out of range: ${at}`)
  return signs[Number(at)] ?? ''
}

/** What `strings.quote` is called on. */
class Strings {}

function matches(text: string, pattern: string): boolean {
  return ready(text, pattern).test(text)
}

function found(text: string, pattern: string, most = Number.POSITIVE_INFINITY): string[] {
  return ready(text, pattern).find(text, most)
}

function ready(text: string, pattern: string) {
  spend(1 + (text.length * pattern.length) / 40)
  const problem = patternProblem(pattern)
  if (problem) throw new Error(`invalid pattern: ${problem}`)
  return compilePattern(pattern)
}

/** `"%s has %d".format([name, count])` */
function formatText(template: string, values: readonly unknown[]): string {
  let next = 0
  return template.replace(/%(?:\.(\d+))?(.?)/gs, (sign, precision: string | undefined, verb: string) => {
    if (verb === '%') return '%'
    const write = VERBS[verb]
    if (!write) throw new Error(`unrecognized formatting clause ${JSON.stringify(sign)}`)
    if (next >= values.length) throw new Error(`index ${next} out of range`)
    return write(values[next++], precision === undefined ? 6 : Math.min(Number(precision), 20))
  })
}

const VERBS: Readonly<Record<string, (value: unknown, precision: number) => string>> = {
  s: shown,
  d: value => String(whole(value)),
  f: (value, precision) => Number(value).toFixed(precision),
  e: (value, precision) => Number(value).toExponential(precision),
  b: value => (typeof value === 'boolean' ? String(Number(value)) : whole(value).toString(2)),
  o: value => whole(value).toString(8),
  x: hexadecimal,
  X: value => hexadecimal(value).toUpperCase(),
}

function whole(value: unknown): bigint {
  if (typeof value === 'bigint') return value
  throw new Error('integer clause can only be used on integers')
}

function hexadecimal(value: unknown): string {
  return typeof value === 'string' ? Buffer.from(value).toString('hex') : whole(value).toString(16)
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value
  if (value instanceof Date) return value.toISOString()
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`
  if (typeof value !== 'object' || value === null) return String(value)
  return `{${Object.entries(value)
    .map(([key, inner]) => `${key}: ${shown(inner)}`)
    .join(', ')}}`
}
