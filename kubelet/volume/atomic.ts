import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'

export interface PayloadFile {
  data: Uint8Array
  mode: number
}

/** Files of a volume by their path in it. */
export type Payload = Map<string, PayloadFile>

const DATA = '..data'
const DATA_ASIDE = '..data_tmp'

/**
 * Makes a folder show exactly these files, all changed in one instant: they are written into a fresh hidden folder, and
 * one rename turns the link `..data` to it. What readers open is a link through `..data`.
 */
export async function writePayload(directory: string, payload: Payload, stamp: string, gid?: number): Promise<boolean> {
  await fs.mkdir(directory, { recursive: true, mode: 0o755 })
  const before = await ifPresent(fs.readlink(join(directory, DATA)))
  if (before !== undefined && (await holds(join(directory, before), payload))) return false
  const fresh = await fs.mkdtemp(join(directory, `..${stamp}.`))
  await fs.chmod(fresh, 0o755)
  await writeFiles(fresh, payload, gid)
  await fs.rm(join(directory, DATA_ASIDE), { force: true })
  await fs.symlink(fresh.slice(directory.length + 1), join(directory, DATA_ASIDE))
  await fs.rename(join(directory, DATA_ASIDE), join(directory, DATA))
  await linkNames(directory, payload)
  if (before !== undefined) await fs.rm(join(directory, before), { recursive: true, force: true })
  return true
}

async function writeFiles(directory: string, payload: Payload, gid: number | undefined): Promise<void> {
  for (const [path, file] of payload) {
    const target = join(directory, path)
    await fs.mkdir(dirname(target), { recursive: true, mode: 0o755 })
    await fs.writeFile(target, file.data)
    // A group that is to read the volume can.
    await fs.chmod(target, gid === undefined ? file.mode : file.mode | ((file.mode & 0o400) >> 3))
    if (gid !== undefined) await fs.chown(target, -1, gid)
  }
}

/** One link for each name at the top of the volume; names that are no longer there go. */
async function linkNames(directory: string, payload: Payload): Promise<void> {
  const wanted = new Set([...payload.keys()].map(path => path.split('/')[0]!))
  const present = (await fs.readdir(directory)).filter(name => !name.startsWith('..'))
  for (const name of present) if (!wanted.has(name)) await fs.rm(join(directory, name), { force: true })
  for (const name of wanted) {
    if (!present.includes(name)) await fs.symlink(join(DATA, name), join(directory, name))
  }
}

async function holds(directory: string, payload: Payload): Promise<boolean> {
  const paths = await listFiles(directory)
  if (paths.length !== payload.size) return false
  for (const path of paths) {
    const wanted = payload.get(path)
    if (!wanted || !Buffer.from(wanted.data).equals(await fs.readFile(join(directory, path)))) return false
  }
  return true
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await fs.readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter(entry => entry.isFile())
    .map(entry => join(entry.parentPath, entry.name).slice(directory.length + 1))
}
