/**
 * Regular expressions as Go has them (RE2): no back references, so that matching takes time in proportion to the text,
 * whatever the pattern. Users of custom resources choose the texts, and JavaScript's own engine can be made to hang.
 * Here: the pattern as a tree. match.ts runs it.
 */
export type Test = (codePoint: number) => boolean

export type Node =
  | { type: 'one'; test: Test }
  | { type: 'sequence'; nodes: Node[] }
  | { type: 'either'; nodes: Node[] }
  | { type: 'repeat'; node: Node; least: number; most: number; lazy: boolean }
  | { type: 'assert'; what: 'begin' | 'end' | 'lineBegin' | 'lineEnd' | 'word' | 'noWord' }

export class PatternError extends Error {}

interface Flags {
  ignoreCase: boolean
  dotAll: boolean
  multiline: boolean
}

/** More repetitions than these are refused, as Go refuses them. */
const MOST_REPEATS = 1000

/** Groups inside of groups; Go's limit. */
const MOST_GROUPS = 1000

const DIGIT: Test = c => c >= 48 && c <= 57
const WORD: Test = c => DIGIT(c) || (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === 95
const SPACE: Test = c => c === 32 || (c >= 9 && c <= 10) || c === 12 || c === 13
const not =
  (test: Test): Test =>
  c =>
    !test(c)

const CLASSES: Readonly<Record<string, Test>> = {
  ...{ d: DIGIT, w: WORD, s: SPACE, D: not(DIGIT), W: not(WORD), S: not(SPACE) },
}

const ESCAPES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7 }

const ranges =
  (...pairs: [number, number][]): Test =>
  c =>
    pairs.some(([low, high]) => c >= low && c <= high)

const POSIX: Readonly<Record<string, Test>> = {
  alpha: ranges([65, 90], [97, 122]),
  digit: DIGIT,
  alnum: ranges([48, 57], [65, 90], [97, 122]),
  upper: ranges([65, 90]),
  lower: ranges([97, 122]),
  space: ranges([9, 13], [32, 32]),
  punct: ranges([33, 47], [58, 64], [91, 96], [123, 126]),
  xdigit: ranges([48, 57], [65, 70], [97, 102]),
  word: WORD,
  print: ranges([32, 126]),
  graph: ranges([33, 126]),
  cntrl: ranges([0, 31], [127, 127]),
  blank: ranges([9, 9], [32, 32]),
  ascii: ranges([0, 127]),
}

export function parsePattern(pattern: string): Node {
  return new Parser(pattern).parse()
}

class Parser {
  readonly #text: string[]
  #at = 0
  #depth = 0
  #flags: Flags = { ignoreCase: false, dotAll: false, multiline: false }

  constructor(pattern: string) {
    this.#text = [...pattern]
  }

  parse(): Node {
    const node = this.#either()
    if (this.#at < this.#text.length) throw new PatternError('unexpected )')
    return node
  }

  #peek(): string {
    return this.#text[this.#at] ?? ''
  }

  #skip(text: string): boolean {
    if (this.#text.slice(this.#at, this.#at + text.length).join('') !== text) return false
    this.#at += text.length
    return true
  }

