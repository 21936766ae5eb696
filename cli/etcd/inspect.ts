import type { Command } from 'commander'
import { Command as StoreCommand } from '../../etcd/mvcc/command.ts'
import { decodeChange } from '../../etcd/raft/membership.ts'
import type { Entry } from '../../etcd/raft/message.ts'
import { SnapshotStore } from '../../etcd/snapshot/store.ts'
import { readSegments, replay, type SegmentReading, WalDamageError } from '../../etcd/wal/replay.ts'
import { systemDisk } from '../../platform/disk.ts'
import { table, UserError } from '../output.ts'

/** `kubox etcd inspect DIR`: what a member's files hold, without changing them. The member should not run. */
export function inspectCommand(parent: Command): void {
  parent
    .command('inspect <directory>')
    .description("read a member's log offline: entries, terms, what is torn")
    .option('--entries', 'list every entry')
    .action((directory, options) => inspect(directory, options.entries === true))
}

async function inspect(directory: string, listEntries: boolean): Promise<void> {
  const root = (await systemDisk.list(`${directory}/member`)).length > 0 ? `${directory}/member` : directory
  try {
    const readings = await readSegments(systemDisk, `${root}/wal`)
    if (readings.length === 0) throw new UserError(`there is no log in ${root}/wal`)
    await describe(root, readings, listEntries)
  } catch (error) {
    if (!(error instanceof WalDamageError)) throw error
    throw new UserError(error.message)
  }
}

async function describe(root: string, readings: readonly SegmentReading[], listEntries: boolean): Promise<void> {
  const { metadata, hardState, snapshots, entries } = replay(readings)
  console.log(`member   ${Buffer.from(metadata)}`)
  console.log(`state    term ${hardState.term}, vote ${hardState.vote || 'none'}, commit ${hardState.commit}`)
  console.log(`entries  ${entries.length === 0 ? 'none' : `${spanOf(entries)}, terms ${termsOf(entries)}`}\n`)
  console.log(table([['SEGMENT', 'RECORDS', 'BYTES', 'ENTRIES', 'TERMS', 'TAIL'], ...readings.map(segmentRow)]))
  const store = new SnapshotStore(systemDisk, `${root}/snap`)
  const rows: string[][] = []
  for (const snapshot of snapshots) {
    const members = snapshot.members.map(member => member.id).join()
    rows.push([String(snapshot.index), String(snapshot.term), members, (await store.problem(snapshot)) ?? 'good'])
  }
  if (rows.length > 0) console.log(`\n${table([['SNAPSHOT', 'TERM', 'MEMBERS', 'CONDITION'], ...rows])}`)
  if (listEntries) console.log(`\n${table([['INDEX', 'TERM', 'ENTRY'], ...entries.map(entryRow)])}`)
}

function segmentRow({ name, scan, size }: SegmentReading): string[] {
  const entries = scan.records.flatMap(({ record }) => (record.type === 'entry' ? record.entry : []))
  const torn = `torn: a write was cut at offset ${scan.end} and never acknowledged`
  const span = entries.length === 0 ? ['-', '-'] : [spanOf(entries), termsOf(entries)]
  return [
    name.file,
    String(scan.records.length),
    `${scan.end} of ${size}`,
    ...span,
    scan.tail === 'torn' ? torn : scan.tail,
  ]
}

function spanOf(entries: readonly Entry[]): string {
  return `${entries[0]!.index} to ${entries.at(-1)!.index}`
}

function termsOf(entries: readonly Entry[]): string {
  return [...new Set(entries.map(entry => entry.term))].join()
}

function entryRow(entry: Entry): string[] {
  return [String(entry.index), String(entry.term), summary(entry)]
}

function summary({ type, data }: Entry): string {
  if (type === 'config') {
    const change = decodeChange(data)
    return `membership: ${change.type} ${change.id}`
  }
  if (data.length === 0) return 'a leader began its term'
  const command = StoreCommand.decode(data)
  if (command.put) return `put ${JSON.stringify(command.put.key)} (${command.put.value.length} bytes)`
  if (command.deleteRange) return `delete ${JSON.stringify(command.deleteRange.key)}`
  if (command.txn) return `transaction (${command.txn.success.length}/${command.txn.failure.length} operations)`
  if (command.compaction) return `compact to ${command.compaction.revision}`
  if (command.leaseGrant) return `grant lease ${command.leaseGrant.id.toString(16)} (${command.leaseGrant.ttl} s)`
  if (command.leaseRevoke) return `revoke lease ${command.leaseRevoke.id.toString(16)}`
  return command.alarm ? 'alarm' : 'remaining times of leases'
}
