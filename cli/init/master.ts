import type { ClusterPki } from '../../pki/cluster.ts'

export interface InitOptions {
  advertiseAddress?: string
  bindPort: number
  nodeName?: string
  podNetworkCidr: string
  serviceCidr: string
  dnsDomain: string
  extraNames: string[]
  failSwapOn: boolean
  fixSwap: boolean
  etcdClientPort: number
  etcdPeerPort: number
  /** Real etcd, or any cluster that speaks its API, instead of the built-in store. */
  etcdServers?: string
  kubeletPort: number
  /** How long a node may be silent before it counts as lost, and its pods stay on it then. */
  nodeMonitorGracePeriod: string
  notReadyTolerationSeconds: number
  unreachableTolerationSeconds: number
  podNetwork: string
}

export interface Master {
  nodeName: string
  address: string
  endpoint: string
  server: string
  pki: ClusterPki
  options: InitOptions
}
