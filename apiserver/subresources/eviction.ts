import { ApiError } from '../../api/errors.ts'
import { findKind } from '../../api/kinds/registry.ts'
import type { KubeObject } from '../../api/objects.ts'
import { selects } from '../../api/selectors.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Eviction, PodDisruptionBudget } from '../../api/types/policy-v1.ts'
import type { ResourceCall, Result } from '../call.ts'
import type { Parts } from '../parts.ts'
import { decodeBody } from '../stages/decode.ts'
import { prefixEnd, storageKey } from '../storage/keys.ts'
import { deleteObject } from '../verbs/delete.ts'
import { parseDeleteOptions } from '../verbs/delete-options.ts'
import { timestamp } from '../verbs/meta.ts'
import { type Write, writeOf } from '../verbs/write.ts'
import { admitSubresource } from './admit.ts'

const MOST_DISRUPTED = 2000

/** pods/eviction: a deletion that asks the disruption budgets first. */
export async function serveEviction(parts: Parts, call: ResourceCall): Promise<Result> {
  const eviction = decodeBody(call, findKind('policy', 'v1', 'Eviction')!) as Eviction
  await admitSubresource(parts, call, eviction)
  const write = { ...writeOf(call, call.kind), subresource: '' }
  const options = parseDeleteOptions(call.request.query, (eviction.deleteOptions ?? {}) as KubeObject)
  const dryRun = write.dryRun || options.dryRun
  const pod = (await parts.objects.get(call.kind, write.namespace, write.name)).object<Pod>()
  if (!isFreeToGo(pod)) await spendBudget(parts, write, pod, dryRun)
  await deleteObject(parts, { ...write, dryRun }, { ...options, dryRun })
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { type: 'object', object: status, status: 201 }
}

/** Pods that have ended, are going or never began disturb nobody when they leave. */
function isFreeToGo({ metadata, status }: Pod): boolean {
  return Boolean(metadata?.deletionTimestamp) || ['Succeeded', 'Failed', 'Pending'].includes(status?.phase ?? '')
}

async function spendBudget(parts: Parts, write: Write, pod: Pod, dryRun: boolean): Promise<void> {
  const kind = parts.catalog.find('policy', 'v1', 'poddisruptionbudgets')!
  const start = storageKey(kind, write.namespace)
  const budgets = parts.objects
    .shelf(kind)
    .range(start, prefixEnd(start))
    .map(entry => entry.shared<PodDisruptionBudget>())
  const own = budgets.filter(budget => selects(budget.spec?.selector, pod.metadata?.labels))
  if (own.length === 0) return
  if (own.length > 1) {
    throw new ApiError(
      'InternalError',
      'This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.',
    )
  }
  const budget = own[0]!
  if (mayIgnoreBudget(pod, budget)) return
  const now = parts.clock.now()
  await parts.objects.modify(kind, write.namespace, budget.metadata?.name ?? '', entry => {
    const spent = spendOne(entry.object<PodDisruptionBudget>(), write.name, now)
    return dryRun ? undefined : spent
  })
}

/** A pod that is not ready is no loss when the budget says so, or when enough others are well. */
function mayIgnoreBudget(pod: Pod, { spec, status }: PodDisruptionBudget): boolean {
  const ready = pod.status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True')
  if (ready) return false
  if (spec?.unhealthyPodEvictionPolicy === 'AlwaysAllow') return true
  const { currentHealthy = 0, desiredHealthy = 0 } = status ?? {}
  return desiredHealthy > 0 && currentHealthy >= desiredHealthy
}

/** The budget after one more disruption; throws TooManyRequests when there is none left. */
function spendOne(budget: PodDisruptionBudget, podName: string, now: number): PodDisruptionBudget {
  const name = budget.metadata?.name ?? ''
  const { status, metadata } = budget
  const { disruptionsAllowed = 0, disruptedPods = {}, observedGeneration = 0 } = status ?? {}
  if (observedGeneration < (metadata?.generation ?? 0))
    throw tooMany(`The disruption budget ${name} is still being processed by the server.`)
  if (disruptionsAllowed < 0)
    throw new ApiError('Forbidden', `pods "${podName}" is forbidden: pdb disruptions allowed is negative`)
  if (Object.keys(disruptedPods).length > MOST_DISRUPTED) {
    throw new ApiError(
      'Forbidden',
      `pods "${podName}" is forbidden: DisruptedPods map too big - too many evictions not confirmed by PDB controller`,
    )
  }
  if (disruptionsAllowed === 0) {
    const { desiredHealthy = 0, currentHealthy = 0 } = status ?? {}
    throw tooMany(
      `The disruption budget ${name} needs ${desiredHealthy} healthy pods and has ${currentHealthy} currently`,
    )
  }
  return {
    ...budget,
    status: {
      ...status,
      disruptionsAllowed: disruptionsAllowed - 1,
      disruptedPods: { ...disruptedPods, [podName]: timestamp(now) },
    },
  }
}

/** Without Retry-After: client-go would try again by itself, silently, and `kubectl drain` would not say what it waits for. */
function tooMany(why: string): ApiError {
  return new ApiError('TooManyRequests', "Cannot evict pod as it would violate the pod's disruption budget.", {
    causes: [{ reason: 'DisruptionBudget', message: why }],
  })
}
