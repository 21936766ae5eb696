import { freePorts } from '../support/ports.ts'
import { EtcdProcess, KUBOX_ETCD } from './servers.ts'

/** Members of one cluster, each a process. */
export async function startMembers(
  count: number,
  { command = KUBOX_ETCD, flags: extraFlags = [] }: { command?: readonly string[]; flags?: readonly string[] } = {},
): Promise<EtcdProcess[]> {
  const ports = await freePorts(2 * count)
  const specs = Array.from({ length: count }, (_, i) => ({
    name: `m${i + 1}`,
    clientPort: ports[2 * i]!,
    peerPort: ports[2 * i + 1]!,
  }))
  const initial = specs.map(({ name, peerPort }) => `${name}=http://127.0.0.1:${peerPort}`).join()
  const flags = ['--initial-cluster', initial, ...extraFlags]
  const members = await Promise.all(specs.map(spec => EtcdProcess.launch({ ...spec, command, flags })))
  await Promise.all(members.map(member => member.ready()))
  return members
}
