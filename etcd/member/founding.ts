import type { Disk } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { errors } from '../errors.ts'
import type { PeerNetwork } from '../peer/network.ts'
import { createStorage, openStorage, type RaftStorage, storageExists } from '../raft/storage.ts'
import { clusterId, contextOf, type MemberInfo, memberId } from './identity.ts'

export interface FoundingOptions {
  name: string
  directory: string
  disk: Disk
  log: Log
  /** The members that found the cluster, or some of the one to join; this one among them. Default: this one alone. */
  initialCluster?: readonly { name: string; peerUrls: readonly string[] }[]
  peerUrls?: readonly string[]
  /** Goes into the ids, so that clusters with the same addresses differ. */
  token?: string
  /** Joins a running cluster instead of founding one. */
  join?: boolean
  network?: PeerNetwork
}

/** Written once, when the log is made. */
export interface MemberMetadata {
  member: string
  cluster: string
  /** Whom a member that joins knows before the log tells it. */
  peers: { id: string; peerUrls: readonly string[] }[]
}

/** What a member tells one that wants to join. */
export interface ClusterInfo {
  cluster: string
  members: (MemberInfo & { id: string })[]
}

const DEFAULT_PEER_URLS: readonly string[] = ['http://localhost:2380']
export const DEFAULT_TOKEN = 'etcd-cluster'
const ASK_MS = 3000

/** Opens the log in the directory; where there is none, founds the cluster or joins it. */
export async function openOrFound(options: FoundingOptions): Promise<RaftStorage> {
  if (await storageExists(options)) return openStorage(options)
  const { name, peerUrls = DEFAULT_PEER_URLS, token = DEFAULT_TOKEN } = options
  const cluster = options.initialCluster ?? [{ name, peerUrls }]
  if (options.join) return createStorage(options, encode(await findCluster(options, cluster, peerUrls)), [])
  if (!cluster.some(member => sameUrls(member.peerUrls, peerUrls))) {
    throw new Error(`--initial-cluster must hold this member's --initial-advertise-peer-urls (${peerUrls.join()})`)
  }
  const founders = cluster.map(member => ({
    id: memberId(member.peerUrls, token),
    learner: false,
    context: contextOf({ name: member.name, peerUrls: member.peerUrls, clientUrls: [] }),
  }))
  const ids = founders.map(founder => founder.id)
  return createStorage(
    options,
    encode({ member: memberId(peerUrls, token), cluster: clusterId(ids), peers: [] }),
    founders,
  )
}

function encode(metadata: MemberMetadata): Buffer {
  return Buffer.from(JSON.stringify(metadata))
}

/** The cluster has been told of this member before (`member add`): under its addresses its id is found. */
async function findCluster(
  { network }: FoundingOptions,
  cluster: readonly { peerUrls: readonly string[] }[],
  own: readonly string[],
): Promise<MemberMetadata> {
  const problems: string[] = []
  for (const { peerUrls } of cluster) {
    if (sameUrls(peerUrls, own)) continue
    try {
      const info = JSON.parse((await network!.ask(peerUrls, 'cluster', ASK_MS)).toString()) as ClusterInfo
      const self = info.members.find(member => sameUrls(member.peerUrls, own))
      if (self) return { member: self.id, cluster: info.cluster, peers: info.members }
      problems.push(`${peerUrls.join()} knows no member with ${own.join()}`)
    } catch (error) {
      problems.push(`${peerUrls.join()}: ${error === errors.timeoutConnectionLost ? 'no answer' : error}`)
    }
  }
  throw new Error(`cannot join: ${problems.join('; ')}. Is the new member added ('etcdctl member add')?`)
}

function sameUrls(a: readonly string[], b: readonly string[]): boolean {
  return [...a].sort().join() === [...b].sort().join()
}
