import { type Disk, readTextIfAny } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import type { Processes } from '../../platform/processes.ts'

const SETTING = '/proc/sys/net/bridge/bridge-nf-call-iptables'

/**
 * Whether packets between two pods of this node pass the packet filter as well. If not, what a pod answers to another that
 * came by a Service would go straight back over the bridge, from an address that was never asked.
 */
export const bridgeIsFiltered = async (disk: Disk): Promise<boolean> =>
  (await readTextIfAny(disk, SETTING))?.trim() === '1'

/** Has the kernel do so where its modules are in reach; in a container they are not, and there is another way. */
export async function filterBridge(disk: Disk, processes: Processes, log: Log): Promise<void> {
  if (await bridgeIsFiltered(disk)) return
  try {
    await processes.run('modprobe', ['br_netfilter'])
    await processes.run('sysctl', ['-q', '-w', 'net.bridge.bridge-nf-call-iptables=1'])
  } catch (error) {
    log.info('the bridge cannot be filtered: pods reach Services of their own node by its address', { error })
  }
}
