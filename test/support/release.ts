import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'

const ROOT = join(import.meta.dirname, '../..')
const EXECUTABLE = join(ROOT, 'build/kubox')
const ROOMS = ['api', 'apiserver', 'cli', 'client', 'controller', 'etcd', 'kubelet', 'network', 'pki', 'platform']
const SOURCES = [...ROOMS, 'scheduler', 'deploy', 'package-lock.json']

/** The release executable, built anew where a source is younger. */
export async function releasedKubox(): Promise<string> {
  const built = (await ifPresent(stat(EXECUTABLE)))?.mtimeMs ?? 0
  const ages = await Promise.all(SOURCES.map(source => youngest(join(ROOT, source))))
  if (Math.max(...ages) > built) await runChecked(systemProcesses, process.execPath, [join(ROOT, 'deploy/build.ts')])
  return EXECUTABLE
}

async function youngest(path: string): Promise<number> {
  const own = await stat(path)
  if (!own.isDirectory()) return own.mtimeMs
  const inside = await readdir(path)
  return Math.max(0, ...(await Promise.all(inside.map(name => youngest(join(path, name))))))
}
