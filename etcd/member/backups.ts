import type { Clock, Timer } from '../../platform/clock.ts'
import type { Disk } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { type Backup, writeSnapshot } from '../bolt/snapshot.ts'
import type { Machine } from '../mvcc/machine.ts'
import { VERSION } from '../version.ts'
import type { Roster } from './roster.ts'

export interface BackupPlan {
  directory: string
  intervalMs: number
  /** So many stay; older ones are removed. */
  keep: number
}

/** What of a member a backup is made of. */
export interface BackupSource {
  readonly machine: Machine
  readonly roster: Pick<Roster, 'list'>
  readonly revision: number
  readonly term: number
  status(): { applied: number }
}

/** Everything that a backup holds, as it is now. */
export function backupOf(member: BackupSource): Backup {
  const { machine, roster, term } = member
  const { keyspace, lessor } = machine
  return {
    records: [...keyspace.records()],
    compacted: keyspace.compacted,
    leases: [...lessor.all()],
    alarms: machine.alarms(),
    members: roster.list(),
    clusterVersion: VERSION.cluster,
    index: member.status().applied,
    term,
  }
}

const NAME = /^etcd-\d{8}T\d{6}Z-\d+\.db$/

/** Takes a backup now; its path. Whole or not there at all. */
export async function takeBackup(plan: BackupPlan, source: BackupSource, disk: Disk, now: number): Promise<string> {
  await disk.makeDirectory(plan.directory)
  const stamp = new Date(now).toISOString().replace(/[-:]|\.\d+/g, '')
  const path = `${plan.directory}/etcd-${stamp}-${source.revision}.db`
  const aside = `${path}.tmp`
  await disk.remove(aside)
  const file = await disk.open(aside, { create: true, mode: 0o600 })
  try {
    let position = 0
    for (const chunk of writeSnapshot(backupOf(source)).chunks) {
      await file.write(position, [chunk])
      position += chunk.length
    }
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.rename(aside, path)
  await disk.syncDirectory(plan.directory)
  await removeOld(plan, disk)
  return path
}

async function removeOld({ directory, keep }: BackupPlan, disk: Disk): Promise<void> {
  const backups = (await disk.list(directory)).filter(name => NAME.test(name))
  for (const name of backups.slice(0, -keep)) await disk.remove(`${directory}/${name}`)
}

/** Takes backups for as long as the member runs. One that fails is told, and the next is taken all the same. */
export function startBackups(
  plan: BackupPlan,
  source: BackupSource,
  { disk, clock, log }: { disk: Disk; clock: Clock; log: Log },
): { stop(): void } {
  let timer: Timer
  const schedule = () => {
    timer = clock.after(plan.intervalMs, () => {
      schedule()
      takeBackup(plan, source, disk, clock.now()).then(
        path => log.info('took a backup', { path }),
        error => log.error('cannot take a backup', { error, directory: plan.directory }),
      )
    })
  }
  schedule()
  return { stop: () => timer.cancel() }
}
