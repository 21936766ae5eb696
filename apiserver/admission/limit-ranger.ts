import { podAmounts } from '../../api/pods/amounts.ts'
import { compareQuantity, quantityNumber } from '../../api/quantity.ts'
import type { LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from '../../api/types/core-v1.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'
import { isAbout, refuse } from './refuse.ts'

type Amounts = Readonly<Record<string, string | number>>

/** Limit ranges of a namespace: what containers get when they say nothing, and between which bounds they stay. */
export function limitRanger(lister: Lister): AdmissionPlugin {
  const itemsOf = (request: AdmissionRequest) =>
    lister.list<LimitRange>('limitranges', request.namespace).flatMap(range => range.spec?.limits ?? [])
  return {
    name: 'LimitRanger',
    mutate(request) {
      if (!isAbout(request, 'pods') || request.operation !== 'CREATE') return
      for (const item of itemsOf(request)) if (item.type === 'Container') applyDefaults(request.object as Pod, item)
    },
    validate(request) {
      const pod = isAbout(request, 'pods') && request.operation === 'CREATE'
      const claim = isAbout(request, 'persistentvolumeclaims') && request.operation !== 'DELETE'
      if (!pod && !claim) return
      const problems = itemsOf(request).flatMap(item =>
        pod ? podProblems(request.object as Pod, item) : claimProblems(request.object as PersistentVolumeClaim, item),
      )
      if (problems.length === 1) throw refuse(request, problems[0]!)
      if (problems.length > 1) throw refuse(request, `[${problems.join(', ')}]`)
    },
  }
}

/** Limits first: a container that has a limit and no request asks for its limit. */
function applyDefaults(pod: Pod, item: LimitRangeItem): void {
  for (const container of [...(pod.spec?.initContainers ?? []), ...(pod.spec?.containers ?? [])]) {
    const { limits = {}, requests = {}, ...rest } = container.resources ?? {}
    const defaultRequests = Object.fromEntries(
      Object.entries(item.defaultRequest ?? {}).map(([name, value]) => [name, limits[name] ?? value]),
    )
    const filledLimits = { ...item.default, ...limits }
    const filledRequests = { ...defaultRequests, ...requests }
    container.resources = {
      ...rest,
      ...(Object.keys(filledLimits).length > 0 ? { limits: filledLimits } : {}),
      ...(Object.keys(filledRequests).length > 0 ? { requests: filledRequests } : {}),
    }
  }
}

function podProblems(pod: Pod, item: LimitRangeItem): string[] {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  if (item.type === 'Container') {
    return containers.flatMap(({ resources }) => bounds(item, resources?.requests ?? {}, resources?.limits ?? {}))
  }
  if (item.type !== 'Pod') return []
  // An overhead comes with the runtime and is nobody's wish.
  const wished = pod.spec && { ...pod.spec, overhead: undefined }
  return bounds(item, podAmounts(wished, 'requests'), podAmounts(wished, 'limits'))
}

function claimProblems(claim: PersistentVolumeClaim, item: LimitRangeItem): string[] {
  if (item.type !== 'PersistentVolumeClaim') return []
  const requests = claim.spec?.resources?.requests ?? {}
  return [...minimums(item, requests, {}), ...claimMaximums(item, requests)]
}

/** Claims have requests alone, so those are held against the maximum. */
function claimMaximums({ max = {}, type }: LimitRangeItem, requests: Amounts): string[] {
  return Object.entries(max).flatMap(([name, bound]) => {
    const request = requests[name]
    const sentence = `maximum ${name} usage per ${type} is ${bound}`
    if (request === undefined) return [`${sentence}.  No request is specified`]
    return compareQuantity(request, bound) > 0 ? [`${sentence}, but request is ${request}`] : []
  })
}

function bounds(item: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return [...minimums(item, requests, limits), ...maximums(item, requests, limits), ...ratios(item, requests, limits)]
}

function minimums({ min = {}, type }: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return Object.entries(min).flatMap(([name, bound]) => {
    const [request, limit] = [requests[name], limits[name]]
    const sentence = `minimum ${name} usage per ${type} is ${bound}`
    if (request === undefined) return [`${sentence}.  No request is specified`]
    if (compareQuantity(request, bound) < 0) return [`${sentence}, but request is ${request}`]
    return limit !== undefined && compareQuantity(limit, bound) < 0 ? [`${sentence}, but limit is ${limit}`] : []
  })
}

function maximums({ max = {}, type }: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return Object.entries(max).flatMap(([name, bound]) => {
    const [request, limit] = [requests[name], limits[name]]
    const sentence = `maximum ${name} usage per ${type} is ${bound}`
    if (limit === undefined) return [`${sentence}.  No limit is specified`]
    if (compareQuantity(limit, bound) > 0) return [`${sentence}, but limit is ${limit}`]
    return request !== undefined && compareQuantity(request, bound) > 0
      ? [`${sentence}, but request is ${request}`]
      : []
  })
}

function ratios({ maxLimitRequestRatio = {}, type }: LimitRangeItem, requests: Amounts, limits: Amounts): string[] {
  return Object.entries(maxLimitRequestRatio).flatMap(([name, bound]) => {
    const [request, limit] = [requests[name], limits[name]]
    const sentence = `${name} max limit to request ratio per ${type} is ${bound}`
    if (request === undefined || quantityNumber(request) === 0)
      return [`${sentence}, but no request is specified or request is 0`]
    if (limit === undefined || quantityNumber(limit) === 0)
      return [`${sentence}, but no limit is specified or limit is 0`]
    const ratio = quantityNumber(limit) / quantityNumber(request)
    return ratio > quantityNumber(bound) ? [`${sentence}, but provided ratio is ${ratio.toFixed(6)}`] : []
  })
}
