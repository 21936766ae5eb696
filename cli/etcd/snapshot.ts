import { createHash } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { readFile, rename, rm } from 'node:fs/promises'
import type { Command } from 'commander'
import { readSnapshot } from '../../etcd/bolt/snapshot.ts'
import { saveSnapshot } from '../../etcd/client/snapshot.ts'
import { restoreMember } from '../../etcd/member/restore.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { openLog } from '../../platform/log.ts'
import { FlagReader } from '../flags.ts'
import { UserError } from '../output.ts'
import { ETCD_FLAGS, etcdConfig } from './config.ts'

/** `kubox etcd snapshot save|restore|status FILE`: etcd's own backup files. */
export function snapshotCommand(parent: Command): void {
  const snapshot = parent.command('snapshot').description("etcd's backup files: save, restore, look into")
  snapshot
    .command('save <file>')
    .description('take a backup of a running store')
    .option('--endpoints <list>', 'where the store listens', '127.0.0.1:2379')
    .option('--cacert <file>', 'CA that signed the certificate of the store')
    .option('--cert <file>', 'client certificate')
    .option('--key <file>', 'its key')
    .action(save)
  snapshot
    .command('restore <file>')
    .description(
      'make the data directory of a new member from a backup; takes --data-dir, --name, --initial-cluster, ' +
        '--initial-cluster-token and --initial-advertise-peer-urls as the etcd command does',
    )
    .option('--skip-hash-check', 'the file is a database copied from a data directory')
    .action((file, options) => restore(file, parent.opts(), options.skipHashCheck === true))
  snapshot.command('status <file>').description('what a backup holds').action(status)
}

async function save(file: string, options: Record<string, string>): Promise<void> {
  const read = async (path: string | undefined) => (path ? await readFile(path) : undefined)
  const [ca, cert, key] = await Promise.all([options.cacert, options.cert, options.key].map(read))
  const tls = ca || cert ? { ca, cert, key } : undefined
  const endpoints = options.endpoints!.split(',').map(each => withScheme(each, tls !== undefined))
  const part = `${file}.part`
  try {
    const out = createWriteStream(part, { mode: 0o600, flush: true })
    const size = await saveSnapshot({ endpoints, tls, clock: systemClock }, out)
    await rename(part, file)
    console.log(`Snapshot saved at ${file} (${size} bytes)`)
  } finally {
    await rm(part, { force: true })
  }
}

function withScheme(endpoint: string, secure: boolean): string {
  return endpoint.includes('://') ? endpoint : `${secure ? 'https' : 'http'}://${endpoint}`
}

async function restore(file: string, flags: Record<string, string>, skipHash: boolean): Promise<void> {
  const config = etcdConfig(new FlagReader(new Map(Object.entries(flags)), ETCD_FLAGS, 'kubox etcd snapshot restore'))
  const { dataDirectory, name, advertisePeerUrls: peerUrls } = config
  if ((await systemDisk.list(dataDirectory)).length > 0) throw new UserError(`${dataDirectory} exists and is not empty`)
  const content = readSnapshot(await readFile(file), skipHash)
  const log = openLog('etcd', 'warn')
  await restoreMember(
    { ...config, disk: systemDisk, log, directory: `${dataDirectory}/member`, peerUrls },
    config.initialCluster ?? [{ name, peerUrls }],
    content,
  )
  console.log(`restored revision ${content.revision} into ${dataDirectory}`)
}

async function status(file: string): Promise<void> {
  const bytes = await readFile(file)
  const { revision, records, compacted, leases } = readSnapshot(bytes)
  const keys = new Set(records.filter(record => !record.deleted).map(record => record.key)).size
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, 8)
  console.log(`digest ${digest}, revision ${revision}, compacted to ${Math.max(0, compacted)}`)
  console.log(`${keys} keys in ${records.length} revisions, ${leases.length} leases, ${bytes.length} bytes`)
}
