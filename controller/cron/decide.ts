import type { CronJob, CronJobStatus, Job } from '../../api/types/batch-v1.ts'
import type { ObjectReference } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'
import { CRON_JOBS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { controllerReference } from '../context.ts'
import { nextTime, type Schedule } from './schedule.ts'

type OwnedJob = Live<Job>

export interface CronPlan {
  /** The scheduled time of the Job that is to be started now. */
  start?: number
  /** Jobs in its way, with the Replace policy. */
  replace: OwnedJob[]
  /** Finished Jobs beyond the history limits. */
  forget: OwnedJob[]
  warning?: { reason: string; message: string }
  /** When to look again. */
  next?: number
}

const MANY_MISSED = 100

/** The latest due time that has passed since the last one was dealt with; undefined: none has. */
function latestDue(schedule: Schedule, since: number, now: number): { time?: number; missed: number } {
  // Long gaps are crossed in leaps: what matters is the last time only, and whether there were many.
  let time: number | undefined
  let missed = 0
  for (let due = nextTime(schedule, since); due !== undefined && due <= now; due = nextTime(schedule, due)) {
    time = due
    if (++missed > MANY_MISSED) return { time: lastBefore(schedule, due, now), missed }
  }
  return { time, missed }
}

/** The last due time in (from, now], found by halving the gap. */
function lastBefore(schedule: Schedule, from: number, now: number): number {
  let last = from
  for (let step = now - from; step >= 60_000; step /= 2) {
    const due = nextTime(schedule, Math.max(last, now - step))
    if (due !== undefined && due <= now) last = due
  }
  for (let due = nextTime(schedule, last); due !== undefined && due <= now; due = nextTime(schedule, last)) last = due
  return last
}

export function planCronJob(cron: Live<CronJob>, schedule: Schedule, jobs: readonly OwnedJob[], now: number): CronPlan {
  const { suspend, concurrencyPolicy = 'Allow' } = cron.spec
  const forget = outdatedJobs(cron, jobs)
  if (suspend || cron.metadata.deletionTimestamp) return { replace: [], forget }
  const since = lookBackTo(cron, now)
  const { time, missed } = latestDue(schedule, since, now)
  const plan: CronPlan = { replace: [], forget, next: nextTime(schedule, time ?? since) }
  if (time === undefined || alreadyStarted(cron, jobs, time)) return plan
  const active = jobs.filter(job => !isFinished(job))
  if (concurrencyPolicy === 'Forbid' && active.length > 0) {
    const message = 'Not starting job because prior execution is running and concurrency policy is Forbid'
    return { ...plan, warning: { reason: 'JobAlreadyActive', message } }
  }
  const warning =
    missed > MANY_MISSED
      ? {
          reason: 'TooManyMissedTimes',
          message: 'too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew',
        }
      : undefined
  const replace = concurrencyPolicy === 'Replace' ? active : []
  return { ...plan, start: time, replace, ...(warning ? { warning } : {}) }
}

function lookBackTo({ metadata, status, spec }: Live<CronJob>, now: number): number {
  const last = Date.parse(status?.lastScheduleTime ?? metadata.creationTimestamp)
  const { startingDeadlineSeconds } = spec
  return startingDeadlineSeconds === undefined ? last : Math.max(last, now - startingDeadlineSeconds * 1000)
}

function alreadyStarted({ metadata, status }: Live<CronJob>, jobs: readonly OwnedJob[], time: number): boolean {
  if (status?.lastScheduleTime && Date.parse(status.lastScheduleTime) >= time) return true
  return jobs.some(job => job.metadata.name === jobName(metadata.name, time))
}

/** Equal for equal times: whoever starts it twice finds it there. */
function jobName(name: string, time: number): string {
  return `${name}-${Math.floor(time / 60_000)}`
}

function isFinished(job: Job): boolean {
  return resultOf(job) !== undefined
}

export function resultOf({ status }: Job): 'Complete' | 'Failed' | undefined {
  const end = status?.conditions?.find(
    ({ type, status: value }) => (type === 'Complete' || type === 'Failed') && value === 'True',
  )
  return end?.type as 'Complete' | 'Failed' | undefined
}

function outdatedJobs({ spec }: Live<CronJob>, jobs: readonly OwnedJob[]): OwnedJob[] {
  const beyond = (result: 'Complete' | 'Failed', limit: number) => {
    const ended = jobs.filter(job => resultOf(job) === result)
    ended.sort((a, b) => (a.status?.startTime ?? '').localeCompare(b.status?.startTime ?? ''))
    return ended.slice(0, Math.max(0, ended.length - limit))
  }
  return [
    ...beyond('Complete', spec.successfulJobsHistoryLimit ?? 3),
    ...beyond('Failed', spec.failedJobsHistoryLimit ?? 1),
  ]
}

export function jobFor(cron: Live<CronJob>, time: number): Job {
  const { metadata, spec } = cron.spec.jobTemplate
  const { name, namespace } = cron.metadata
  return {
    metadata: {
      name: jobName(name, time),
      namespace,
      labels: { ...metadata?.labels },
      annotations: { ...metadata?.annotations, 'batch.kubernetes.io/cronjob-scheduled-timestamp': timestamp(time) },
      ownerReferences: [controllerReference(cron, CRON_JOBS)],
    },
    spec: structuredClone(spec),
  }
}

/** `started`: the scheduled time of the Job that was started just now. */
export function cronStatus(
  { status = {} }: Live<CronJob>,
  owned: readonly Live<Job>[],
  started: number | undefined,
): CronJobStatus {
  const active = owned
    .filter(job => !isFinished(job))
    .sort((a, b) => a.metadata.name.localeCompare(b.metadata.name))
    .map(referenceTo)
  const successes = owned.filter(job => resultOf(job) === 'Complete').flatMap(job => job.status?.completionTime ?? [])
  const lastSuccessfulTime = [...successes, status.lastSuccessfulTime ?? ''].sort().at(-1)
  const lastScheduleTime = started === undefined ? status.lastScheduleTime : timestamp(started)
  return {
    ...(active.length > 0 ? { active } : {}),
    ...(lastScheduleTime ? { lastScheduleTime } : {}),
    ...(lastSuccessfulTime ? { lastSuccessfulTime } : {}),
  }
}

function referenceTo({ metadata: { name, namespace, uid, resourceVersion } }: Live<Job>): ObjectReference {
  return { apiVersion: 'batch/v1', kind: 'Job', name, namespace, uid, resourceVersion }
}
