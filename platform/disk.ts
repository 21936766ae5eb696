import { constants, fdatasyncSync, writeSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'

/**
 * The disk as a log and its snapshots see it. What was written is durable only after `sync`; a created, renamed or
 * removed name only after `syncDirectory` of its folder. The simulator's disk makes use of every bit of that freedom.
 */
export interface Disk {
  /** Opens for reading and writing; `create` makes the file where it is absent. */
  open(path: string, options?: { create?: boolean; mode?: number }): Promise<DiskFile>
  read(path: string): Promise<Uint8Array>
  /** Names in a folder, sorted; [] when there is no such folder. */
  list(directory: string): Promise<string[]>
  makeDirectory(path: string): Promise<void>
  rename(from: string, to: string): Promise<void>
  remove(path: string): Promise<void>
  syncDirectory(path: string): Promise<void>
}

export interface DiskFile {
  size(): Promise<number>
  read(position: number, length: number): Promise<Uint8Array>
  /** Writes all of the parts, one after the other, from `position` on. */
  write(position: number, parts: readonly Uint8Array[]): Promise<void>
  /** fdatasync: returns when everything written so far survives a power cut. */
  sync(): Promise<void>
  truncate(size: number): Promise<void>
  close(): Promise<void>
}

/** Fails with ENOENT, ENOSPC and friends in `code`, as node:fs does. */
export const systemDisk: Disk = {
  async open(path, options = {}) {
    const flags = constants.O_RDWR | (options.create ? constants.O_CREAT : 0)
    return new SystemFile(await fs.open(path, flags, options.mode ?? 0o600))
  },
  read: path => fs.readFile(path),
  async list(directory) {
    return ((await ifPresent(fs.readdir(directory))) ?? []).sort()
  },
  async makeDirectory(path) {
    await fs.mkdir(path, { recursive: true, mode: 0o700 })
  },
  rename: (from, to) => fs.rename(from, to),
  remove: path => fs.rm(path, { recursive: true, force: true }),
  async syncDirectory(path) {
    const handle = await fs.open(path, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  },
}

const SMALL_WRITE = 128 * 1024
const QUICK_SYNC_MS = 2
/** How much a single sync says about the disk. */
const NEWEST_SYNC_WEIGHT = 1 / 8

class SystemFile implements DiskFile {
  readonly #handle: fs.FileHandle
  /** What a sync takes of late, on average. */
  #syncMs = 0

  constructor(handle: fs.FileHandle) {
    this.#handle = handle
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async read(position: number, length: number): Promise<Uint8Array> {
    const buffer = Buffer.alloc(length)
    const { bytesRead } = await this.#handle.read(buffer, 0, length, position)
    return buffer.subarray(0, bytesRead)
  }

  async write(position: number, parts: readonly Uint8Array[]): Promise<void> {
    const whole = parts.length === 1 ? parts[0]! : Buffer.concat(parts)
    for (let done = 0; done < whole.length; ) {
      done += await this.#writePart(whole.subarray(done), position + done)
    }
  }

  /** Into the page cache: a few pages are sooner copied than handed to another thread. */
  async #writePart(part: Uint8Array, position: number): Promise<number> {
    if (part.length <= SMALL_WRITE) return writeSync(this.#handle.fd, part, 0, part.length, position)
    return (await this.#handle.write(part, 0, part.length, position)).bytesWritten
  }

  /**
   * Handing a sync to another thread and hearing back costs a few tenths of a millisecond, during which a lone writer
   * waits. So a disk that is quick on the whole is waited for on the spot; a slow one is left to the other thread.
   */
  async sync(): Promise<void> {
    const began = performance.now()
    if (this.#syncMs <= QUICK_SYNC_MS) fdatasyncSync(this.#handle.fd)
    else await this.#handle.datasync()
    this.#syncMs += (performance.now() - began - this.#syncMs) * NEWEST_SYNC_WEIGHT
  }

  truncate(size: number): Promise<void> {
    return this.#handle.truncate(size)
  }

  close(): Promise<void> {
    return this.#handle.close()
  }
}

/** The whole file or nothing, whenever the power goes: written aside, synced, renamed, folder synced. */
export async function writeFileAtomic(
  disk: Disk,
  path: string,
  data: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const aside = `${path}.tmp`
  await disk.remove(aside)
  const file = await disk.open(aside, { create: true, mode })
  try {
    await file.write(0, [typeof data === 'string' ? Buffer.from(data) : data])
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(aside, path)
  await disk.syncDirectory(dirname(path))
}

/** The text of a file, or undefined when there is none. */
export async function readTextIfAny(disk: Disk, path: string): Promise<string | undefined> {
  const bytes = await ifPresent(disk.read(path))
  return bytes && Buffer.from(bytes).toString()
}

/** What was asked of a path, or undefined when nothing is there. */
export async function ifPresent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw error
  }
}

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined
}
