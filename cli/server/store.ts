import { createRemoteStore } from '../../apiserver/storage/remote.ts'
import type { Store } from '../../apiserver/storage/store.ts'
import type { Clock } from '../../platform/clock.ts'
import type { FlagReader } from '../flags.ts'
import { UserError } from '../output.ts'
import type { ApiserverFlags } from './apiserver-flags.ts'
import type { Links } from './links.ts'

/** The store that --etcd-servers names: the member of this very process where it is meant, else any etcd v3 cluster. */
export async function openStore(flags: FlagReader, files: ApiserverFlags, links: Links, clock: Clock): Promise<Store> {
  const endpoints = flags.list('etcd-servers')
  if (!endpoints?.length) throw new UserError('kube-apiserver needs --etcd-servers')
  const local = links.store
  if (local && endpoints.every(endpoint => local.clientUrls.some(url => sameEndpoint(url, endpoint))))
    return local.open()
  return createRemoteStore({ endpoints, tls: await files.etcdTls(), clock })
}

function sameEndpoint(a: string, b: string): boolean {
  const [left, right] = [new URL(a), new URL(b)]
  return left.port === right.port && left.hostname === right.hostname
}
