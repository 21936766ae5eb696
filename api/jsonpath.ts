/**
 * JSONPath as printer columns and field selectors of custom resources use it: `.spec.replicas`, `.items[0].name`,
 * `.status.conditions[?(@.type=="Ready")].status`, `['a.b']`, `[*]`, `..name`. A path is compiled once.
 */
export type JsonPath = (value: unknown) => unknown[]

export class JsonPathError extends Error {}

type Step = (value: unknown) => unknown[]

/** Around braces and a leading `$` may stand, as kubectl writes paths. */
export function compileJsonPath(text: string): JsonPath {
  const inner = text
    .trim()
    .replace(/^\{(.*)\}$/s, '$1')
    .replace(/^[$@]/, '')
  const steps = new PathParser(inner).steps()
  return value => steps.reduce<unknown[]>((values, step) => values.flatMap(step), [value])
}

const NAME = /[^.[\]\s'"()?@=<>!,]+/y
const INDEX = /\[\s*(-?\d+)\s*\]/y
const SLICE = /\[\s*(-?\d*)\s*:\s*(-?\d*)\s*\]/y
const QUOTED = /\[\s*(?:'((?:\\.|[^'\\])*)'|"((?:\\.|[^"\\])*)")\s*\]/y
const STAR = /\[\s*\*\s*\]/y
const FILTER = /\[\s*\?\(\s*@?([^=<>!\s]*)\s*(?:(==|!=|<=|>=|<|>)\s*(?:"([^"]*)"|'([^']*)'|([^\s)]+)))?\s*\)\s*\]/y

class PathParser {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  steps(): Step[] {
    const steps: Step[] = []
    while (this.#at < this.#text.length) steps.push(this.#step())
    return steps
  }

  #take(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (!match) return undefined
    this.#at = pattern.lastIndex
    return match
  }

  #step(): Step {
    if (this.#text.startsWith('..', this.#at)) {
      this.#at += 2
      const name = this.#take(NAME)
      return name ? everywhere(unescaped(name[0])) : this.#fail()
    }
    if (this.#text[this.#at] === '.') this.#at++
    if (this.#at === this.#text.length) return value => [value]
    return this.#bracket() ?? this.#name()
  }

  #name(): Step {
    const name = this.#take(/(?:\\.|[^.[\]\s'"()?@=<>!,\\])+/y)
    if (!name) return this.#fail()
    return name[0] === '*' ? everyValue : property(unescaped(name[0]))
  }

  #bracket(): Step | undefined {
    const index = this.#take(INDEX)
    if (index) return element(Number(index[1]))
    const quoted = this.#take(QUOTED)
    if (quoted) return property(unescaped(quoted[1] ?? quoted[2] ?? ''))
    if (this.#take(STAR)) return everyValue
    const slice = this.#take(SLICE)
    if (slice) return part(slice[1] ?? '', slice[2] ?? '')
    const filter = this.#take(FILTER)
    return filter ? matching(filter) : undefined
  }

  #fail(): never {
    throw new JsonPathError(`invalid JSONPath ${JSON.stringify(this.#text)} at character ${this.#at + 1}`)
  }
}

/** `a\.b` is a name with a dot in it. */
function unescaped(name: string): string {
  return name.replace(/\\(.)/g, '$1')
}

function property(name: string): Step {
  return value => {
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    return isObject && Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : []
  }
}

function element(index: number): Step {
  return value => {
    const found = Array.isArray(value) ? value.at(index) : undefined
    return found === undefined ? [] : [found]
  }
}

function part(start: string, end: string): Step {
  return value => (Array.isArray(value) ? value.slice(Number(start), end === '' ? undefined : Number(end)) : [])
}

const everyValue: Step = value => (typeof value === 'object' && value !== null ? Object.values(value) : [])

function everywhere(name: string): Step {
  const own = property(name)
  const search: Step = value => [...own(value), ...everyValue(value).flatMap(search)]
  return search
}

/** Elements for which `@.path == value` holds, or that have a value at the path. */
function matching([, path = '', operator, double, single, bare]: RegExpExecArray): Step {
  const read = compileJsonPath(path)
  const wanted = double ?? single ?? literal(bare ?? '')
  const holds = (value: unknown) => {
    const [found] = read(value)
    return operator ? compares(found, operator, wanted) : found !== undefined
  }
  return value => (Array.isArray(value) ? value.filter(holds) : [])
}

function literal(text: string): unknown {
  if (text === 'true' || text === 'false') return text === 'true'
  return text !== '' && !Number.isNaN(Number(text)) ? Number(text) : text
}

function compares(found: unknown, operator: string, wanted: unknown): boolean {
  if (operator === '==') return found === wanted
  if (operator === '!=') return found !== wanted
  if (typeof found !== typeof wanted || found === undefined) return false
  const [left, right] = [found as number, wanted as number]
  if (operator === '<') return left < right
  if (operator === '>') return left > right
  return operator === '<=' ? left <= right : left >= right
}
