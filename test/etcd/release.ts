import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXECUTABLE = join(ROOT, 'build/kubox')
/** Whatever of the sources a member of the store is made of. */
const SOURCES = ['etcd', 'cli', 'platform', 'deploy', 'package-lock.json']

/** The release executable's `etcd`, built anew where a source is younger. */
export async function releasedEtcd(): Promise<readonly string[]> {
  const built = (await ifPresent(stat(EXECUTABLE)))?.mtimeMs ?? 0
  const ages = await Promise.all(SOURCES.map(source => youngest(join(ROOT, source))))
  if (Math.max(...ages) > built) await runChecked(systemProcesses, process.execPath, [join(ROOT, 'deploy/build.ts')])
  return [EXECUTABLE, 'etcd']
}

async function youngest(path: string): Promise<number> {
  const own = await stat(path)
  if (!own.isDirectory()) return own.mtimeMs
  const inside = await readdir(path)
  return Math.max(0, ...(await Promise.all(inside.map(name => youngest(join(path, name))))))
}
