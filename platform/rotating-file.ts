import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { basename, dirname, extname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import type { Clock } from './clock.ts'
import { errorCode } from './disk.ts'
import type { Log } from './log.ts'

export interface Rotation {
  /** When it would grow beyond this it begins anew. */
  largestBytes: number
  /** How many of the older ones are kept, and for how long; 0: all, for ever. */
  mostKept: number
  longestKeptMs: number
  /** Whether the older ones are packed by gzip. */
  packed: boolean
}

const READABLE_BY_US = 0o600

/**
 * A file of lines that never grows too large: it is renamed after the time (`audit-2026-01-31T09-00-00.000.log`) and begun
 * anew. A line is in the page cache when `write` returns, and whatever went wrong is thrown.
 */
export class RotatingFile {
  readonly #path: string
  readonly #rotation: Rotation
  readonly #clock: Clock
  readonly #log: Log
  #file: number | undefined
  #size: number
  #packing: Promise<void> = Promise.resolve()

  constructor(path: string, rotation: Rotation, around: { clock: Clock; log: Log }) {
    this.#path = path
    this.#rotation = rotation
    this.#clock = around.clock
    this.#log = around.log
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    this.#file = openSync(path, 'a', READABLE_BY_US)
    this.#size = fstatSync(this.#file).size
  }

  write(line: string): void {
    if (this.#file === undefined) throw new Error(`${this.#path} is closed`)
    const bytes = Buffer.from(`${line}\n`)
    const isFull = this.#size > 0 && this.#size + bytes.length > this.#rotation.largestBytes
    const file = isFull ? this.#rotate(this.#file) : this.#file
    for (let done = 0; done < bytes.length; ) {
      const written = writeSync(file, bytes, done)
      done += written
      this.#size += written
    }
  }

  /** Resolves when nothing is being packed any more. */
  async close(): Promise<void> {
    if (this.#file !== undefined) closeSync(this.#file)
    this.#file = undefined
    await this.#packing
  }

  #rotate(full: number): number {
    if (existsSync(this.#path)) renameSync(this.#path, this.#nameOfOlder())
    const file = openSync(this.#path, 'a', READABLE_BY_US)
    closeSync(full)
    this.#file = file
    this.#size = fstatSync(file).size
    this.#packing = this.#packing.then(() => this.#tidy())
    return file
  }

  /** Two in the same millisecond must not overwrite one another. */
  #nameOfOlder(): string {
    for (let at = this.#clock.now(); ; at++) {
      const name = olderName(this.#path, at)
      if (!existsSync(name) && !existsSync(`${name}${PACKED}`)) return name
    }
  }

  /** What fails here is told only: the file itself is well. */
  async #tidy(): Promise<void> {
    try {
      const { kept, dropped } = decideKept(
        readdirSync(dirname(this.#path)),
        this.#path,
        this.#rotation,
        this.#clock.now(),
      )
      for (const name of dropped) rmSync(join(dirname(this.#path), name), { force: true })
      if (!this.#rotation.packed) return
      for (const name of kept.filter(one => !one.endsWith(PACKED))) await pack(join(dirname(this.#path), name))
    } catch (error) {
      this.#log.warn('Older files could not be packed or removed', { path: this.#path, code: errorCode(error), error })
    }
  }
}

const PACKED = '.gz'

/** Packed aside first, so that half of one is never taken for the whole. */
async function pack(path: string): Promise<void> {
  const aside = `${path}${PACKED}.tmp`
  await pipeline(createReadStream(path), createGzip(), createWriteStream(aside, { mode: READABLE_BY_US }))
  renameSync(aside, `${path}${PACKED}`)
  rmSync(path)
}

function olderName(path: string, at: number): string {
  const ending = extname(path)
  const time = new Date(at).toISOString().replaceAll(':', '-').replace('Z', '')
  return join(dirname(path), `${basename(path, ending)}-${time}${ending}`)
}

/** Which of the names in its folder are older ones of the file at `path`, and which of them have had their time. */
export function decideKept(
  names: readonly string[],
  path: string,
  { mostKept, longestKeptMs }: Pick<Rotation, 'mostKept' | 'longestKeptMs'>,
  now: number,
): { kept: string[]; dropped: string[] } {
  const older = names
    .flatMap(name => {
      const at = timeOf(name, path)
      return at === undefined ? [] : [{ name, at }]
    })
    .sort((a, b) => b.at - a.at)
  const isKept = (at: number, index: number) =>
    (mostKept === 0 || index < mostKept) && (longestKeptMs === 0 || now - at <= longestKeptMs)
  return {
    kept: older.filter(({ at }, index) => isKept(at, index)).map(({ name }) => name),
    dropped: older.filter(({ at }, index) => !isKept(at, index)).map(({ name }) => name),
  }
}

/** When a file was put aside, told from its name; undefined where it is none of ours. */
function timeOf(name: string, path: string): number | undefined {
  const ending = extname(path)
  const stem = `${basename(path, ending)}-`
  const plain = name.endsWith(PACKED) ? name.slice(0, -PACKED.length) : name
  if (!plain.startsWith(stem) || !plain.endsWith(ending)) return undefined
  const time = plain.slice(stem.length, plain.length - ending.length)
  const [, day, hours, minutes, rest] = /^(\d{4}-\d{2}-\d{2})T(\d{2})-(\d{2})-(\d{2}\.\d{3})$/.exec(time) ?? []
  const at = Date.parse(`${day}T${hours}:${minutes}:${rest}Z`)
  return Number.isNaN(at) ? undefined : at
}
