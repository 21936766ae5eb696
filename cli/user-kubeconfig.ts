import { chown } from 'node:fs/promises'
import { homedir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { readTextIfAny, writeFileAtomic } from '../platform/disk.ts'
import { runChecked } from '../platform/processes.ts'
import type { Tools } from './tools.ts'

/**
 * Gives the person behind sudo a kubeconfig of their own, so that kubectl works at once. One that exists and speaks of
 * another cluster is left alone; says what was done.
 */
export async function writeUserKubeconfig(tools: Tools): Promise<string> {
  const { disk } = tools
  const owner = await invokingUser(tools)
  const path = userPath(owner.home)
  const admin = (await readTextIfAny(disk, adminPath(tools))) ?? ''
  const existing = await readTextIfAny(disk, path)
  if (existing !== undefined && !existing.includes('kubernetes-admin@kubernetes')) {
    return `${path} is yours already: type 'export KUBECONFIG=${adminPath(tools)}' to use this cluster`
  }
  await disk.makeDirectory(join(owner.home, '.kube'))
  await writeFileAtomic(disk, path, admin, 0o600)
  for (const file of [join(owner.home, '.kube'), path]) await chown(file, owner.uid, owner.gid)
  return `kubectl works for ${owner.name} now (${path})`
}

/** Takes that kubeconfig away again, if it still is the one of this cluster and not something of the user's own. */
export async function removeUserKubeconfig(tools: Tools): Promise<void> {
  const { disk } = tools
  const path = userPath((await invokingUser(tools)).home)
  const [admin, own] = [await readTextIfAny(disk, adminPath(tools)), await readTextIfAny(disk, path)]
  if (admin === undefined || admin !== own) return
  await disk.remove(path)
  if ((await disk.list(dirname(path))).length === 0) await disk.remove(dirname(path))
}

const userPath = (home: string): string => join(home, '.kube/config')
const adminPath = ({ layout }: Tools): string => join(layout.kubernetes, 'admin.conf')

async function invokingUser(tools: Tools) {
  const name = process.env.SUDO_USER
  if (!name || name === 'root')
    return { name: userInfo().username, home: homedir(), uid: userInfo().uid, gid: userInfo().gid }
  const entry = await runChecked(tools.processes, 'getent', ['passwd', name])
  const [, , uid, gid, , home = '/root'] = entry.trim().split(':')
  return { name, home, uid: Number(uid), gid: Number(gid) }
}
