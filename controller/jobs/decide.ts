import type { Job, JobCondition } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { isActive, isFinished } from '../pods.ts'
import { rankForRemoval } from '../replicas/decide.ts'
import { failuresBefore, indexOf } from './indexed-pod.ts'
import { parseIndexes } from './indexes.ts'
import { fulfilledRule, judgeFailure } from './policy.ts'

const FIRST_BACKOFF_MS = 10_000
const LONGEST_BACKOFF_MS = 600_000
/** At most so many pods are made or removed in one step. */
const BURST = 500

type JobPod = Live<Pod>

/** How far the Job has come, by its status and its pods. */
export interface Progress {
  active: JobPod[]
  terminating: number
  succeeded: number
  failed: number
  succeededIndexes: Set<number>
  failedIndexes: Set<number>
  /** Indexed: how often each index has failed, as far as pods tell, and when it did last. */
  failuresByIndex: Map<number, { count: number; lastAt: number }>
  /** A pod failed in a way that ends the whole Job. */
  fatal: string | undefined
  /** Failures since the last success, and when the last one was. */
  recentFailures: number
  lastFailureAt: number
}

export interface JobPlan {
  /** The Job's end, for better or worse; its pods go first. */
  end?: Pick<JobCondition, 'type' | 'reason' | 'message'> & { type: 'Complete' | 'Failed' }
  create: { index?: number; failures?: number }[]
  remove: JobPod[]
  /** When to look again even if nothing happens. */
  againMs?: number
}

export function isIndexed(job: Job): boolean {
  return job.spec?.completionMode === 'Indexed'
}

/** A pod that is being deleted before it came to an end counts as failed, unless only ended ones are to be replaced. */
export function isFailedPod(job: Job, pod: Pod): boolean {
  if (pod.status?.phase === 'Failed') return true
  const countsEarly = job.spec?.podReplacementPolicy !== 'Failed' && !job.spec?.podFailurePolicy
  return countsEarly && pod.metadata?.deletionTimestamp !== undefined && pod.status?.phase !== 'Succeeded'
}

/** `uncounted`: finished pods that the status has not counted yet. */
export function measure(job: Live<Job>, pods: readonly JobPod[], uncounted: readonly JobPod[]): Progress {
  const succeededIndexes = parseIndexes(job.status?.completedIndexes)
  const failedIndexes = parseIndexes(job.status?.failedIndexes)
  const failuresByIndex: Progress['failuresByIndex'] = new Map()
  let [succeeded, failed, fatal] = [
    job.status?.succeeded ?? 0,
    job.status?.failed ?? 0,
    undefined as string | undefined,
  ]
  for (const pod of uncounted) {
    const index = indexOf(pod)
    if (pod.status?.phase === 'Succeeded') {
      succeeded++
      const isOpen = index !== undefined && index < (job.spec.completions ?? 0) && !failedIndexes.has(index)
      if (isOpen) succeededIndexes.add(index)
      continue
    }
    const verdict = judgeFailure(job, pod)
    if (verdict.action !== 'Ignore') failed++
    if (verdict.action === 'FailJob') fatal ??= verdict.message
    // An index that succeeded has not failed because another of its pods was ended.
    if (verdict.action === 'FailIndex' && index !== undefined && !succeededIndexes.has(index)) failedIndexes.add(index)
  }
  for (const pod of pods.filter(candidate => isFailedPod(job, candidate))) noteIndexFailure(job, pod, failuresByIndex)
  for (const [index, { count }] of failuresByIndex) {
    const limit = job.spec.backoffLimitPerIndex
    if (limit !== undefined && count > limit && !succeededIndexes.has(index)) failedIndexes.add(index)
  }
  return {
    active: pods.filter(isActive),
    terminating: pods.filter(pod => pod.metadata.deletionTimestamp && !isFinished(pod)).length,
    succeeded: isIndexed(job) ? succeededIndexes.size : succeeded,
    failed,
    succeededIndexes,
    failedIndexes,
    failuresByIndex,
    fatal,
    ...recentFailures(job, pods),
  }
}

