import * as fs from 'node:fs/promises'
import * as os from 'node:os'
import type { FilesystemUsage } from '../serve/backend.ts'

/** What the kernel could give to new programs without swapping. */
export async function availableMemory(): Promise<number> {
  const match = /^MemAvailable:\s+(\d+) kB/m.exec(await fs.readFile('/proc/meminfo', 'utf8'))
  return match ? Number(match[1]) * 1024 : os.freemem()
}

export async function filesystem(path: string): Promise<FilesystemUsage> {
  const { blocks, bsize, bavail, bfree, files, ffree } = await fs.statfs(path)
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  }
}
