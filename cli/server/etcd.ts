import { createEmbeddedStore } from '../../apiserver/storage/embedded.ts'
import { startEtcd as startMember } from '../../etcd/start.ts'
import type { Log } from '../../platform/log.ts'
import { ETCD_FLAGS, etcdConfig } from '../etcd/config.ts'
import { FlagReader } from '../flags.ts'
import type { Flags } from '../manifests.ts'
import type { Tools } from '../tools.ts'
import type { Running } from './control-plane.ts'
import type { Links } from './links.ts'

/** The built-in store: one member in this process, whose API etcdctl speaks to on the client addresses. */
export async function startEtcd(
  flags: Flags,
  links: Links,
  tools: Tools,
  log: Log,
  onFailure: (error: unknown) => void,
): Promise<Running> {
  const { disk, clock, random, layout } = tools
  const config = etcdConfig(FlagReader.forComponent('etcd', flags, ETCD_FLAGS, layout.manifests))
  const { member, stop } = await startMember(config, { disk, clock, random, log, onFailure })
  await member.ready()
  links.store = { clientUrls: config.listenClientUrls, open: () => createEmbeddedStore(member, async () => {}) }
  return {
    async stop() {
      links.store = undefined
      await stop()
    },
  }
}
