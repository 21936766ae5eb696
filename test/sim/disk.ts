import { dirname } from 'node:path'
import type { Disk, DiskFile } from '../../platform/disk.ts'
import type { Life, World } from './world.ts'

const SECTOR = 512

type Change = { at: number; data: Uint8Array } | { truncate: number }

/** A file's content as programs see it, and what of it would survive a power cut. */
class Inode {
  cached = Buffer.alloc(0)
  durable = Buffer.alloc(0)
  unsynced: Change[] = []

  /** Every sector of what was not synced may have reached the disk or not, in any order. */
  crash(survives: () => boolean): void {
    for (const change of this.unsynced) {
      for (const part of inSectors(change)) if (survives()) this.durable = applied(this.durable, part)
    }
    this.unsynced = []
    this.cached = Buffer.from(this.durable)
  }

  sync(): void {
    for (const change of this.unsynced) this.durable = applied(this.durable, change)
    this.unsynced = []
  }

  change(change: Change): void {
    this.cached = applied(this.cached, change)
    this.unsynced.push(change)
  }
}

function applied(content: Buffer, change: Change): Buffer<ArrayBuffer> {
  const size = 'truncate' in change ? change.truncate : Math.max(content.length, change.at + change.data.length)
  const result = size === content.length ? (content as Buffer<ArrayBuffer>) : Buffer.alloc(size)
  if (result !== content) content.copy(result, 0, 0, size)
  if ('data' in change) result.set(change.data, change.at)
  return result
}

function inSectors(change: Change): Change[] {
  if ('truncate' in change) return [change]
  const parts: Change[] = []
  for (let from = 0; from < change.data.length; ) {
    const to = Math.min(change.data.length, from + SECTOR - ((change.at + from) % SECTOR))
    parts.push({ at: change.at + from, data: change.data.subarray(from, to) })
    from = to
  }
  return parts
}

type NameChange = { directory: string; apply: (names: Map<string, Inode>, directories: Set<string>) => void }

/** What is on a member's disk, across its lives, and how the disk misbehaves at the moment. */
export class Platter {
  names = new Map<string, Inode>()
  directories = new Set<string>()
  #durableNames = new Map<string, Inode>()
  #durableDirectories = new Set<string>()
  #unsyncedNames: NameChange[] = []
  capacity = Number.POSITIVE_INFINITY
  /** Milliseconds that a sync takes at most. */
  slowness = 2
  /** So many of the next syncs fail. */
  failingSyncs = 0
  /** The process dies at the so-manieth boundary (before or after an operation takes effect) from now. */
  boundariesToCrash = Number.POSITIVE_INFINITY

  rename(change: NameChange): void {
    change.apply(this.names, this.directories)
    this.#unsyncedNames.push(change)
  }

