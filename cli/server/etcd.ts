import { createEmbeddedStore } from '../../apiserver/storage/embedded.ts'
import { openMember } from '../../etcd/member.ts'
import type { Log } from '../../platform/log.ts'
import { FlagReader, type FlagTable } from '../flags.ts'
import type { Flags } from '../manifests.ts'
import { UserError } from '../output.ts'
import type { Tools } from '../tools.ts'
import type { Running } from './control-plane.ts'
import type { Links } from './links.ts'

export const ETCD_FLAGS: FlagTable = {
  name: 'text',
  'data-dir': 'text',
  'listen-client-urls': 'list',
  'advertise-client-urls': 'list',
  'listen-peer-urls': 'list',
  'initial-advertise-peer-urls': 'list',
  'initial-cluster': 'map',
  'client-cert-auth': 'boolean',
  'cert-file': 'text',
  'key-file': 'text',
  'trusted-ca-file': 'text',
  'peer-client-cert-auth': 'boolean',
  'peer-cert-file': 'text',
  'peer-key-file': 'text',
  'peer-trusted-ca-file': 'text',
}

/** The built-in store: one member in this process. */
export async function startEtcd(flags: Flags, links: Links, tools: Tools, log: Log): Promise<Running> {
  const { disk, clock, random, layout } = tools
  const reader = FlagReader.forComponent('etcd', flags, ETCD_FLAGS, layout.manifests)
  const directory = reader.text('data-dir')
  if (!directory) throw new UserError('etcd needs --data-dir')
  const clientUrls = reader.list('listen-client-urls') ?? []
  const member = await openMember({
    name: reader.text('name') ?? 'default',
    directory,
    disk,
    clock,
    random,
    log,
    peerUrls: reader.list('initial-advertise-peer-urls'),
    clientUrls: reader.list('advertise-client-urls'),
  })
  await member.ready()
  links.store = { clientUrls, open: () => createEmbeddedStore(member, async () => {}) }
  return {
    async stop() {
      links.store = undefined
      await member.close()
    },
  }
}
