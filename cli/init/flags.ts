import { join } from 'node:path'
import type { Layout } from '../layout.ts'
import type { Component, Flags } from '../manifests.ts'
import { FEW_VMS, type Master } from './master.ts'

/** What flags are made of. */
export type FlagSource = Pick<Master, 'nodeName' | 'address' | 'options'>

/** The flags that a new master's components begin with, as kubeadm sets them. */
export function masterFlags(component: Component, master: FlagSource, layout: Layout): Flags {
  const pki = (name: string) => join(layout.pki, name)
  const config = (name: string) => join(layout.kubernetes, name)
  const tables: Record<Component, () => Record<string, string | number>> = {
    etcd: () => etcdFlags(master, layout, pki),
    'kube-apiserver': () => apiserverFlags(master, pki),
    'kube-controller-manager': () => controllerFlags(master, pki, config),
    'kube-scheduler': () => ({ kubeconfig: config('scheduler.conf'), 'leader-elect': 'true' }),
  }
  return new Map(Object.entries(tables[component]()).map(([name, value]) => [name, String(value)]))
}

type Path = (name: string) => string

function etcdFlags(master: FlagSource, layout: Layout, pki: Path) {
  const { etcdClientPort, etcdPeerPort } = master.options
  const peerUrl = `https://${master.address}:${etcdPeerPort}`
  const hosts = new Set(['127.0.0.1', master.address])
  return {
    name: master.nodeName,
    'data-dir': layout.etcd,
    'listen-client-urls': Array.from(hosts, host => `https://${host}:${etcdClientPort}`).join(','),
    'advertise-client-urls': `https://${master.address}:${etcdClientPort}`,
    'listen-peer-urls': peerUrl,
    'initial-advertise-peer-urls': peerUrl,
    'initial-cluster': `${master.nodeName}=${peerUrl}`,
    'client-cert-auth': 'true',
    'cert-file': pki('etcd/server.crt'),
    'key-file': pki('etcd/server.key'),
    'trusted-ca-file': pki('etcd/ca.crt'),
    'peer-client-cert-auth': 'true',
    'peer-cert-file': pki('etcd/peer.crt'),
    'peer-key-file': pki('etcd/peer.key'),
    'peer-trusted-ca-file': pki('etcd/ca.crt'),
  }
}

function apiserverFlags(master: FlagSource, pki: Path) {
  const { options } = master
  const { lostNodes = FEW_VMS } = options
  return {
    'advertise-address': master.address,
    'secure-port': options.bindPort,
    'authorization-mode': 'Node,RBAC',
    'enable-bootstrap-token-auth': 'true',
    'client-ca-file': pki('ca.crt'),
    'tls-cert-file': pki('apiserver.crt'),
    'tls-private-key-file': pki('apiserver.key'),
    'etcd-servers': options.etcdServers ?? `https://127.0.0.1:${options.etcdClientPort}`,
    'etcd-cafile': pki('etcd/ca.crt'),
    'etcd-certfile': pki('apiserver-etcd-client.crt'),
    'etcd-keyfile': pki('apiserver-etcd-client.key'),
    'kubelet-client-certificate': pki('apiserver-kubelet-client.crt'),
    'kubelet-client-key': pki('apiserver-kubelet-client.key'),
    'kubelet-preferred-address-types': 'InternalIP,ExternalIP,Hostname',
    'proxy-client-cert-file': pki('front-proxy-client.crt'),
    'proxy-client-key-file': pki('front-proxy-client.key'),
    'requestheader-client-ca-file': pki('front-proxy-ca.crt'),
    'requestheader-allowed-names': 'front-proxy-client',
    'requestheader-username-headers': 'X-Remote-User',
    'requestheader-group-headers': 'X-Remote-Group',
    'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
    'service-account-issuer': `https://kubernetes.default.svc.${options.dnsDomain}`,
    'service-account-key-file': pki('sa.pub'),
    'service-account-signing-key-file': pki('sa.key'),
    'service-cluster-ip-range': options.serviceCidr,
    'default-not-ready-toleration-seconds': lostNodes.notReadySeconds,
    'default-unreachable-toleration-seconds': lostNodes.unreachableSeconds,
  }
}

function controllerFlags(master: FlagSource, pki: Path, config: Path) {
  return {
    kubeconfig: config('controller-manager.conf'),
    'leader-elect': 'true',
    'allocate-node-cidrs': 'true',
    'cluster-cidr': master.options.podNetworkCidr,
    'cluster-signing-cert-file': pki('ca.crt'),
    'cluster-signing-key-file': pki('ca.key'),
    'root-ca-file': pki('ca.crt'),
    'service-account-private-key-file': pki('sa.key'),
    'service-cluster-ip-range': master.options.serviceCidr,
    'node-monitor-grace-period': (master.options.lostNodes ?? FEW_VMS).gracePeriod,
  }
}
