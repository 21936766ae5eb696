import type { HostPort } from '../facts.ts'
import type { NodeInfo } from '../picture.ts'
import type { Filter } from '../plugin.ts'
import { type Amounts, amountOf } from '../resources.ts'

/** Whether what the pod asks for is still free; of extended resources some may be nobody's business here. */
export function nodeResourcesFit(isIgnored: (resource: string) => boolean = () => false): Filter {
  return {
    name: 'NodeResourcesFit',
    forPod({ requests }) {
      const { cpu, memory, storage, others } = requests
      const asked = askedResources(requests, isIgnored)
      // Asked of every node for every pod: nearly all of them have room, and for them nothing is made.
      return info => {
        const { requested, allocatable } = info
        const hasRoom =
          info.pods.size < info.maxPods &&
          (cpu === 0 || requested.cpu + cpu <= allocatable.cpu) &&
          (memory === 0 || requested.memory + memory <= allocatable.memory) &&
          (storage === 0 || requested.storage + storage <= allocatable.storage)
        return hasRoom && !others ? undefined : refusalOf(info, requests, asked)
      }
    },
  }
}

function refusalOf(info: NodeInfo, requests: Amounts, asked: readonly string[]) {
  const lacking = asked.filter(resource => lacks(info, requests, resource))
  const isFull = info.pods.size + 1 > info.maxPods
  if (lacking.length === 0 && !isFull) return undefined
  const reasons = lacking.map(resource => `Insufficient ${resource}`)
  if (isFull) reasons.unshift('Too many pods')
  const isFinal = lacking.some(resource => amountOf(requests, resource) > amountOf(info.allocatable, resource))
  return { reasons, isFinal }
}

function askedResources(requests: Amounts, isIgnored: (resource: string) => boolean): string[] {
  const others = [...(requests.others?.keys() ?? [])].filter(resource => !isIgnored(resource))
  const asked = ['cpu', 'memory', 'ephemeral-storage', ...others]
  return asked.filter(resource => amountOf(requests, resource) > 0)
}

function lacks(info: NodeInfo, requests: Amounts, resource: string): boolean {
  return amountOf(info.requested, resource) + amountOf(requests, resource) > amountOf(info.allocatable, resource)
}

export const nodePorts: Filter = {
  name: 'NodePorts',
  forPod({ hostPorts }) {
    if (hostPorts.length === 0) return undefined
    const refusal = { reasons: ["node(s) didn't have free ports for the requested pod ports"], isFinal: false }
    return info => (hostPorts.some(port => isTaken(info, port)) ? refusal : undefined)
  },
}

/** A port on all addresses collides with the same port on any. */
function isTaken(info: NodeInfo, { ip, protocol, port }: HostPort): boolean {
  if (info.hostPorts.size === 0) return false
  const prefix = `${protocol}/${port}/`
  if (info.hostPorts.has(`${prefix}0.0.0.0`) || info.hostPorts.has(`${prefix}${ip}`)) return true
  return ip === '0.0.0.0' && [...info.hostPorts.keys()].some(key => key.startsWith(prefix))
}
