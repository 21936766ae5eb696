import type { Container, ResourceFieldSelector } from '../../api/types/core-v1.ts'
import { amountOf } from '../amount.ts'
import { ConfigError } from '../pod/errors.ts'
import type { LivePod } from '../pod/pod.ts'

/** What a pod can be told of itself, as variable or as file. `ip` is only known once the sandbox runs. */
export interface Downward {
  pod: LivePod
  podIp: string
  nodeIp: string
  /** What a container without limits may use. */
  allocatable: Record<string, number>
}

export function fieldValue(path: string, downward: Downward): string {
  const keyed = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path)
  const { metadata, spec } = downward.pod
  if (keyed) return metadata[keyed[1] as 'labels' | 'annotations']?.[keyed[2]!] ?? ''
  const values: Record<string, () => string> = {
    'metadata.name': () => metadata.name,
    'metadata.namespace': () => metadata.namespace,
    'metadata.uid': () => metadata.uid,
    'metadata.labels': () => formatMap(metadata.labels),
    'metadata.annotations': () => formatMap(metadata.annotations),
    'spec.nodeName': () => spec.nodeName ?? '',
    'spec.serviceAccountName': () => spec.serviceAccountName ?? 'default',
    'status.hostIP': () => downward.nodeIp,
    'status.hostIPs': () => downward.nodeIp,
    'status.podIP': () => downward.podIp,
    'status.podIPs': () => downward.podIp,
  }
  const read = values[path]
  if (!read) throw new ConfigError(`unsupported fieldPath: ${path}`)
  return read()
}

/** `key="value"` lines in the order of the keys, as downward API files have them. */
function formatMap(map: Record<string, string> = {}): string {
  return Object.keys(map)
    .sort()
    .map(key => `${key}=${JSON.stringify(map[key])}`)
    .join('\n')
}

/** A request or limit in units of the divisor, rounded up. */
export function resourceValue(selector: ResourceFieldSelector, container: Container, downward: Downward): string {
  const [side, name = ''] = splitOnce(selector.resource)
  if (side !== 'limits' && side !== 'requests') throw new ConfigError(`unsupported resource: ${selector.resource}`)
  const own = amountOf(container.resources?.[side]?.[name])
  const amount = own ?? (side === 'limits' ? downward.allocatable[name] : undefined) ?? 0
  const divisor = amountOf(selector.divisor) || 1
  return String(Math.ceil(Number((amount / divisor).toPrecision(15))))
}

function splitOnce(text: string): [string, string | undefined] {
  const dot = text.indexOf('.')
  return dot < 0 ? [text, undefined] : [text.slice(0, dot), text.slice(dot + 1)]
}
