import type { Member } from '../member.ts'
import { VERSION } from '../version.ts'

type Row = [name: string, type: 'gauge' | 'counter', help: string, value: number]

/** The numbers of etcd's names that this store has, in Prometheus' text format. */
export function metricsText(member: Member): string {
  const version = `# HELP etcd_server_version Which version is running. 1 for 'server_version' label with current version.
# TYPE etcd_server_version gauge
etcd_server_version{server_version="${VERSION.server}"} 1
`
  return version + rows(member).map(describe).join('')
}

function rows(member: Member): Row[] {
  const { commit, applied, leader } = member.status()
  const { keyspace, hub, lessor } = member.machine
  const { rss } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  return [
    ['etcd_server_has_leader', 'gauge', 'Whether or not a leader exists. 1 is existence, 0 is not.', leader ? 1 : 0],
    [
      'etcd_server_is_leader',
      'gauge',
      'Whether or not this member is a leader. 1 if is, 0 otherwise.',
      member.isLeader ? 1 : 0,
    ],
    ['etcd_server_leader_changes_seen_total', 'counter', 'The number of leader changes seen.', member.leaderChanges],
    ['etcd_server_proposals_committed_total', 'gauge', 'The total number of consensus proposals committed.', commit],
    ['etcd_server_proposals_applied_total', 'gauge', 'The total number of consensus proposals applied.', applied],
    [
      'etcd_server_proposals_pending',
      'gauge',
      'The current number of pending proposals to commit.',
      member.pendingCount,
    ],
    ['etcd_server_quota_backend_bytes', 'gauge', 'Current backend storage quota size in bytes.', member.quotaBytes],
    ['etcd_mvcc_db_total_size_in_bytes', 'gauge', 'Total size of the data held, in bytes.', keyspace.size],
    ['etcd_mvcc_db_total_size_in_use_in_bytes', 'gauge', 'Total size of the data in use, in bytes.', keyspace.size],
    ['etcd_debugging_mvcc_keys_total', 'gauge', 'Total number of keys.', keyspace.keyCount],
    ['etcd_debugging_mvcc_current_revision', 'gauge', 'The current revision of store.', keyspace.revision],
    [
      'etcd_debugging_mvcc_compact_revision',
      'gauge',
      'The revision of the last compaction.',
      Math.max(0, keyspace.compacted),
    ],
    ['etcd_debugging_mvcc_watcher_total', 'gauge', 'Total number of watchers.', hub.watcherCount],
    ['etcd_debugging_lease_total', 'gauge', 'Total number of leases.', lessor.count],
    ['process_resident_memory_bytes', 'gauge', 'Resident memory size in bytes.', rss],
    ['process_cpu_seconds_total', 'counter', 'Total user and system CPU time spent in seconds.', (user + system) / 1e6],
  ]
}

function describe([name, type, help, value]: Row): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${name} ${value}\n`
}
