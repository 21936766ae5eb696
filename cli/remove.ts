import type { ContainerRuntime } from '../kubelet/runtime.ts'
import { iptablesFilter } from '../network/filter/filter.ts'
import { chainsOf } from '../network/services/rules.ts'
import { type Processes, runChecked } from '../platform/processes.ts'
import type { Tools } from './tools.ts'

/** What a node leaves on its machine besides files: containers, their network, mounts, routes, filter rules. */
export interface Leftovers {
  nodeName: string
  podNetwork: string
}

const OUR_ROUTES = '107'

/** Ends and removes every container of a node; returns how many there were. */
export async function removeContainers(runtime: ContainerRuntime, nodeName: string): Promise<number> {
  const containers = await runtime.list({ 'io.kubox.node': nodeName })
  await Promise.all(containers.map(({ id }) => runtime.remove(id)))
  return containers.length
}

/** Takes back what the agent changed outside of its own folders. */
export async function removeTraces(leftovers: Leftovers, runtime: ContainerRuntime, tools: Tools): Promise<void> {
  await unmountBelow(tools.layout.kubelet, tools.processes)
  await runtime.removeNetwork(leftovers.podNetwork)
  await runChecked(tools.processes, 'ip', ['-4', 'route', 'flush', 'proto', OUR_ROUTES])
  const filter = iptablesFilter(tools.processes)
  const { prefix } = chainsOf(leftovers.podNetwork)
  for (const table of ['filter', 'nat']) await filter.remove(table, prefix)
}

/** Memory-backed volumes are mounts: files below them cannot be removed before they are. */
async function unmountBelow(folder: string, processes: Processes): Promise<void> {
  const mounts = await runChecked(processes, 'cat', ['/proc/self/mounts'])
  const points = mounts.split('\n').map(line => line.split(' ')[1] ?? '')
  for (const point of points.filter(path => path.startsWith(`${folder}/`)).reverse()) {
    await runChecked(processes, 'umount', [point.replaceAll('\\040', ' ')])
  }
}
