import { startEtcd } from '../../etcd/start.ts'
import { systemClock } from '../../platform/clock.ts'
import { systemDisk } from '../../platform/disk.ts'
import { type LogLevel, openLog } from '../../platform/log.ts'
import { systemRandom } from '../../platform/random.ts'
import { FlagReader } from '../flags.ts'
import { ETCD_FLAGS, etcdConfig } from './config.ts'

/** Runs until a signal asks for the end, or the member must stop. */
export async function runMember(flags: Map<string, string>): Promise<void> {
  const reader = new FlagReader(flags, ETCD_FLAGS, 'kubox etcd')
  const config = etcdConfig(reader)
  const log = openLog('etcd', (reader.text('log-level') ?? 'info') as LogLevel)
  const ended = Promise.withResolvers<void>()
  const machinery = { disk: systemDisk, clock: systemClock, random: systemRandom, log, onFailure: ended.reject }
  const running = await startEtcd(config, machinery)
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      log.info('stopping', { signal })
      ended.resolve()
    })
  }
  const { id, clusterId } = running.member
  log.info('serving clients', { member: id, cluster: clusterId, urls: config.listenClientUrls })
  try {
    await ended.promise
  } finally {
    await running.stop()
  }
}
