import { type Component, type Flags, manifestPath } from './manifests.ts'
import { UserError } from './output.ts'

export type FlagType = 'text' | 'number' | 'boolean' | 'list' | 'map' | 'duration'

/**
 * The flags of a component, by their Kubernetes names. A string instead of a type: the flag is accepted because manifests
 * of other clusters have it, and has no effect here for that reason.
 */
export type FlagTable = Readonly<Record<string, FlagType | { ignored: string }>>

/** As Go's flags may be written. */
const BOOLEANS: Readonly<Record<string, boolean>> = {
  ...Object.fromEntries(['1', 't', 'T', 'TRUE', 'true', 'True'].map(text => [text, true])),
  ...Object.fromEntries(['0', 'f', 'F', 'FALSE', 'false', 'False'].map(text => [text, false])),
}

/** Typed access to a component's flags; every mistake names the file and the flag. */
export class FlagReader {
  readonly #flags: Flags
  readonly #where: string

  constructor(flags: Flags, table: FlagTable, where: string) {
    this.#flags = flags
    this.#where = where
    for (const name of flags.keys()) if (!table[name]) throw this.#unknown(name, table)
  }

  static forComponent(component: Component, flags: Flags, table: FlagTable, directory: string): FlagReader {
    return new FlagReader(flags, table, manifestPath(directory, component))
  }

  text(name: string): string | undefined {
    return this.#flags.get(name)
  }

  number(name: string): number | undefined {
    const text = this.#flags.get(name)
    if (text === undefined) return undefined
    if (!/^-?\d+(\.\d+)?$/.test(text)) throw this.#invalid(name, text, 'a number')
    return Number(text)
  }

  boolean(name: string): boolean | undefined {
    const text = this.#flags.get(name)
    if (text === undefined) return undefined
    if (!Object.hasOwn(BOOLEANS, text)) throw this.#invalid(name, text, 'true or false')
    return BOOLEANS[text]
  }

  list(name: string): string[] | undefined {
    return this.#flags
      .get(name)
      ?.split(',')
      .map(part => part.trim())
      .filter(part => part !== '')
  }

  /** Go's form, `1h30m`, in milliseconds. */
  duration(name: string): number | undefined {
    const text = this.#flags.get(name)
    if (text === undefined) return undefined
    const milliseconds = parseDuration(text)
    if (milliseconds === undefined) throw this.#invalid(name, text, 'a duration such as 30s or 5m')
    return milliseconds
  }

  #invalid(name: string, text: string, wanted: string): UserError {
    return new UserError(`${this.#where}: --${name}=${text} must be ${wanted}`)
  }

  #unknown(name: string, table: FlagTable): UserError {
    const near = Object.keys(table).filter(known => distance(known, name) <= 3)
    const hint =
      near.length > 0 ? `did you mean --${near.join(' or --')}?` : `known flags: ${Object.keys(table).join(', ')}`
    return new UserError(`${this.#where}: unknown flag --${name}`, hint)
  }
}

const UNITS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export function parseDuration(text: string): number | undefined {
  if (text === '0') return 0
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/gy)]
  const consumed = parts.reduce((length, [whole]) => length + whole.length, 0)
  if (parts.length === 0 || consumed !== text.length) return undefined
  return parts.reduce((sum, [, value, unit]) => sum + Number(value) * UNITS[unit!]!, 0)
}

/** Levenshtein distance: how many letters were mistyped. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j]! + 1, next[j - 1]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    }
    row = next
  }
  return row[b.length]!
}
