import * as fs from 'node:fs/promises'
import { basename, isAbsolute, normalize } from 'node:path'
import { ApiError } from '../../api/errors.ts'
import { compileNodeSelector } from '../../api/placement.ts'
import type { Node, PersistentVolume } from '../../api/types/core-v1.ts'
import { LOCAL_PROVISIONER, localFolderName, PROVISIONED_BY } from '../../api/volumes.ts'
import type { Client } from '../../client/client.ts'
import { NODES, PERSISTENT_VOLUMES } from '../../client/resources.ts'
import { ifPresent } from '../../platform/disk.ts'
import { mountsUnder } from './mounts.ts'

/** Why the folder of a volume must stay; undefined: it may go. */
export function reasonToKeep(volume: PersistentVolume, node: Node): string | undefined {
  const { metadata, spec, status } = volume
  if (metadata?.annotations?.[PROVISIONED_BY] !== LOCAL_PROVISIONER) return `was not made by ${LOCAL_PROVISIONER}`
  if (spec?.persistentVolumeReclaimPolicy !== 'Delete') return 'is to be kept: its reclaim policy is not Delete'
  if (status?.phase !== 'Released' && status?.phase !== 'Failed') return `is ${status?.phase}, not Released`
  const required = spec.nodeAffinity?.required
  if (!required || !compileNodeSelector(required)(node)) return `is not on node ${node.metadata?.name}`
  return hasOwnFolder(volume) ? undefined : 'has no folder of its own'
}

/** Directly below the folder of its class there is one that has the names of the volume and of its claim. */
function hasOwnFolder({ metadata, spec }: PersistentVolume): boolean {
  const path = spec?.hostPath?.path ?? ''
  const name = localFolderName(metadata?.name, spec?.claimRef)
  return isAbsolute(path) && normalize(path) === path && basename(path) === name
}

/** The API server is asked what the volume is: whoever asks for the removal names it and says nothing of it. */
export async function removeLocalVolume(client: Client, nodeName: string, name: string): Promise<void> {
  const volume = await client.resource<PersistentVolume>(PERSISTENT_VOLUMES).get(name)
  const node = await client.resource<Node>(NODES).get(nodeName)
  const reason = reasonToKeep(volume, node)
  if (reason) throw new ApiError('Conflict', `persistentvolume "${name}" ${reason}`)
  await removeFolder(volume.spec.hostPath!.path)
}

/** Only what lies in the folder itself: nothing that a link leads to, and nothing that is mounted there. */
async function removeFolder(path: string): Promise<void> {
  const real = await ifPresent(fs.realpath(path))
  if (real === undefined) return
  if (real !== path) throw new ApiError('Conflict', `${path} is reached through a symbolic link, and is really ${real}`)
  if (!(await fs.stat(path)).isDirectory()) throw new ApiError('Conflict', `${path} is not a folder`)
  const [mounted] = await mountsUnder(path)
  if (mounted) throw new ApiError('Conflict', `something is mounted on ${mounted}`)
  await fs.rm(path, { recursive: true, force: true })
}
