import { join } from 'node:path'

/** Where everything lies on a machine, with the names that kubeadm's users know. */
export interface Layout {
  root: string
  /** admin.conf, kubelet.conf and friends. */
  kubernetes: string
  pki: string
  manifests: string
  kubelet: string
  etcd: string
  podLogs: string
  /** Where the class local-path has its volumes, unless it names another folder. */
  volumes: string
  /** Diaries of our own daemons. */
  logs: string
  /** Process ids; gone after a reboot. */
  run: string
}

/** The machine itself, or the same tree under another root: several clusters on one machine, for tests. */
export function layoutUnder(root = '/'): Layout {
  return {
    root,
    kubernetes: join(root, 'etc/kubernetes'),
    pki: join(root, 'etc/kubernetes/pki'),
    manifests: join(root, 'etc/kubernetes/manifests'),
    kubelet: join(root, 'var/lib/kubelet'),
    etcd: join(root, 'var/lib/etcd'),
    podLogs: join(root, 'var/log/pods'),
    volumes: join(root, 'var/lib/kubox'),
    logs: join(root, 'var/log/kubox'),
    run: join(root, 'run/kubox'),
  }
}
