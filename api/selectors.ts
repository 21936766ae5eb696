import { isLabelValue, isQualifiedName } from './names.ts'
import type { LabelSelector } from './types/meta-v1.ts'

/** Label and field selectors, as text in a query and as objects in specs. Throws SelectorError for what is none. */
export class SelectorError extends Error {}

export type LabelOperator = 'in' | 'notin' | 'exists' | 'absent' | 'gt' | 'lt'

export interface LabelRequirement {
  key: string
  operator: LabelOperator
  values: readonly string[]
}

type Labels = Readonly<Record<string, string>>

export function matchesLabels(requirements: readonly LabelRequirement[], labels: Labels = {}): boolean {
  return requirements.every(requirement => meets(requirement, labels))
}

function meets({ key, operator, values }: LabelRequirement, labels: Labels): boolean {
  const has = Object.hasOwn(labels, key)
  const value = labels[key]!
  switch (operator) {
    case 'exists':
      return has
    case 'absent':
      return !has
    case 'in':
      return has && values.includes(value)
    case 'notin':
      return !has || !values.includes(value)
    default:
      return has && compareIntegers(operator, value, values[0]!)
  }
}

const INTEGER = /^[-+]?\d+$/

function compareIntegers(operator: 'gt' | 'lt', value: string, bound: string): boolean {
  if (!INTEGER.test(value)) return false
  return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound)
}

const OPERATORS: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: 'absent',
}

/** The selector of a spec. None at all selects nothing; an empty one everything. */
function selectorRequirements(selector: LabelSelector | undefined): LabelRequirement[] | undefined {
  if (!selector) return undefined
  const equal = Object.entries(selector.matchLabels ?? {}).map(([key, value]): LabelRequirement => {
    return { key, operator: 'in', values: [value] }
  })
  const rules = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }): LabelRequirement => {
    const known = OPERATORS[operator]
    if (!known) throw new SelectorError(`${JSON.stringify(operator)} is not a valid label selector operator`)
    return { key, operator: known, values }
  })
  return [...equal, ...rules]
}

/** Whether a spec's selector selects these labels. */
export function selects(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  const requirements = selectorRequirements(selector)
  return requirements !== undefined && matchesLabels(requirements, labels)
}

const TOKENS = /\s*(==|!=|[=,()!<>]|[^\s=,()!<>]+)/y
const WORDS = new Set(['in', 'notin'])
const SYMBOLS = new Set(['==', '!=', '=', ',', '(', ')', '!', '<', '>'])

/** `app=web,tier in (a,b),!old`: the requirements of a query's labelSelector. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  return new LabelParser(tokenize(text)).requirements()
}

function tokenize(text: string): string[] {
  const tokens: string[] = []
  TOKENS.lastIndex = 0
  for (let match = TOKENS.exec(text); match; match = TOKENS.exec(text)) tokens.push(match[1]!)
  return tokens
}

function isIdentifier(token: string): boolean {
  return token !== '' && !SYMBOLS.has(token) && !WORDS.has(token)
}

class LabelParser {
  readonly #tokens: string[]
  #next = 0

  constructor(tokens: string[]) {
    this.#tokens = tokens
  }

  requirements(): LabelRequirement[] {
    const found: LabelRequirement[] = []
    while (this.#peek() !== '') {
      if (!isIdentifier(this.#peek()) && this.#peek() !== '!') {
        throw this.#unexpected(", expected: !, identifier, or 'end of string'")
      }
      found.push(this.#requirement())
      if (this.#peek() === '') break
      if (this.#take() !== ',') throw this.#unexpected(", expected: ',' or 'end of string'", -1)
      if (!isIdentifier(this.#peek()) && this.#peek() !== '!') {
        throw this.#unexpected(", expected: identifier after ','")
      }
    }
    return found
  }

  #peek(): string {
    return this.#tokens[this.#next] ?? ''
  }

  #take(): string {
    return this.#tokens[this.#next++] ?? ''
  }

  #unexpected(rest: string, offset = 0): SelectorError {
    return new SelectorError(`unable to parse requirement: found '${this.#tokens[this.#next + offset] ?? ''}'${rest}`)
  }

  #requirement(): LabelRequirement {
    const negated = this.#peek() === '!'
    if (negated) this.#take()
    const key = this.#take()
    if (!isIdentifier(key)) throw this.#unexpected(', expected: identifier', -1)
    checkKey(key)
    if (negated) return { key, operator: 'absent', values: [] }
    if (this.#peek() === '' || this.#peek() === ',') return { key, operator: 'exists', values: [] }
    return this.#comparison(key)
  }

  #comparison(key: string): LabelRequirement {
    const operator = this.#take()
    switch (operator) {
      case 'in':
      case 'notin':
        return { key, operator, values: checkValues(key, this.#valueList()) }
      case '=':
      case '==':
        return { key, operator: 'in', values: checkValues(key, [this.#value()]) }
      case '!=':
        return { key, operator: 'notin', values: checkValues(key, [this.#value()]) }
      case '>':
      case '<':
        return { key, operator: operator === '>' ? 'gt' : 'lt', values: [checkInteger(this.#value())] }
      default:
        throw this.#unexpected(', expected: in, notin, =, ==, !=, gt, lt', -1)
    }
  }

  /** The value of `a=`: nothing, or a word (`in` too). */
  #value(): string {
    const token = this.#peek()
    if (token === '' || token === ',') return ''
    if (SYMBOLS.has(token)) throw this.#unexpected(', expected: identifier')
    return this.#take()
  }

  #valueList(): string[] {
    if (this.#take() !== '(') throw this.#unexpected(", expected: '('", -1)
    const values: string[] = []
    for (;;) {
      const token = this.#take()
      if (token === ')' || token === ',') values.push('')
      else if (token !== '' && !SYMBOLS.has(token)) values.push(token)
      else throw this.#unexpected(", expected: ',', ')' or identifier", -1)
      const end = token === ')' || token === ',' ? token : this.#take()
      if (end === ')') return values
      if (end !== ',') throw this.#unexpected(", expected: ',' or ')'", -1)
    }
  }
}

