import type { EtcdConfig } from '../../etcd/start.ts'
import type { TlsFiles } from '../../etcd/tls.ts'
import { type FlagReader, type FlagTable, parseDuration } from '../flags.ts'
import { UserError } from '../output.ts'

/** etcd's own names, and `backup-...`, which etcd leaves to others. A reason instead of a type: accepted, without effect here. */
export const ETCD_FLAGS: FlagTable = {
  name: 'text',
  'data-dir': 'text',
  'listen-client-urls': 'list',
  'advertise-client-urls': 'list',
  'listen-peer-urls': 'list',
  'initial-advertise-peer-urls': 'list',
  'listen-metrics-urls': 'list',
  'initial-cluster': 'list',
  'initial-cluster-state': 'text',
  'initial-cluster-token': 'text',
  'client-cert-auth': 'boolean',
  'cert-file': 'text',
  'key-file': 'text',
  'trusted-ca-file': 'text',
  'peer-client-cert-auth': 'boolean',
  'peer-cert-file': 'text',
  'peer-key-file': 'text',
  'peer-trusted-ca-file': 'text',
  'auto-compaction-mode': 'text',
  'auto-compaction-retention': 'text',
  'quota-backend-bytes': 'number',
  'heartbeat-interval': 'number',
  'election-timeout': 'number',
  'snapshot-count': { ignored: 'snapshots are taken by the size of the log' },
  'max-wals': { ignored: 'the log before a snapshot is removed as soon as it is not needed' },
  'max-snapshots': { ignored: 'the last two snapshots are kept' },
  'wal-dir': { ignored: 'the log lies in the data directory' },
  'log-level': 'text',
  'backup-dir': 'text',
  'backup-interval': 'duration',
  'backup-keep': 'number',
  logger: { ignored: 'there is one logger' },
  'log-outputs': { ignored: 'the log goes to standard error' },
  'enable-v2': { ignored: 'there is no API of version 2' },
  'strict-reconfig-check': { ignored: 'changes of membership are always checked' },
  'pre-vote': { ignored: 'pre-vote is always on' },
  'experimental-corrupt-check-time': 'duration',
  'experimental-initial-corrupt-check': { ignored: 'the log is always checked at the start' },
  'experimental-watch-progress-notify-interval': { ignored: 'progress is told every ten minutes' },
}

const DEFAULT_CLIENT_URL = 'http://localhost:2379'
const DEFAULT_PEER_URL = 'http://localhost:2380'

/** A member's configuration from flags, with etcd's defaults. */
export function etcdConfig(flags: FlagReader): EtcdConfig {
  const name = flags.text('name') ?? 'default'
  const state = flags.text('initial-cluster-state') ?? 'new'
  if (state !== 'new' && state !== 'existing') throw new UserError('--initial-cluster-state must be new or existing')
  const advertisePeerUrls = flags.list('initial-advertise-peer-urls') ?? [DEFAULT_PEER_URL]
  const listenClientUrls = flags.list('listen-client-urls') ?? [DEFAULT_CLIENT_URL]
  const cluster = flags.list('initial-cluster')
  return {
    name,
    dataDirectory: flags.text('data-dir') ?? `${name}.etcd`,
    listenClientUrls,
    advertiseClientUrls: flags.list('advertise-client-urls') ?? listenClientUrls,
    listenPeerUrls: flags.list('listen-peer-urls') ?? [DEFAULT_PEER_URL],
    advertisePeerUrls,
    listenMetricsUrls: flags.list('listen-metrics-urls'),
    initialCluster: cluster && parseCluster(cluster),
    join: state === 'existing',
    token: flags.text('initial-cluster-token'),
    clientTls: tlsFiles(flags, ''),
    peerTls: tlsFiles(flags, 'peer-'),
    quotaBytes: flags.number('quota-backend-bytes'),
    autoCompaction: autoCompaction(flags.text('auto-compaction-mode'), flags.text('auto-compaction-retention')),
    heartbeatMs: flags.number('heartbeat-interval'),
    electionMs: flags.number('election-timeout'),
    corruptCheckMs: flags.duration('experimental-corrupt-check-time'),
    backups: backupPlan(flags),
  }
}

const HOUR_MS = 3_600_000
const BACKUPS_KEPT = 24

function backupPlan(flags: FlagReader): EtcdConfig['backups'] {
  const directory = flags.text('backup-dir')
  if (!directory) return undefined
  const keep = flags.number('backup-keep') ?? BACKUPS_KEPT
  if (keep < 1) throw new UserError('--backup-keep must be at least 1')
  return { directory, intervalMs: flags.duration('backup-interval') ?? HOUR_MS, keep }
}

/** `a=URL,b=URL`, a name as often as it has addresses. */
export function parseCluster(entries: readonly string[]): { name: string; peerUrls: string[] }[] {
  const members = new Map<string, string[]>()
  for (const entry of entries) {
    const at = entry.indexOf('=')
    if (at < 1) throw new UserError(`--initial-cluster: ${entry} must be NAME=URL`)
    const name = entry.slice(0, at)
    members.set(name, [...(members.get(name) ?? []), entry.slice(at + 1)])
  }
  return [...members].map(([name, peerUrls]) => ({ name, peerUrls }))
}

function tlsFiles(flags: FlagReader, prefix: string): TlsFiles | undefined {
  const certFile = flags.text(`${prefix}cert-file`)
  const keyFile = flags.text(`${prefix}key-file`)
  const trustedCaFile = flags.text(`${prefix}trusted-ca-file`)
  const clientCertAuth = flags.boolean(`${prefix}client-cert-auth`)
  if (!certFile && !keyFile) return undefined
  if (!certFile || !keyFile) throw new UserError(`--${prefix}cert-file and --${prefix}key-file go together`)
  if (clientCertAuth && !trustedCaFile)
    throw new UserError(`--${prefix}client-cert-auth needs --${prefix}trusted-ca-file`)
  return { certFile, keyFile, trustedCaFile, clientCertAuth }
}

/** As etcd: a bare number is hours in periodic mode, revisions in revision mode; 0 is off. */
export function autoCompaction(mode = 'periodic', retention = '0'): EtcdConfig['autoCompaction'] {
  if (retention === '0') return { mode: 'off' }
  if (mode === 'revision') {
    if (!/^\d+$/.test(retention)) throw new UserError('--auto-compaction-retention must be a number of revisions')
    return { mode, retention: Number(retention) }
  }
  if (mode !== 'periodic') throw new UserError('--auto-compaction-mode must be periodic or revision')
  const retentionMs = /^\d+$/.test(retention) ? Number(retention) * HOUR_MS : parseDuration(retention)
  if (!retentionMs) throw new UserError('--auto-compaction-retention must be a duration such as 5m or 1h')
  return { mode, retentionMs }
}
