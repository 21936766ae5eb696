import { badRequest } from '../errors.ts'

/** What a text says, and which keys it says twice: the last of them holds. */
export interface ParsedText {
  value: unknown
  /** `duplicate field "spec.replicas"`, in Kubernetes' words. */
  duplicates: string[]
}

/** Deeper than any object there is; what walks objects may recurse. */
const MAX_DEPTH = 500

export function parseJson(body: Uint8Array): ParsedText {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const keysInText = measure(body)
  const value = parse(text)
  const duplicates = countKeys(value) === keysInText ? [] : new DuplicateFinder(text).find()
  return { value, duplicates }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw badRequest(`couldn't get version/kind; json parse error: ${syntaxProblem(text, error)}`)
  }
}

/** Go's two usual sentences; where the place is unknown, those of our own parser. */
function syntaxProblem(text: string, error: SyntaxError): string {
  if (/Unexpected end|Unterminated/.test(error.message)) return 'unexpected end of JSON input'
  const position = /at position (\d+)/.exec(error.message)?.[1]
  const character = position === undefined ? undefined : text[Number(position)]
  return character === undefined ? error.message : `invalid character '${character}' looking for beginning of value`
}

const [QUOTE, BACKSLASH, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST] = [34, 92, 58, 123, 125, 91, 93]

/** Counts the keys of a JSON text and refuses what is nested too deep, before anything recurses into it. */
function measure(body: Uint8Array): number {
  let keys = 0
  let depth = 0
  for (let i = 0; i < body.length; i++) {
    const byte = body[i]
    if (byte === QUOTE) i = endOfString(body, i)
    else if (byte === COLON) keys++
    else if (byte === OPEN || byte === OPEN_LIST) {
      if (++depth > MAX_DEPTH) throw badRequest('exceeded max depth')
    } else if (byte === CLOSE || byte === CLOSE_LIST) depth--
  }
  return keys
}

function endOfString(body: Uint8Array, start: number): number {
  let i = start + 1
  while (i < body.length && body[i] !== QUOTE) i += body[i] === BACKSLASH ? 2 : 1
  return i
}

function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += countKeys(item)
    return count
  }
  for (const key in value) count += 1 + countKeys((value as Record<string, unknown>)[key])
  return count
}

/** Walks a text that is known to be JSON and notes the keys that an object has twice. Used only when there are some. */
class DuplicateFinder {
  readonly #text: string
  readonly #found: string[] = []
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  find(): string[] {
    this.#value('')
    return this.#found
  }

  #skipSpace(): void {
    while (' \t\r\n,:'.includes(this.#text[this.#at] ?? 'x')) this.#at++
  }

  #value(path: string): void {
    this.#skipSpace()
    const start = this.#text[this.#at]
    if (start === '{') this.#object(path)
    else if (start === '[') this.#list(path)
    else if (start === '"') this.#string()
    else while (!' \t\r\n,:]}'.includes(this.#text[this.#at] ?? ' ')) this.#at++
  }

  #object(path: string): void {
    const seen = new Set<string>()
    this.#at++
    for (this.#skipSpace(); this.#text[this.#at] !== '}'; this.#skipSpace()) {
      const key = this.#string()
      const where = path === '' ? key : `${path}.${key}`
      if (seen.has(key)) this.#found.push(`duplicate field ${JSON.stringify(where)}`)
      seen.add(key)
      this.#value(where)
    }
    this.#at++
  }

  #list(path: string): void {
    this.#at++
    let index = 0
    for (this.#skipSpace(); this.#text[this.#at] !== ']'; this.#skipSpace()) this.#value(`${path}[${index++}]`)
    this.#at++
  }

  #string(): string {
    const start = this.#at++
    while (this.#text[this.#at] !== '"') this.#at += this.#text[this.#at] === '\\' ? 2 : 1
    this.#at++
    return JSON.parse(this.#text.slice(start, this.#at))
  }
}
