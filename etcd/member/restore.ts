import type { RestoreContent } from '../bolt/snapshot.ts'
import { imageOf } from '../mvcc/image.ts'
import { Machine } from '../mvcc/machine.ts'
import { createStorageFromSnapshot } from '../raft/storage.ts'
import { DEFAULT_TOKEN, type FoundingOptions } from './founding.ts'
import { clusterId, contextOf, memberId } from './identity.ts'

/** Makes a new member's log from a backup. Every founder restores the same content, so all begin alike. */
export async function restoreMember(
  options: FoundingOptions & { peerUrls: readonly string[] },
  cluster: readonly { name: string; peerUrls: readonly string[] }[],
  content: RestoreContent,
): Promise<void> {
  const { token = DEFAULT_TOKEN } = options
  const founders = cluster
    .map(({ name, peerUrls }) => ({
      id: memberId(peerUrls, token),
      learner: false,
      context: contextOf({ name, peerUrls, clientUrls: [] }),
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
  const member = memberId(options.peerUrls, token)
  if (!founders.some(founder => founder.id === member)) {
    throw new Error(
      `--initial-cluster must hold this member's --initial-advertise-peer-urls (${options.peerUrls.join()})`,
    )
  }
  const metadata = { member, cluster: clusterId(founders.map(founder => founder.id)), peers: [] }
  const snapshot = { index: founders.length, term: 1, members: founders }
  const storage = await createStorageFromSnapshot(
    options,
    Buffer.from(JSON.stringify(metadata)),
    snapshot,
    imageOf(machineOf(content)),
  )
  await storage.wal.close()
}

/** Alarms stay behind: they belong to members of the old cluster. */
function machineOf({ records, revision, compacted, leases }: RestoreContent): Machine {
  const machine = new Machine()
  machine.keyspace.load(records, revision, compacted)
  machine.load(leases, [])
  return machine
}