  syncDirectory(directory: string): void {
    const now = this.#unsyncedNames.filter(change => change.directory === directory)
    for (const change of now) change.apply(this.#durableNames, this.#durableDirectories)
    this.#unsyncedNames = this.#unsyncedNames.filter(change => change.directory !== directory)
  }

  /** The power goes. Names come back in the order in which they were changed, as from a journal, up to some point. */
  powerCut(world: World): void {
    const kept = Math.floor(world.random.next() * (this.#unsyncedNames.length + 1))
    for (const change of this.#unsyncedNames.slice(0, kept)) change.apply(this.#durableNames, this.#durableDirectories)
    this.#unsyncedNames = []
    const odds = world.pick([0, 0.5, 0.9, 1])
    for (const inode of new Set([...this.names.values(), ...this.#durableNames.values()])) {
      inode.crash(() => world.chance(odds))
    }
    for (const path of this.#durableNames.keys()) {
      if (!this.#durableDirectories.has(dirname(path))) this.#durableNames.delete(path)
    }
    this.names = new Map(this.#durableNames)
    this.directories = new Set(this.#durableDirectories)
  }

  get used(): number {
    return [...this.names.values()].reduce((sum, inode) => sum + inode.cached.length, 0)
  }

  open(path: string): Inode {
    const inode = this.names.get(path)
    if (!inode) throw failure('ENOENT', `no such file: ${path}`)
    return inode
  }

  create(path: string): Inode {
    if (!this.directories.has(dirname(path))) throw failure('ENOENT', `no such directory: ${dirname(path)}`)
    const inode = new Inode()
    this.rename({ directory: dirname(path), apply: names => names.set(path, inode) })
    return inode
  }

  flipBit(path: string, offset: number, bit: number): void {
    const inode = this.open(path)
    inode.durable[offset]! ^= 1 << bit
    inode.cached = Buffer.from(inode.durable)
  }
}

function failure(code: string, message: string): Error {
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

/** The disk as one life of a process sees it. */
export class SimDisk implements Disk {
  readonly #world: World
  readonly #platter: Platter
  readonly #life: Life
  readonly #die: () => void

  constructor(world: World, platter: Platter, life: Life, die: () => void) {
    this.#world = world
    this.#platter = platter
    this.#life = life
    this.#die = die
  }

  async open(path: string, options: { create?: boolean } = {}): Promise<DiskFile> {
    const exists = this.#platter.names.has(path)
    if (exists || !options.create) return new SimFile(this, this.#platter, this.#platter.open(path))
    return this.operate(0, () => new SimFile(this, this.#platter, this.#platter.create(path)))
  }

  async read(path: string): Promise<Uint8Array> {
    return Buffer.from(this.#platter.open(path).cached)
  }

  async list(directory: string): Promise<string[]> {
    const paths = [...this.#platter.names.keys()].filter(path => dirname(path) === directory)
    return paths.map(path => path.slice(directory.length + 1)).sort()
  }

  makeDirectory(path: string): Promise<void> {
    return this.operate(0, () => {
      for (let at = path; at !== '/' && !this.#platter.directories.has(at); at = dirname(at)) {
        const made = at
        this.#platter.rename({ directory: dirname(made), apply: (_, directories) => directories.add(made) })
      }
    })
  }

  rename(from: string, to: string): Promise<void> {
    return this.operate(0.1, () => {
      const inode = this.#platter.open(from)
      const apply: NameChange['apply'] = names => {
        names.delete(from)
        names.set(to, inode)
      }
      this.#platter.rename({ directory: dirname(to), apply })
    })
  }

  remove(path: string): Promise<void> {
    return this.operate(0, () => {
      if (!this.#platter.names.has(path)) return
      this.#platter.rename({ directory: dirname(path), apply: names => names.delete(path) })
    })
  }

  syncDirectory(path: string): Promise<void> {
    return this.operate(this.#platter.slowness, () => this.#platter.syncDirectory(path))
  }

  /** Anything that changes the disk: takes its time, and may be where the process dies. */
  async operate<T>(ms: number, effect: () => T): Promise<T> {
    this.#boundary()
    if (!this.#life.alive) return never()
    if (ms > 0) await this.#world.sleep(this.#world.between(ms / 10, ms), this.#life)
    if (!this.#life.alive) return never()
    const result = effect()
    this.#boundary()
    return this.#life.alive ? result : never()
  }

  #boundary(): void {
    if (!this.#life.alive || --this.#platter.boundariesToCrash > 0) return
    this.#platter.boundariesToCrash = Number.POSITIVE_INFINITY
    this.#die()
  }
}

function never<T>(): Promise<T> {
  return new Promise(() => {})
}

export class SimFile implements DiskFile {
  readonly #disk: SimDisk
  readonly #platter: Platter
  readonly #inode: Inode

  constructor(disk: SimDisk, platter: Platter, inode: Inode) {
    this.#disk = disk
    this.#platter = platter
    this.#inode = inode
  }

  async size(): Promise<number> {
    return this.#inode.cached.length
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    return Buffer.from(this.#inode.cached.subarray(position, position + length))
  }

  write(position: number, parts: readonly Uint8Array[]): Promise<void> {
    const data = Buffer.concat(parts)
    return this.#disk.operate(0.05, () => {
      const growth = position + data.length - this.#inode.cached.length
      const room = this.#platter.capacity - this.#platter.used
      if (growth <= Math.max(0, room)) return this.#inode.change({ at: position, data })
      // What fits is written before the error comes.
      const fits = Math.max(0, data.length - growth + Math.max(0, room))
      this.#inode.change({ at: position, data: data.subarray(0, fits) })
      throw failure('ENOSPC', 'no space left on device')
    })
  }

  sync(): Promise<void> {
    return this.#disk.operate(this.#platter.slowness, () => {
      if (this.#platter.failingSyncs > 0) {
        this.#platter.failingSyncs--
        // As Linux does: what could not be written stays readable, and no later sync will try it again.
        this.#inode.unsynced = []
        throw failure('EIO', 'input/output error')
      }
      this.#inode.sync()
    })
  }

  truncate(size: number): Promise<void> {
    return this.#disk.operate(0, () => this.#inode.change({ truncate: size }))
  }

  async close(): Promise<void> {}
}
