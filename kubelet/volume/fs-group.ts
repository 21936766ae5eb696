import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import type { PodSecurityContext } from '../../api/types/core-v1.ts'

/** Gives everything on a volume to the pod's group, so that its containers can write whatever user they run as. */
export async function applyFsGroup(path: string, security: PodSecurityContext | undefined): Promise<void> {
  const gid = security?.fsGroup
  if (gid === undefined) return
  if (security?.fsGroupChangePolicy === 'OnRootMismatch' && (await belongsTo(gid, path))) return
  const entries = await fs.readdir(path, { recursive: true, withFileTypes: true })
  for (const entry of entries) {
    if (!entry.isSymbolicLink()) await giveTo(gid, join(entry.parentPath, entry.name), entry.isDirectory())
  }
  // The root last: it tells the next start that all is done.
  await giveTo(gid, path, true)
}

const GROUP_FILE = 0o060
const GROUP_DIRECTORY = 0o2070

/** The group is right, and so is what it may do. */
async function belongsTo(gid: number, path: string): Promise<boolean> {
  const stats = await fs.stat(path)
  return stats.gid === gid && (stats.mode & GROUP_DIRECTORY) === GROUP_DIRECTORY
}

async function giveTo(gid: number, path: string, isDirectory: boolean): Promise<void> {
  const { mode } = await fs.stat(path)
  await fs.chown(path, -1, gid)
  await fs.chmod(path, (mode & 0o7777) | (isDirectory ? GROUP_DIRECTORY : GROUP_FILE))
}
