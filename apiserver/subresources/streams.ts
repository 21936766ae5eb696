import { ApiError, badRequest } from '../../api/errors.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Call, Parts, ResourceCall, Result } from '../parts.ts'
import { asApiAnswer, forwardRequest } from '../stream/forward.ts'
import { agentAddress, agentPath, type PodStream, requireNodeName } from '../stream/locate.ts'
import { spliceUpgrade, type UpgradeRequest } from '../stream/splice.ts'
import type { StreamTarget } from '../stream/target.ts'
import { nothingHere } from './missing.ts'

const UPGRADING = new Set<string>(['exec', 'attach', 'portforward'])

/** exec, attach and port-forward: the connection is handed through to the agent untouched. */
export async function serveUpgrade(parts: Parts, call: Call, client: UpgradeRequest): Promise<void> {
  const { info } = call
  if (info.group !== '' || info.plural !== 'pods' || !UPGRADING.has(info.subresource)) throw nothingHere()
  const target = await agentTarget(parts, call, info.subresource as PodStream)
  await spliceUpgrade(client, target, parts)
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
  if (!parts.kubeletClient) throw new ApiError('InternalError', 'this server has no certificate to show to agents')
  const { certificate, key, ca } = parts.kubeletClient
  return { ...agentAddress(node), path, tls: { cert: certificate, key, ca } }
}