function noteIndexFailure(job: Job, pod: JobPod, failuresByIndex: Progress['failuresByIndex']): void {
  const index = indexOf(pod)
  if (index === undefined || judgeFailure(job, pod).action === 'Ignore') return
  const { count, lastAt } = failuresByIndex.get(index) ?? { count: 0, lastAt: 0 }
  failuresByIndex.set(index, {
    count: Math.max(count, failuresBefore(pod) + 1),
    lastAt: Math.max(lastAt, finishedAt(pod)),
  })
}

function recentFailures(job: Job, pods: readonly JobPod[]): Pick<Progress, 'recentFailures' | 'lastFailureAt'> {
  const ends = pods
    .filter(pod => pod.status?.phase === 'Succeeded' || isFailedPod(job, pod))
    .map(pod => ({ at: finishedAt(pod), isSuccess: pod.status?.phase === 'Succeeded' }))
    .sort((a, b) => a.at - b.at)
  const lastSuccess = ends.findLastIndex(({ isSuccess }) => isSuccess)
  const failures = ends.slice(lastSuccess + 1)
  return { recentFailures: failures.length, lastFailureAt: failures.at(-1)?.at ?? 0 }
}

function finishedAt(pod: JobPod): number {
  const ends = (pod.status?.containerStatuses ?? []).map(({ state }) => Date.parse(state?.terminated?.finishedAt ?? ''))
  const known = ends.filter(end => !Number.isNaN(end))
  if (known.length > 0) return Math.max(...known)
  const ready = pod.status?.conditions?.find(({ type }) => type === 'Ready')?.lastTransitionTime
  return Date.parse(ready ?? pod.metadata.deletionTimestamp ?? pod.metadata.creationTimestamp)
}

export function planJob(job: Live<Job>, progress: Progress, now: number): JobPlan {
  const end = job.spec.suspend ? undefined : decideEnd(job, progress, now)
  if (end) return { end, create: [], remove: progress.active }
  if (job.spec.suspend) return { create: [], remove: progress.active }
  const plan = isIndexed(job) ? planIndexed(job, progress, now) : planCounted(job, progress, now)
  return withDeadline(job, isPerIndex(job) ? plan : delayed(plan, progress, now), now)
}

function decideEnd(job: Live<Job>, progress: Progress, now: number): JobPlan['end'] {
  const earlier = job.status?.conditions?.find(({ type, status }) => status === 'True' && type in INTERIM)
  if (earlier) return { type: INTERIM[earlier.type]!, reason: earlier.reason, message: earlier.message }
  const { completions, backoffLimit, maxFailedIndexes, activeDeadlineSeconds } = job.spec
  const fail = (reason: string, message: string) => ({ type: 'Failed' as const, reason, message })
  if (progress.fatal) return fail('PodFailurePolicy', progress.fatal)
  if (progress.failed > (backoffLimit ?? 6) || hasRestartedTooOften(job, progress.active))
    return fail('BackoffLimitExceeded', 'Job has reached the specified backoff limit')
  if (isOverdue(job, activeDeadlineSeconds, now))
    return fail('DeadlineExceeded', 'Job was active longer than specified deadline')
  if (maxFailedIndexes !== undefined && progress.failedIndexes.size > maxFailedIndexes) {
    return fail('MaxFailedIndexesExceeded', 'Job has exceeded the specified maximal number of failed indexes')
  }
  const isThrough = completions !== undefined && progress.succeeded + progress.failedIndexes.size >= completions
  if (isThrough && progress.failedIndexes.size > 0) return fail('FailedIndexes', 'Job has failed indexes')
  const rule = isIndexed(job) ? fulfilledRule(job, progress.succeededIndexes) : undefined
  if (rule !== undefined)
    return { type: 'Complete', reason: 'SuccessPolicy', message: `Matched rules at index ${rule}` }
  // Without completions any success means that the work is done, once all that still run have ended.
  const isQueueDone = completions === undefined && progress.succeeded > 0 && progress.active.length === 0
  if (!isThrough && !isQueueDone) return undefined
  return { type: 'Complete', reason: 'CompletionsReached', message: 'Reached expected number of succeeded pods' }
}

/** Where pods are restarted in place, their restarts count instead of new pods. */
function hasRestartedTooOften({ spec }: Live<Job>, active: readonly JobPod[]): boolean {
  if (spec.template.spec?.restartPolicy !== 'OnFailure') return false
  const statuses = active.flatMap(({ status }) => [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
  ])
  const restarts = statuses.reduce((sum, { restartCount }) => sum + restartCount, 0)
  return restarts >= Math.max(1, spec.backoffLimit ?? 6)
}

