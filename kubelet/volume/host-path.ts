import type { Stats } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'

type Check = (stats: Stats) => boolean

const CHECKS: Record<string, Check> = {
  Directory: stats => stats.isDirectory(),
  DirectoryOrCreate: stats => stats.isDirectory(),
  File: stats => stats.isFile(),
  FileOrCreate: stats => stats.isFile(),
  Socket: stats => stats.isSocket(),
  CharDevice: stats => stats.isCharacterDevice(),
  BlockDevice: stats => stats.isBlockDevice(),
}

const NOUNS: Record<string, string> = {
  Directory: 'directory',
  DirectoryOrCreate: 'directory',
  File: 'file',
  FileOrCreate: 'file',
  Socket: 'socket file',
  CharDevice: 'character device',
  BlockDevice: 'block device',
}

/** Checks that a path of the node is what the volume says it is, and makes it where the type allows. */
export async function prepareHostPath(path: string, type = ''): Promise<void> {
  const stats = await ifPresent(fs.stat(path))
  if (type === '') {
    // The engine would refuse a source that does not exist; Kubernetes leaves a folder in its place.
    if (!stats) await fs.mkdir(path, { recursive: true, mode: 0o755 })
    return
  }
  const check = CHECKS[type]
  if (!check) throw new Error(`hostPath type ${type} is not known`)
  if (!stats && type === 'DirectoryOrCreate') await fs.mkdir(path, { recursive: true, mode: 0o755 })
  else if (!stats && type === 'FileOrCreate') await makeFile(path)
  else if (!stats || !check(stats)) throw new Error(`hostPath type check failed: ${path} is not a ${NOUNS[type]}`)
}

async function makeFile(path: string): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o755 })
  await fs.writeFile(path, '', { flag: 'a', mode: 0o644 })
}
