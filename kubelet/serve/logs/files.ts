import * as fs from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { ifPresent } from '../../../platform/disk.ts'

/** One file of a container's log, opened: it can be read to its end also after it was renamed or removed. */
export interface LogFile {
  /** Tells a file from the one that takes its name when the log is rotated. */
  readonly identity: string
  readonly modifiedAt: number
  size(): Promise<number>
  read(position: number, length: number): Promise<Buffer>
  close(): Promise<void>
}

/** What a log consists of: the file being written, and those that were rotated away. */
export interface LogFolder {
  /** Oldest first; the one being written comes last. None when there is no log (any more). */
  open(): Promise<LogFile[]>
  /** The identity of the file being written, to notice a rotation. */
  current(): Promise<string | undefined>
}

/** Docker names them `ID-json.log`, then `.1`, `.2`... the older the higher, with `.gz` where it packs them. */
export function dockerLogFolder(path: string): LogFolder {
  return {
    async open() {
      for (;;) {
        const files = await openAll(path)
        if (await isStill(path, files)) return files
        await closeAll(files)
      }
    },
    current: () => identityIfAny(path),
  }
}

export async function closeAll(files: Iterable<LogFile>): Promise<void> {
  await Promise.all([...files].map(file => file.close()))
}

async function openAll(path: string): Promise<LogFile[]> {
  const files: LogFile[] = []
  try {
    for (const name of await rotatedNames(path)) {
      const file = await openIfAny(join(dirname(path), name))
      if (file) files.push(file)
    }
    return files
  } catch (error) {
    await closeAll(files)
    throw error
  }
}

/** A rotation in the middle of opening gives a file twice or not at all: names and files must still agree afterwards. */
async function isStill(path: string, files: LogFile[]): Promise<boolean> {
  const names = await rotatedNames(path)
  const identities = await Promise.all(names.map(name => identityIfAny(join(dirname(path), name))))
  return identities.length === files.length && identities.every((each, index) => each === files[index]!.identity)
}

async function identityIfAny(path: string): Promise<string | undefined> {
  const stats = await ifPresent(fs.stat(path))
  return stats && identityOf(stats)
}

async function rotatedNames(path: string): Promise<string[]> {
  return oldestFirst(basename(path), (await ifPresent(fs.readdir(dirname(path)))) ?? [])
}

/** Picks a log's files out of a folder. Where a file is just being packed, both forms are there: the plain one counts. */
export function oldestFirst(current: string, names: readonly string[]): string[] {
  const ages = new Map<number, string>()
  for (const name of [...names].sort().reverse()) {
    const suffix = name.startsWith(current) ? name.slice(current.length) : undefined
    const [matched, age = '0'] = /^(?:\.(\d+)(?:\.gz)?)?$/.exec(suffix ?? '-') ?? []
    if (matched !== undefined) ages.set(Number(age), name)
  }
  return [...ages].sort(([a], [b]) => b - a).map(([, name]) => name)
}

async function openIfAny(path: string): Promise<LogFile | undefined> {
  const handle = await ifPresent(fs.open(path))
  // Rotated away since the folder was listed; its successor has it.
  if (!handle) return undefined
  const stat = await handle.stat()
  if (!path.endsWith('.gz')) return plainFile(handle, identityOf(stat), stat.mtimeMs)
  try {
    const content = await promisify(gunzip)(await handle.readFile())
    return packedFile(content, identityOf(stat), stat.mtimeMs)
  } finally {
    await handle.close()
  }
}

function plainFile(handle: fs.FileHandle, identity: string, modifiedAt: number): LogFile {
  return {
    identity,
    modifiedAt,
    size: async () => (await handle.stat()).size,
    async read(position, length) {
      const buffer = Buffer.allocUnsafe(length)
      const { bytesRead } = await handle.read(buffer, 0, length, position)
      return buffer.subarray(0, bytesRead)
    },
    close: () => handle.close(),
  }
}

function packedFile(content: Buffer, identity: string, modifiedAt: number): LogFile {
  return {
    identity,
    modifiedAt,
    size: async () => content.length,
    read: async (position, length) => content.subarray(position, position + length),
    close: async () => {},
  }
}

function identityOf({ dev, ino }: { dev: number; ino: number }): string {
  return `${dev}:${ino}`
}