/** Set first, while pods are still ending; the final condition comes when they have. */
const INTERIM: Readonly<Record<string, 'Complete' | 'Failed'>> = {
  SuccessCriteriaMet: 'Complete',
  FailureTarget: 'Failed',
}

function isOverdue(job: Live<Job>, seconds: number | undefined, now: number): boolean {
  const left = untilDeadlineMs(job, seconds, now)
  return left !== undefined && left <= 0
}

function untilDeadlineMs({ status }: Live<Job>, seconds: number | undefined, now: number): number | undefined {
  if (seconds === undefined || !status?.startTime) return undefined
  return Date.parse(status.startTime) + seconds * 1000 - now
}

function planCounted({ spec }: Live<Job>, { active, succeeded, terminating }: Progress, now: number): JobPlan {
  const parallelism = spec.parallelism ?? 1
  const isQueue = spec.completions === undefined
  const wanted = isQueue
    ? succeeded > 0
      ? Math.min(active.length, parallelism)
      : parallelism
    : Math.min(parallelism, spec.completions! - succeeded)
  const held = spec.podReplacementPolicy === 'Failed' ? terminating : 0
  const surplus = active.length - wanted
  if (surplus > 0) return { create: [], remove: rankForRemoval(active, now).slice(0, surplus) }
  return { create: Array.from({ length: Math.min(BURST, Math.max(0, -surplus - held)) }, () => ({})), remove: [] }
}

function planIndexed({ spec }: Live<Job>, progress: Progress, now: number): JobPlan {
  const { active, succeededIndexes, failedIndexes, failuresByIndex, terminating } = progress
  const completions = spec.completions ?? 0
  const taken = new Set<number>()
  const remove: JobPod[] = []
  for (const pod of active) {
    const index = indexOf(pod)
    const isUseless =
      index === undefined || index >= completions || succeededIndexes.has(index) || failedIndexes.has(index)
    if (isUseless || taken.has(index)) remove.push(pod)
    else taken.add(index)
  }
  const kept = active.filter(pod => !remove.includes(pod))
  const room = (spec.parallelism ?? 1) - kept.length
  if (room < 0) remove.push(...rankForRemoval(kept, now).slice(0, -room))
  const held = spec.podReplacementPolicy === 'Failed' ? terminating : 0
  const chosen: { index: number; count: number; lastAt: number }[] = []
  for (let index = 0; index < completions && chosen.length < Math.min(BURST, room - held); index++) {
    if (taken.has(index) || succeededIndexes.has(index) || failedIndexes.has(index)) continue
    chosen.push({ index, ...(failuresByIndex.get(index) ?? { count: 0, lastAt: 0 }) })
  }
  const waitOf = ({ count, lastAt }: { count: number; lastAt: number }) =>
    spec.backoffLimitPerIndex === undefined ? 0 : backoffLeftMs(count, lastAt, now)
  const waits = chosen.map(waitOf).filter(ms => ms > 0)
  const create = chosen.filter(one => waitOf(one) <= 0).map(({ index, count }) => ({ index, failures: count }))
  return { create, remove, ...(waits.length > 0 ? { againMs: Math.min(...waits) } : {}) }
}

/** Each index has a back-off of its own then: one that fails holds up no other. */
function isPerIndex({ spec }: Live<Job>): boolean {
  return spec.completionMode === 'Indexed' && spec.backoffLimitPerIndex !== undefined
}

/** After failures new pods wait, the longer the more there were. */
function backoffLeftMs(failures: number, lastAt: number, now: number): number {
  if (failures === 0) return 0
  return lastAt + Math.min(LONGEST_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10)) - now
}

function delayed(plan: JobPlan, { recentFailures, lastFailureAt }: Progress, now: number): JobPlan {
  const wait = backoffLeftMs(recentFailures, lastFailureAt, now)
  return wait > 0 && plan.create.length > 0 ? { ...plan, create: [], againMs: wait } : plan
}

function withDeadline(job: Live<Job>, plan: JobPlan, now: number): JobPlan {
  const left = untilDeadlineMs(job, job.spec.activeDeadlineSeconds, now)
  if (left === undefined) return plan
  return { ...plan, againMs: Math.max(0, Math.min(left, plan.againMs ?? left)) }
}
