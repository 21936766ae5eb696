/**
 * etcd/snapshot/ keeps snapshots of the state machine as files: whole or not there at all, whenever the power goes. What
 * is in them is the state machine's business. Imports platform/disk.
 *
 *     'KBXSNAP2' | pieces | end          piece: length u32 | checksum so far u32 | data          end: 0 | checksum
 *
 * The first piece is the description (SnapshotMeta) in JSON. The checksum is the older CRC-32, which the runtime computes
 * eight times as fast as we do the log's.
 */
import { crc32 } from 'node:zlib'
import { type Disk, type DiskFile, errorCode } from '../../platform/disk.ts'
import type { SnapshotMeta } from '../raft/message.ts'

const MAGIC = Buffer.from('KBXSNAP2')
const PIECE_HEAD = 8
const MAX_PIECE = 1024 * 1024
/** Pieces may be small: so much of them is written at once. */
const WRITE_BYTES = 256 * 1024

export type Chunks = Iterable<Uint8Array> | AsyncIterable<Uint8Array>

export class SnapshotDamageError extends Error {
  override name = 'SnapshotDamageError'
}

export class SnapshotStore {
  readonly #disk: Disk
  readonly #directory: string

  constructor(disk: Disk, directory: string) {
    this.#disk = disk
    this.#directory = directory
  }

  path(snapshot: SnapshotMeta): string {
    return `${this.#directory}/${hex(snapshot.term)}-${hex(snapshot.index)}.snap`
  }

  /** Durable when it resolves, with the size of the content. */
  async write(snapshot: SnapshotMeta, chunks: Chunks): Promise<number> {
    const writer = await this.begin(snapshot)
    try {
      for await (const chunk of chunks) await writer.append(chunk)
      await writer.finish()
    } catch (error) {
      await writer.abort()
      throw error
    }
    return writer.size
  }

  begin(snapshot: SnapshotMeta): Promise<SnapshotWriter> {
    return SnapshotWriter.open(this.#disk, this.#directory, this.path(snapshot), snapshot)
  }

  /** The content, checked piece by piece; SnapshotDamageError as soon as one is not as it was written. */
  async *read(snapshot: SnapshotMeta): AsyncGenerator<Uint8Array> {
    const path = this.path(snapshot)
    const file = await this.#disk.open(path)
    try {
      let first = true
      for await (const piece of readPieces(file, path)) {
        if (!first) yield piece
        first = false
      }
    } finally {
      await file.close()
    }
  }

  /** Hands the content to `use`; tells what is wrong with the file, or undefined when it could be read to its end. */
  async problem(snapshot: SnapshotMeta, use = readToTheEnd): Promise<string | undefined> {
    try {
      await use(this.read(snapshot))
      return undefined
    } catch (error) {
      if (error instanceof SnapshotDamageError) return error.message
      if (errorCode(error) === 'ENOENT') return `${this.path(snapshot)} is missing`
      throw error
    }
  }

  /** Newer ones stay, whoever made them: one from the leader may have arrived and not been taken over yet. */
  async removeOlderThan(index: number): Promise<void> {
    for (const name of await this.#disk.list(this.#directory)) {
      const match = /^[0-9a-f]{16}-([0-9a-f]{16})\.snap$/.exec(name)
      if (match && Number.parseInt(match[1]!, 16) < index) await this.#disk.remove(`${this.#directory}/${name}`)
    }
  }

  /** At start, when no writer is at work. */
  async removeLeftovers(): Promise<void> {
    const names = await this.#disk.list(this.#directory)
    for (const name of names) if (name.endsWith('.tmp')) await this.#disk.remove(`${this.#directory}/${name}`)
  }
}

async function readToTheEnd(content: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of content) {
    // Reading is the check.
  }
}

let writers = 0

/** Writes aside, piece by piece; the file gets its name when it is whole. */
export class SnapshotWriter {
  size = 0
  readonly #disk: Disk
  readonly #directory: string
  readonly #path: string
  readonly #aside: string
  readonly #file: DiskFile
  #waiting: Uint8Array[] = []
  #waitingBytes = 0
  #position = 0
  #checksum = 0
  #closed = false

