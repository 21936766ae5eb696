import { ApiError } from '../../api/errors.ts'
import type { Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { randomBelow } from '../../platform/random.ts'
import type { Call, ResourceCall, Result } from '../call.ts'
import type { Parts } from '../parts.ts'
import { prefixEnd, storageKey } from '../storage/keys.ts'
import { forwardProxied, nodeProxyTarget, parseProxyName, podProxyTarget, serviceProxyTarget } from '../stream/proxy.ts'
import type { StreamTarget, TargetTls } from '../stream/target.ts'

/** nodes/proxy, pods/proxy and services/proxy: any request, passed on to what listens there. */
export async function serveProxy(parts: Parts, call: ResourceCall): Promise<Result> {
  const { rest, path } = call.info
  const prefix = rest === '' ? path : path.slice(0, -rest.length)
  const response = await forwardProxied(call.request, await proxyTarget(parts, call), prefix, parts)
  return { type: 'response', response }
}

export async function proxyTarget(parts: Parts, { info, request }: Call): Promise<StreamTarget> {
  const rest = request.query.size > 0 ? `${info.rest}?${request.query}` : info.rest
  switch (info.plural) {
    case 'nodes': {
      const name = parseProxyName(info.name, 'node')
      return nodeProxyTarget(await find<Node>(parts, 'nodes', '', name.name), name, rest, agentTls(parts))
    }
    case 'pods': {
      const name = parseProxyName(info.name, 'pod')
      return podProxyTarget(await find<Pod>(parts, 'pods', info.namespace, name.name), name, rest)
    }
    default: {
      const name = parseProxyName(info.name, 'service')
      const service = await find<Service>(parts, 'services', info.namespace, name.name)
      const slices = slicesOf(parts, info.namespace, name.name)
      return serviceProxyTarget(service, slices, name, rest, count => randomBelow(parts.random, count))
    }
  }
}

/** What the server shows to agents, and whose signature it expects of them. */
export function agentTls({ kubeletClient }: Parts): TargetTls {
  if (!kubeletClient) throw new ApiError('InternalError', 'this server has no certificate to show to agents')
  return { cert: kubeletClient.certificate, key: kubeletClient.key, ca: kubeletClient.ca }
}

async function find<T>(parts: Parts, plural: string, namespace: string, name: string): Promise<T> {
  const kind = parts.catalog.find('', 'v1', plural)!
  return (await parts.objects.get(kind, namespace, name)).object() as T
}

function slicesOf(parts: Parts, namespace: string, service: string): EndpointSlice[] {
  const kind = parts.catalog.find('discovery.k8s.io', 'v1', 'endpointslices')!
  const start = storageKey(kind, namespace)
  const all = parts.objects
    .shelf(kind)
    .range(start, prefixEnd(start))
    .map(entry => entry.shared<EndpointSlice>())
  return all.filter(({ metadata }) => metadata?.labels?.['kubernetes.io/service-name'] === service)
}
