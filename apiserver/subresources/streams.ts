import { badRequest } from '../../api/errors.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Call, ResourceCall, Result } from '../call.ts'
import type { Parts } from '../parts.ts'
import { asApiAnswer, forwardRequest } from '../stream/forward.ts'
import { agentAddress, agentPath, type PodStream, requireNodeName } from '../stream/locate.ts'
import { spliceUpgrade, type UpgradeRequest } from '../stream/splice.ts'
import type { StreamTarget } from '../stream/target.ts'
import { nothingHere } from './missing.ts'
import { agentTls, proxyTarget } from './proxy.ts'
import { serveWatchSocket } from './watch-socket.ts'

const UPGRADING = new Set<string>(['exec', 'attach', 'portforward'])
const PROXIED = new Set(['nodes', 'pods', 'services'])

/** A watch; or exec, attach and port-forward, handed through to the agent untouched. Gives the answer's code. */
export async function serveUpgrade(parts: Parts, call: Call, client: UpgradeRequest): Promise<number> {
  if (call.info.verb === 'watch') return serveWatchSocket(parts, call, client)
  const target = await upgradeTarget(parts, call)
  const open = parts.lasting.open(call.info)
  open.value++
  try {
    return await spliceUpgrade(client, target, parts)
  } finally {
    open.value--
  }
}

async function upgradeTarget(parts: Parts, call: Call): Promise<StreamTarget> {
  const { group, plural, subresource } = call.info
  if (group !== '') throw nothingHere()
  if (subresource === 'proxy' && PROXIED.has(plural)) return proxyTarget(parts, call)
  if (plural !== 'pods' || !UPGRADING.has(subresource)) throw nothingHere()
  return agentTarget(parts, call, subresource as PodStream)
}

/** The same paths without a wish to change the protocol. */
export async function refusePlain(): Promise<Result> {
  throw badRequest('Upgrade request required')
}

/** pods/log: the agent's answer as it comes, for as long as it comes. */
export async function serveLog(parts: Parts, call: ResourceCall): Promise<Result> {
  const target = await agentTarget(parts, call, 'log')
  const response = await asApiAnswer(await forwardRequest(call.request, target, parts))
  return { type: 'response', response }
}

async function agentTarget(parts: Parts, { info, request }: Call, stream: PodStream): Promise<StreamTarget> {
  const pods = parts.catalog.find('', 'v1', 'pods')!
  const pod = (await parts.objects.get(pods, info.namespace, info.name)).object<Pod>()
  const path = agentPath(stream, pod, request.query)
  const nodes = parts.catalog.find('', 'v1', 'nodes')!
  const node = (await parts.objects.get(nodes, '', requireNodeName(pod))).shared<Node>()
  return { ...agentAddress(node), path, tls: agentTls(parts) }
}
