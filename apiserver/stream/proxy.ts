import { ApiError, badRequest } from '../../api/errors.ts'
import type { ApiResponse } from '../../api/exchange.ts'
import type { Node, Pod, Service } from '../../api/types/core-v1.ts'
import type { EndpointSlice } from '../../api/types/discovery-v1.ts'
import { type ForwardedRequest, forwardRequest } from './forward.ts'
import { agentAddress } from './locate.ts'
import type { StreamTarget, Surroundings, TargetTls } from './target.ts'

/**
 * Where the `proxy` subresource of nodes, pods and services leads. The name in the path may carry a scheme and a port:
 * `web`, `web:8080`, `https:web:8443`. All pure but for forwardProxied; a target's path is `rest`, what follows
 * `/proxy`, with its query.
 */
export interface ProxyName {
  scheme: 'http' | 'https'
  name: string
  /** A number, or for services the name of a port; '' when none is given. */
  port: string
}

export function parseProxyName(text: string, resource: 'node' | 'pod' | 'service'): ProxyName {
  const parts = text.split(':')
  const [scheme, name, port = ''] = parts.length === 3 ? parts : ['', ...parts]
  const good = parts.length <= 3 && name && (parts.length !== 2 || port)
  if (!good || !['', 'http', 'https'].includes(scheme!)) throw badRequest(`invalid ${resource} request "${text}"`)
  return { scheme: scheme === 'https' ? 'https' : 'http', name, port }
}

/** Without a port, or with the agent's own: the agent, shown our certificate. With another: whatever listens there. */
export function nodeProxyTarget(node: Node, { scheme, port }: ProxyName, rest: string, agent: TargetTls): StreamTarget {
  const address = agentAddress(node)
  if (port === '' || Number(port) === address.port) return { ...address, path: absolute(rest), tls: agent }
  return target(scheme, allowedAddress(address.host), portNumber(port), rest)
}

export function podProxyTarget(pod: Pod, { scheme, port }: ProxyName, rest: string): StreamTarget {
  const first = pod.spec?.containers?.flatMap(container => container.ports ?? [])[0]?.containerPort
  const fallback = first ?? (scheme === 'https' ? 443 : 80)
  return target(scheme, allowedAddress(pod.status?.podIP ?? ''), port === '' ? fallback : portNumber(port), rest)
}

/** One of the pods behind a service; `pick` chooses an index below the number given. */
export function serviceProxyTarget(
  service: Service,
  slices: readonly EndpointSlice[],
  { scheme, name, port }: ProxyName,
  rest: string,
  pick: (count: number) => number,
): StreamTarget {
  const portName = servicePortName(service, name, port)
  const ends = slices.flatMap(slice => {
    const number = slice.ports?.find(each => (each.name ?? '') === portName)?.port
    const ready = (slice.endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false)
    return number ? ready.flatMap(({ addresses = [] }) => addresses.map(host => ({ host, port: number }))) : []
  })
  if (ends.length === 0) throw new ApiError('ServiceUnavailable', `no endpoints available for service "${name}"`)
  const end = ends[pick(ends.length)]!
  return target(scheme, allowedAddress(end.host), end.port, rest)
}

/** Services are asked for by a port's number or name; none means the port without a name. */
function servicePortName(service: Service, name: string, port: string): string {
  if (!/^\d+$/.test(port)) return port
  const found = service.spec?.ports?.find(each => each.port === Number(port))
  if (!found) throw new ApiError('ServiceUnavailable', `no service port ${port} found for service "${name}"`)
  return found.name ?? ''
}

function target(scheme: 'http' | 'https', host: string, port: number, rest: string): StreamTarget {
  // Nobody can say which authority a pod's certificate should be of, so as in Kubernetes it is not checked.
  return { host, port, path: absolute(rest), ...(scheme === 'https' ? { tls: {} } : {}) }
}

/** `/proxy?a=b` has a query, but no path of its own. */
function absolute(rest: string): string {
  return rest.startsWith('/') ? rest : `/${rest}`
}

/** A pod may claim any address in its status: the master's own loopback and link-local services are not for it. */
function allowedAddress(host: string): string {
  const forbidden = /^(127\.|169\.254\.|0\.|22[4-9]\.|23\d\.|::1?$|::ffff:|fe[89ab]|ff)/i
  if (host === '' || forbidden.test(host)) throw badRequest('address not allowed')
  return host
}

function portNumber(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (port < 1 || port > 65535) throw badRequest(`invalid port "${text}"`)
  return port
}

/** forwardRequest, for an application that does not know that it is seen under `prefix` (`/api/v1/.../proxy`). */
export async function forwardProxied(
  request: ForwardedRequest,
  to: StreamTarget,
  prefix: string,
  around: Surroundings,
): Promise<ApiResponse> {
  const response = await forwardRequest(request, to, around)
  const { location } = response.headers
  if (typeof location !== 'string') return response
  return { ...response, headers: { ...response.headers, location: proxiedLocation(location, to, prefix) } }
}

/** Redirections within the application stay within the proxy; those that leave it leave. */
export function proxiedLocation(location: string, to: StreamTarget, prefix: string): string {
  const origin = `${to.tls ? 'https' : 'http'}://${to.host.includes(':') ? `[${to.host}]` : to.host}:${to.port}`
  if (!URL.canParse(location, origin)) return location
  const url = new URL(location, origin)
  const relative = !location.startsWith('/') && !URL.canParse(location)
  if (relative || url.origin !== new URL(origin).origin) return location
  return `${prefix}${url.pathname}${url.search}${url.hash}`
}
