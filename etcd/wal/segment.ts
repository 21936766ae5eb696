import { type Disk, type DiskFile, errorCode } from '../../platform/disk.ts'

export interface SegmentName {
  file: string
  sequence: number
  /** Index of the entry that was due next when the segment began. */
  nextIndex: number
}

export function segmentName(sequence: number, nextIndex: number): SegmentName {
  return { file: `${hex(sequence)}-${hex(nextIndex)}.wal`, sequence, nextIndex }
}

export function parseSegmentName(file: string): SegmentName | undefined {
  const match = /^([0-9a-f]{16})-([0-9a-f]{16})\.wal$/.exec(file)
  return match
    ? { file, sequence: Number.parseInt(match[1]!, 16), nextIndex: Number.parseInt(match[2]!, 16) }
    : undefined
}

function hex(value: number): string {
  return value.toString(16).padStart(16, '0')
}

const ZEROS = Buffer.alloc(1024 * 1024)

/**
 * Has the next segment ready before the current one is full: filled with zeros and synced, so that an append there only
 * overwrites blocks that the file has already. That makes a sync cheap, and a full disk is noticed a whole segment early.
 */
export class SparePipe {
  /** True from when there was no room for the next segment until there is. */
  full = false
  readonly #disk: Disk
  readonly #path: string
  readonly #bytes: number
  #spare: Promise<DiskFile> | undefined
  #making = false

  constructor(disk: Disk, directory: string, bytes: number) {
    this.#disk = disk
    this.#path = `${directory}/spare.tmp`
    this.#bytes = bytes
  }

  get path(): string {
    return this.#path
  }

  /** Begins to make the spare if there is none; its failure is told by `full` and by `take`. */
  prepare(): void {
    this.#spare ??= this.#make()
    this.#spare.catch(() => {})
  }

  /** The prepared file, still under its temporary name. */
  async take(): Promise<DiskFile> {
    this.prepare()
    const spare = this.#spare!
    try {
      return await spare
    } finally {
      this.#spare = undefined
    }
  }

  /** After a failure: try again. */
  async retry(): Promise<void> {
    if (!this.full) return
    if (!this.#making) this.#spare = undefined
    this.prepare()
    await this.#spare!.catch(() => {})
  }

  async close(): Promise<void> {
    // What could not be made need not be closed.
    const spare = await this.#spare?.catch(() => undefined)
    this.#spare = undefined
    await spare?.close()
  }

  async #make(): Promise<DiskFile> {
    this.#making = true
    try {
      await this.#disk.remove(this.#path)
      const file = await this.#fill(await this.#disk.open(this.#path, { create: true }))
      this.full = false
      return file
    } catch (error) {
      this.full = isDiskFull(error)
      throw error
    } finally {
      this.#making = false
    }
  }

  async #fill(file: DiskFile): Promise<DiskFile> {
    try {
      for (let at = 0; at < this.#bytes; at += ZEROS.length) {
        await file.write(at, [ZEROS.subarray(0, Math.min(ZEROS.length, this.#bytes - at))])
      }
      await file.sync()
      return file
    } catch (error) {
      await file.close()
      await this.#disk.remove(this.#path)
      throw error
    }
  }
}

export function isDiskFull(error: unknown): boolean {
  return ['ENOSPC', 'EDQUOT'].includes(errorCode(error) ?? '')
}
