import { type DecodedBody, mediaType, decodeBody as readBody } from '../../api/codec/decode.ts'
import { badRequest } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { isRecord } from '../../api/values.ts'
import type { ResourceCall } from '../call.ts'
import { checkBodySize } from '../stages/decode.ts'

const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/**
 * `kubectl debug` up to 1.21 puts a list of its own kind, EphemeralContainers, where later ones put the pod. It cannot
 * read the pod that a GET answers, so its list names only what is new: what it leaves out stays, as it would have to
 * anyway. Returns how the list makes the new pod of the current one; undefined: the body is something else.
 */
export function earlierContainers({ info, request }: ResourceCall): ((current: KubeObject) => DecodedBody) | undefined {
  const { body, headers } = request
  if (info.plural !== 'pods' || info.subresource !== 'ephemeralcontainers' || !body) return undefined
  checkBodySize(body.length)
  if (mediaType(headers['content-type']) === PROTOBUF) return undefined
  const { object: list, duplicates } = readBody(body, headers['content-type'])
  if (list.kind !== 'EphemeralContainers' || list.apiVersion !== 'v1') return undefined
  const { ephemeralContainers: added = [], metadata = {} } = list as unknown as Record<string, unknown>
  if (!Array.isArray(added)) throw badRequest('ephemeralContainers of EphemeralContainers must be a list')
  return current => ({ object: withContainers(current as Pod, added, isRecord(metadata) ? metadata : {}), duplicates })
}

/** Of its metadata only what ties the write to one object, and one state of it, means anything. */
function withContainers(pod: Pod, added: readonly unknown[], metadata: Record<string, unknown>): KubeObject {
  const named = new Set(added.map(one => isRecord(one) && one.name))
  const kept = (pod.spec?.ephemeralContainers ?? []).filter(({ name }) => !named.has(name))
  const tying = ['name', 'namespace', 'uid', 'resourceVersion'].filter(key => metadata[key])
  const said = Object.fromEntries(tying.map(key => [key, metadata[key]]))
  const spec = { ...pod.spec, ephemeralContainers: [...kept, ...structuredClone(added)] }
  return { ...pod, metadata: { ...pod.metadata, ...said }, spec } as KubeObject
}
