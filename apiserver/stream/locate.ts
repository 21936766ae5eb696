import { ApiError, badRequest } from '../../api/errors.ts'
import type { Node, Pod } from '../../api/types/core-v1.ts'

/** Where a pod's streams are served: which node, which path there. Refusals in Kubernetes' words. Pure. */

export type PodStream = 'exec' | 'attach' | 'portforward' | 'log'

/** The API's names for what the agent knows by the kubelet's. */
const STREAM_FLAGS = { stdin: 'input', stdout: 'output', stderr: 'error', tty: 'tty' } as const
const LOG_FIELDS = [
  'follow',
  'previous',
  'sinceSeconds',
  'sinceTime',
  'timestamps',
  'tailLines',
  'limitBytes',
  'stream',
]

/** The agent's path and query for a request on pods/exec, attach, portforward or log. */
export function agentPath(stream: PodStream, pod: Pod, query: URLSearchParams): string {
  const namespace = encodeURIComponent(pod.metadata?.namespace ?? '')
  const name = encodeURIComponent(pod.metadata?.name ?? '')
  if (stream === 'portforward') return withQuery(`/portForward/${namespace}/${name}`, portQuery(query))
  const container = encodeURIComponent(chooseContainer(pod, query.get('container') ?? ''))
  if (stream === 'log') return withQuery(`/containerLogs/${namespace}/${name}/${container}`, logQuery(query))
  return withQuery(`/${stream}/${namespace}/${name}/${container}`, streamQuery(query))
}

function withQuery(path: string, query: URLSearchParams): string {
  return query.size > 0 ? `${path}?${query}` : path
}

function streamQuery(query: URLSearchParams): URLSearchParams {
  const translated = new URLSearchParams()
  for (const [api, kubelet] of Object.entries(STREAM_FLAGS)) {
    if (['1', 'true'].includes(query.get(api)?.toLowerCase() ?? '')) translated.set(kubelet, '1')
  }
  for (const word of query.getAll('command')) translated.append('command', word)
  return translated
}

function portQuery(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams(query.getAll('ports').map((port): [string, string] => ['port', port]))
}

function logQuery(query: URLSearchParams): URLSearchParams {
  return new URLSearchParams(
    LOG_FIELDS.flatMap(name => query.getAll(name).map((value): [string, string] => [name, value])),
  )
}

/** The one that is named, or the only one there is. */
export function chooseContainer(pod: Pod, name: string): string {
  const podName = pod.metadata?.name ?? ''
  const names = (pod.spec?.containers ?? []).map(container => container.name ?? '')
  const initNames = (pod.spec?.initContainers ?? []).map(container => container.name ?? '')
  const ephemeral = (pod.spec?.ephemeralContainers ?? []).map(container => container.name ?? '')
  if (name !== '') {
    if ([...names, ...initNames, ...ephemeral].includes(name)) return name
    throw badRequest(`container ${name} is not valid for pod ${podName}`)
  }
  if (names.length === 1) return names[0]!
  const choice = `a container name must be specified for pod ${podName}, choose one of: [${names.join(' ')}]`
  throw badRequest(initNames.length > 0 ? `${choice} or one of the init containers: [${initNames.join(' ')}]` : choice)
}

export function requireNodeName(pod: Pod): string {
  const name = pod.spec?.nodeName
  if (!name) throw badRequest(`pod ${pod.metadata?.name} does not have a host assigned`)
  return name
}

const DEFAULT_AGENT_PORT = 10250
/** As kube-apiserver's --kubelet-preferred-address-types, but the address first that every machine can reach. */
const ADDRESS_TYPES: readonly string[] = ['InternalIP', 'Hostname', 'ExternalIP', 'InternalDNS', 'ExternalDNS']

export function agentAddress(node: Node, types: readonly string[] = ADDRESS_TYPES): { host: string; port: number } {
  const addresses = node.status?.addresses ?? []
  const found = types.flatMap(type => addresses.filter(address => address.type === type))[0]
  if (!found?.address) {
    throw new ApiError('InternalError', `no preferred addresses found; known addresses: ${JSON.stringify(addresses)}`)
  }
  return { host: found.address, port: node.status?.daemonEndpoints?.kubeletEndpoint?.Port ?? DEFAULT_AGENT_PORT }
}
