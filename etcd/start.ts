import type { Clock } from '../platform/clock.ts'
import type { Disk } from '../platform/disk.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import { type BackupPlan, startBackups } from './member/backups.ts'
import type { AutoCompaction } from './member/compactor.ts'
import { type Member, openMember } from './member.ts'
import { PeerNetwork } from './peer/network.ts'
import { ClientServer } from './rpc/server.ts'
import { type TlsFiles, TlsSource } from './tls.ts'

/** A member as etcd's flags describe it. */
export interface EtcdConfig {
  name: string
  dataDirectory: string
  listenClientUrls: readonly string[]
  advertiseClientUrls: readonly string[]
  listenPeerUrls: readonly string[]
  advertisePeerUrls: readonly string[]
  listenMetricsUrls?: readonly string[]
  initialCluster?: readonly { name: string; peerUrls: readonly string[] }[]
  join?: boolean
  token?: string
  clientTls?: TlsFiles
  peerTls?: TlsFiles
  quotaBytes?: number
  autoCompaction?: AutoCompaction
  heartbeatMs?: number
  electionMs?: number
  corruptCheckMs?: number
  /** Backups on a schedule. */
  backups?: BackupPlan
}

export interface Machinery {
  disk: Disk
  clock: Clock
  random: Random
  log: Log
  /** The member has stopped itself. */
  onFailure?: (error: unknown) => void
}

export interface RunningEtcd {
  member: Member
  /** The port of the first client URL. */
  port: number
  stop(): Promise<void>
}

/** A member with its peers and its clients. Clients are served as soon as it has a leader. */
export async function startEtcd(config: EtcdConfig, machinery: Machinery): Promise<RunningEtcd> {
  const { clock, log } = machinery
  const peerTls = config.peerTls && new TlsSource(config.peerTls)
  const network = new PeerNetwork({ listenUrls: config.listenPeerUrls, tls: peerTls, clock, log })
  await network.listen()
  const member = await openMember({
    ...machinery,
    name: config.name,
    directory: `${config.dataDirectory}/member`,
    initialCluster: config.initialCluster,
    peerUrls: config.advertisePeerUrls,
    clientUrls: config.advertiseClientUrls,
    token: config.token,
    join: config.join,
    network,
    quotaBytes: config.quotaBytes,
    autoCompaction: config.autoCompaction,
    heartbeatMs: config.heartbeatMs,
    electionMs: config.electionMs,
    corruptCheckMs: config.corruptCheckMs,
  }).catch(async error => {
    await network.close()
    throw error
  })
  const server = new ClientServer(member, log)
  const backups = config.backups && startBackups(config.backups, member, machinery)
  const stop = async () => {
    backups?.stop()
    await server.close()
    await member.close()
  }
  try {
    return { member, port: await listen(server, config), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function listen(server: ClientServer, config: EtcdConfig): Promise<number> {
  const tls = config.clientTls && new TlsSource(config.clientTls)
  const ports: number[] = []
  for (const url of config.listenClientUrls) ports.push(await server.listen(url, tls))
  for (const url of config.listenMetricsUrls ?? []) await server.listen(url, tls)
  return ports[0] ?? 0
}
