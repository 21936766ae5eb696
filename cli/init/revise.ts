import { type Component, type Flags, manifestPath } from '../manifests.ts'
import { UserError } from '../output.ts'

/** Manifests belong to the user once they are there; what a second init may change in them, and what it must not. */

/** What a cluster is built on, and the option of init that sets it. */
const LASTING: Partial<Record<Component, Readonly<Record<string, string>>>> = {
  'kube-apiserver': {
    'secure-port': '--apiserver-bind-port',
    'service-cluster-ip-range': '--service-cidr',
    'etcd-servers': '--etcd-servers or --etcd-port',
  },
  'kube-controller-manager': { 'cluster-cidr': '--pod-network-cidr' },
}

/** Refuses an init that was told something else than the manifest it would leave as it is, naming both. */
export function refuseConflict(component: Component, present: Flags, wanted: Flags, directory: string): void {
  for (const [flag, option] of Object.entries(LASTING[component] ?? {})) {
    const [is, asked] = [present.get(flag), wanted.get(flag)]
    if (is === asked) continue
    throw new UserError(
      `${manifestPath(directory, component)} has --${flag}=${is ?? ''}, and this init would have --${flag}=${asked ?? ''}`,
      `give init the same as before (${option}), or start anew: 'kubox reset' and 'kubox init'`,
    )
  }
}

/** The same flags for a master that has moved: the former address is replaced wherever it stands as a whole. */
export function movedFlags(present: Flags, from: string, to: string): Flags {
  const address = new RegExp(`(?<![\\d.])${from.replaceAll('.', '\\.')}(?![\\d.])`, 'g')
  return new Map([...present].map(([name, value]) => [name, value.replace(address, to)]))
}