function checkKey(key: string): void {
  const [problem] = isQualifiedName(key)
  if (problem) {
    throw new SelectorError(`unable to parse requirement: <nil>: Invalid value: ${JSON.stringify(key)}: ${problem}`)
  }
}

function checkValues(key: string, values: string[]): string[] {
  values.forEach((value, index) => {
    const [problem] = isLabelValue(value)
    if (!problem) return
    const where = `values[${index}][${key}]`
    throw new SelectorError(
      `unable to parse requirement: ${where}: Invalid value: ${JSON.stringify(value)}: ${problem}`,
    )
  })
  return values
}

function checkInteger(value: string): string {
  if (INTEGER.test(value)) return value
  const problem = "for 'Gt', 'Lt' operators, the value must be an integer"
  throw new SelectorError(`unable to parse requirement: values[0]: Invalid value: ${JSON.stringify(value)}: ${problem}`)
}

export interface FieldRequirement {
  field: string
  equal: boolean
  value: string
}

/** `status.phase!=Failed,spec.nodeName=a`; a backslash keeps `,`, `=` and itself from being read as signs. */
export function parseFieldSelector(text: string): FieldRequirement[] {
  return splitUnescaped(text).map(parseField)
}

function splitUnescaped(text: string): string[] {
  const terms = text.match(/(?:\\.|[^\\,])+/gs) ?? []
  return terms.filter(term => term !== '')
}

function parseField(term: string): FieldRequirement {
  const match = /^((?:\\.|[^\\=!])*)(!=|==|=)(.*)$/s.exec(term)
  if (!match) throw new SelectorError(`invalid selector: '${term}'; can't understand '${term}'`)
  const [, field = '', operator, value = ''] = match
  return { field, equal: operator !== '!=', value: unescaped(value) }
}

function unescaped(value: string): string {
  return value.replace(/\\(.?)|[=]/gs, (sign, escaped: string | undefined) => {
    if (escaped === undefined) throw new SelectorError(`invalid field selector: unescaped character in value: ${sign}`)
    if (escaped === '\\' || escaped === ',' || escaped === '=') return escaped
    throw new SelectorError(`invalid field selector: invalid escape sequence: ${sign}`)
  })
}

/** `read` gives the value of a field; '' when the object has none. */
export function matchesFields(requirements: readonly FieldRequirement[], read: (field: string) => string): boolean {
  return requirements.every(({ field, equal, value }) => (read(field) === value) === equal)
}

/** Throws for a field that the kind does not offer. */
export function checkFields(requirements: readonly FieldRequirement[], known: (field: string) => boolean): void {
  for (const { field } of requirements) {
    if (!known(field)) throw new SelectorError(`field label not supported: ${field}`)
  }
}
