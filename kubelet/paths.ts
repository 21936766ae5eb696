import { join } from 'node:path'

/** Where things of pods lie: the same places as with Kubernetes. */
export interface Paths {
  /** /var/lib/kubelet */
  root: string
  /** /etc/kubernetes/manifests */
  manifests: string
  /** /var/log/pods */
  podLogs: string
}

interface Named {
  name: string
  namespace: string
  uid: string
}

export function podDirectory(paths: Paths, uid: string): string {
  return join(paths.root, 'pods', uid)
}

export function hostsFile(paths: Paths, uid: string): string {
  return join(podDirectory(paths, uid), 'etc-hosts')
}

export function resolvFile(paths: Paths, uid: string): string {
  return join(podDirectory(paths, uid), 'resolv.conf')
}

/** A file a container attempt may leave its last words in. */
export function terminationFile(paths: Paths, uid: string, container: string, attempt: number): string {
  return join(podDirectory(paths, uid), 'containers', container, String(attempt))
}

export function logDirectory(paths: Paths, { namespace, name, uid }: Named): string {
  return join(paths.podLogs, `${namespace}_${name}_${uid}`)
}

export function logLink(paths: Paths, pod: Named, container: string, attempt: number): string {
  return join(logDirectory(paths, pod), container, `${attempt}.log`)
}
