import type { LimitRange, LimitRangeItem, Namespace, Node, Secret } from '../types/core-v1.ts'

/** stringData is written only: it becomes part of data. */
export function setSecretDefaults(secret: Secret): void {
  secret.type ||= 'Opaque'
  for (const [key, value] of Object.entries(secret.stringData ?? {})) {
    secret.data = { ...secret.data, [key]: Buffer.from(value).toString('base64') }
  }
  delete secret.stringData
}

const NAME_LABEL = 'kubernetes.io/metadata.name'

export function setNamespaceDefaults(namespace: Namespace): void {
  const name = namespace.metadata?.name
  if (name) namespace.metadata!.labels = { ...namespace.metadata!.labels, [NAME_LABEL]: name }
  namespace.status ??= {}
  namespace.status.phase ??= 'Active'
}

/** podCIDR is the first of podCIDRs. */
export function setNodeDefaults({ spec, status }: Node): void {
  if (spec?.podCIDR && !spec.podCIDRs?.length) spec.podCIDRs = [spec.podCIDR]
  if (spec?.podCIDRs?.length) spec.podCIDR ??= spec.podCIDRs[0]
  if (status?.capacity) status.allocatable ??= { ...status.capacity }
}

export function setLimitRangeDefaults({ spec }: LimitRange): void {
  for (const item of spec?.limits ?? []) if (item.type === 'Container') setContainerLimits(item)
}

/** The limit is the maximum, the request is the limit, or else the minimum. */
function setContainerLimits(item: LimitRangeItem): void {
  const limit = { ...item.max, ...item.default }
  const request = { ...item.min, ...limit, ...item.defaultRequest }
  if (Object.keys(limit).length > 0) item.default = limit
  if (Object.keys(request).length > 0) item.defaultRequest = request
}
