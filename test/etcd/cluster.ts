import { freePorts } from '../support/ports.ts'
import { EtcdProcess, KUBOX_ETCD } from './servers.ts'

/** Members of one cluster, each a process. */
export async function startMembers(count: number, extraFlags: readonly string[] = []): Promise<EtcdProcess[]> {
  const ports = await freePorts(2 * count)
  const specs = Array.from({ length: count }, (_, i) => ({
    name: `m${i + 1}`,
    clientPort: ports[2 * i]!,
    peerPort: ports[2 * i + 1]!,
  }))
  const initial = specs.map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`).join()
  const flags = ['--initial-cluster', initial, ...extraFlags]
  const members = await Promise.all(specs.map(spec => EtcdProcess.launch({ ...spec, command: KUBOX_ETCD, flags })))
  await Promise.all(members.map(member => member.ready()))
  return members
}

/** A member that joins a running cluster; the cluster has been told of it. */
export async function joinMember(
  name: string,
  members: readonly EtcdProcess[],
  own: { clientPort: number; peerPort: number },
) {
  const initial = [...members.map(({ spec }) => spec), { name, ...own }]
    .map(spec => `${spec.name}=http://127.0.0.1:${spec.peerPort}`)
    .join()
  const flags = ['--initial-cluster', initial, '--initial-cluster-state', 'existing']
  return EtcdProcess.launch({ name, ...own, command: KUBOX_ETCD, flags })
}
