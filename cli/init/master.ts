import type { ClusterPki } from '../../pki/cluster.ts'

/** How long a node may be silent before it counts as lost, and how long pods stay on one that is lost or not ready. */
export interface LostNodes {
  gracePeriod: string
  notReadySeconds: number
  unreachableSeconds: number
}

/** Kubernetes waits five minutes for a lost node: with two or three of them, nobody wants to. */
export const FEW_VMS: LostNodes = { gracePeriod: '40s', notReadySeconds: 60, unreachableSeconds: 60 }

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
  /** By default as it suits a few VMs. */
  lostNodes?: LostNodes
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