  #either(): Node {
    if (++this.#depth > MOST_GROUPS) throw new PatternError('expression nests too deeply')
    const nodes = [this.#sequence()]
    while (this.#skip('|')) nodes.push(this.#sequence())
    this.#depth--
    return nodes.length === 1 ? nodes[0]! : { type: 'either', nodes }
  }

  #sequence(): Node {
    const nodes: Node[] = []
    while (this.#at < this.#text.length && this.#peek() !== '|' && this.#peek() !== ')') {
      nodes.push(this.#repeated(this.#atom()))
    }
    return { type: 'sequence', nodes }
  }

  #repeated(atom: Node): Node {
    let node = atom
    for (let bounds = this.#bounds(); bounds; bounds = this.#bounds()) {
      node = { type: 'repeat', node, least: bounds[0], most: bounds[1], lazy: this.#skip('?') }
    }
    return node
  }

  #bounds(): [number, number] | undefined {
    if (this.#skip('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#skip('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#skip('?')) return [0, 1]
    const match = /^\{(\d+)(,?)(\d*)\}/.exec(this.#text.slice(this.#at, this.#at + 20).join(''))
    if (!match) return undefined
    this.#at += match[0].length
    const least = Number(match[1])
    const most = match[2] === '' ? least : match[3] === '' ? Number.POSITIVE_INFINITY : Number(match[3])
    if (least > MOST_REPEATS || (Number.isFinite(most) && (most > MOST_REPEATS || most < least))) {
      throw new PatternError(`invalid repeat count: \`${match[0]}\``)
    }
    return [least, most]
  }

  #atom(): Node {
    const sign = this.#text[this.#at++]!
    switch (sign) {
      case '(':
        return this.#group()
      case '[':
        return one(this.#folded(this.#set()))
      case '.':
        return one(this.#flags.dotAll ? () => true : c => c !== 10)
      case '^':
        return { type: 'assert', what: this.#flags.multiline ? 'lineBegin' : 'begin' }
      case '$':
        return { type: 'assert', what: this.#flags.multiline ? 'lineEnd' : 'end' }
      case '\\':
        return this.#escape()
      case '*':
      case '+':
      case '?':
        throw new PatternError(`missing argument to repetition operator: \`${sign}\``)
      default:
        return one(this.#folded(exactly(sign.codePointAt(0)!)))
    }
  }

  #group(): Node {
    const outer = this.#flags
    if (this.#skip('?')) {
      const named = /^(P?<\w+>)/.exec(this.#text.slice(this.#at, this.#at + 80).join(''))
      if (named) this.#at += named[0].length
      else if (this.#setFlags()) return { type: 'sequence', nodes: [] }
    }
    const node = this.#either()
    if (!this.#skip(')')) throw new PatternError('missing closing )')
    this.#flags = outer
    return node
  }

  /** `(?i)` for what follows, `(?i:` for a group. Returns whether it was the former. */
  #setFlags(): boolean {
    const match = /^([imsU]*)(?:-([imsU]+))?([:)])/.exec(this.#text.slice(this.#at, this.#at + 12).join(''))
    if (!match) throw new PatternError('invalid or unsupported Perl syntax')
    this.#at += match[0].length
    const [, on = '', off = '', end] = match
    const set = (letter: string, before: boolean) =>
      on.includes(letter) ? true : off.includes(letter) ? false : before
    const { ignoreCase, dotAll, multiline } = this.#flags
    this.#flags = { ignoreCase: set('i', ignoreCase), dotAll: set('s', dotAll), multiline: set('m', multiline) }
    return end === ')'
  }

  #escape(): Node {
    const sign = this.#peek()
    if (sign === 'b' || sign === 'B') {
      this.#at++
      return { type: 'assert', what: sign === 'b' ? 'word' : 'noWord' }
    }
    if (sign === 'A' || sign === 'z') {
      this.#at++
      return { type: 'assert', what: sign === 'A' ? 'begin' : 'end' }
    }
    return one(this.#folded(this.#escaped()))
  }

  /** What a backslash stands for: a class, a sign, a code point. */
  #escaped(): Test {
    const sign = this.#text[this.#at++]
    if (sign === undefined) throw new PatternError('trailing backslash at end of expression')
    if (sign in CLASSES) return CLASSES[sign]!
    if (sign === 'p' || sign === 'P') return this.#unicode(sign === 'P')
    return exactly(this.#code(sign))
  }

  #code(sign: string): number {
    if (sign in ESCAPES) return ESCAPES[sign]!
    if (sign === 'x') {
      const match = /^(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(
        this.#text.slice(this.#at, this.#at + 9).join(''),
      )
      if (!match) throw new PatternError('invalid escape sequence: `\\x`')
      this.#at += match[0].length
      return Number.parseInt(match[1] ?? match[2]!, 16)
    }
    if (/[A-Za-z0-9]/.test(sign)) throw new PatternError(`invalid escape sequence: \`\\${sign}\``)
    return sign.codePointAt(0)!
  }

  #unicode(negated: boolean): Test {
    const match = /^(?:\{(\^?)([A-Za-z_]+)\}|([A-Z]))/.exec(this.#text.slice(this.#at, this.#at + 40).join(''))
    if (!match) throw new PatternError('invalid character class range: `\\p`')
    this.#at += match[0].length
    const name = match[2] ?? match[3]!
    const pattern = unicodeClass(name)
    const test: Test = c => pattern.test(String.fromCodePoint(c))
    return negated !== (match[1] === '^') ? not(test) : test
  }

  #set(): Test {
    const negated = this.#skip('^')
    const tests: Test[] = []
    for (let first = true; first || this.#peek() !== ']'; first = false) {
      if (this.#at >= this.#text.length) throw new PatternError('missing closing ]')
      tests.push(this.#setPart())
    }
    this.#at++
    const any: Test = c => tests.some(test => test(c))
    return negated ? not(any) : any
  }

  #setPart(): Test {
    const posix = /^\[:(\^?)(\w+):\]/.exec(this.#text.slice(this.#at, this.#at + 14).join(''))
    if (posix) {
      const test = POSIX[posix[2]!]
      if (!test) throw new PatternError(`invalid character class range: \`${posix[0]}\``)
      this.#at += posix[0].length
      return posix[1] ? not(test) : test
    }
    const isClass = this.#peek() === '\\' && /[dwsDWSpP]/.test(this.#text[this.#at + 1] ?? '')
    if (isClass) {
      this.#at++
      return this.#escaped()
    }
    const low = this.#setCode()
    if (this.#peek() !== '-' || this.#text[this.#at + 1] === ']') return exactly(low)
    this.#at++
    const high = this.#setCode()
    if (high < low) throw new PatternError('invalid character class range')
    return ranges([low, high])
  }

  #setCode(): number {
    const sign = this.#text[this.#at++]
    if (sign === undefined) throw new PatternError('missing closing ]')
    if (sign !== '\\') return sign.codePointAt(0)!
    const escaped = this.#text[this.#at++]
    if (escaped === undefined) throw new PatternError('trailing backslash at end of expression')
    return this.#code(escaped)
  }

  #folded(test: Test): Test {
    if (!this.#flags.ignoreCase) return test
    return c => {
      const sign = String.fromCodePoint(c)
      return test(c) || test(sign.toLowerCase().codePointAt(0)!) || test(sign.toUpperCase().codePointAt(0)!)
    }
  }
}

function one(test: Test): Node {
  return { type: 'one', test }
}

function exactly(code: number): Test {
  return c => c === code
}

function unicodeClass(name: string): RegExp {
  for (const property of [name, `Script=${name}`]) {
    try {
      return new RegExp(`^\\p{${property}}$`, 'u')
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error
    }
  }
  throw new PatternError(`invalid character class range: \`\\p{${name}}\``)
}

/** Whether a place in a text is such a border. */
export function holds(what: string, signs: number[], at: number): boolean {
  const atWord = (index: number) => index >= 0 && index < signs.length && WORD(signs[index]!)
  switch (what) {
    case 'begin':
      return at === 0
    case 'end':
      return at === signs.length
    case 'lineBegin':
      return at === 0 || signs[at - 1] === 10
    case 'lineEnd':
      return at === signs.length || signs[at] === 10
    default:
      return (atWord(at - 1) !== atWord(at)) === (what === 'word')
  }
}