  private constructor(disk: Disk, directory: string, path: string, aside: string, file: DiskFile) {
    this.#disk = disk
    this.#directory = directory
    this.#path = path
    this.#aside = aside
    this.#file = file
  }

  static async open(disk: Disk, directory: string, path: string, snapshot: SnapshotMeta): Promise<SnapshotWriter> {
    const aside = `${path}.${++writers}.tmp`
    await disk.remove(aside)
    const writer = new SnapshotWriter(disk, directory, path, aside, await disk.open(aside, { create: true }))
    try {
      writer.#put(MAGIC)
      await writer.#piece(Buffer.from(JSON.stringify(snapshot)))
      return writer
    } catch (error) {
      await writer.abort()
      throw error
    }
  }

  async append(chunk: Uint8Array): Promise<void> {
    for (let at = 0; at < chunk.length; at += MAX_PIECE) await this.#piece(chunk.subarray(at, at + MAX_PIECE))
    this.size += chunk.length
  }

  async finish(): Promise<void> {
    await this.#piece(new Uint8Array(0))
    await this.#flush()
    await this.#file.sync()
    await this.#close()
    await this.#disk.rename(this.#aside, this.#path)
    await this.#disk.syncDirectory(this.#directory)
  }

  async abort(): Promise<void> {
    await this.#close()
    await this.#disk.remove(this.#aside)
  }

  async #close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    await this.#file.close()
  }

  async #piece(data: Uint8Array): Promise<void> {
    this.#checksum = crc32(data, this.#checksum)
    const head = Buffer.alloc(PIECE_HEAD)
    head.writeUInt32LE(data.length, 0)
    head.writeUInt32LE(this.#checksum, 4)
    this.#put(head)
    this.#put(data)
    if (this.#waitingBytes >= WRITE_BYTES) await this.#flush()
  }

  #put(bytes: Uint8Array): void {
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  async #flush(): Promise<void> {
    const [parts, length] = [this.#waiting, this.#waitingBytes]
    this.#waiting = []
    this.#waitingBytes = 0
    await this.#file.write(this.#position, parts)
    this.#position += length
  }
}

async function* readPieces(file: DiskFile, path: string): AsyncGenerator<Uint8Array> {
  const reader = new WindowReader(file)
  if (!MAGIC.equals(await reader.take(MAGIC.length))) throw new SnapshotDamageError(`${path} is not a snapshot`)
  let checksum = 0
  for (let at = MAGIC.length; ; ) {
    const head = await reader.take(PIECE_HEAD)
    const length = head.length === PIECE_HEAD ? head.readUInt32LE(0) : MAX_PIECE + 1
    if (length > MAX_PIECE) throw new SnapshotDamageError(`${path} is damaged at offset ${at}`)
    const data = await reader.take(length)
    checksum = crc32(data, checksum)
    if (data.length < length || checksum !== head.readUInt32LE(4)) {
      throw new SnapshotDamageError(`${path} is damaged at offset ${at}`)
    }
    if (length === 0) return
    yield data
    at += PIECE_HEAD + length
  }
}

/** Reads a file in large steps, however small the pieces are that are taken from it. */
class WindowReader {
  readonly #file: DiskFile
  #position = 0
  #window: Uint8Array = new Uint8Array(0)

  constructor(file: DiskFile) {
    this.#file = file
  }

  /** Less only at the end of the file. A copy, so that what is kept of it does not keep the whole window. */
  async take(length: number): Promise<Buffer> {
    while (this.#window.length < length) {
      const more = await this.#file.read(this.#position, MAX_PIECE)
      if (more.length === 0) break
      this.#position += more.length
      this.#window = Buffer.concat([this.#window, more])
    }
    const taken = Buffer.from(this.#window.subarray(0, length))
    this.#window = this.#window.subarray(length)
    return taken
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(16, '0')
}
