import { compileSelector } from '../../api/placement.ts'
import type { Job, JobCondition, JobStatus } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { JOBS, PODS } from '../../client/resources.ts'
import { timestamp } from '../../client/times.ts'
import { decideClaims, settleClaims } from '../claims.ts'
import { type Context, type Controller, controllerKeys, createLoop } from '../context.ts'
import { Expectations } from '../expectations.ts'
import { inSlowStart } from '../parallel.ts'
import { PodMaker } from '../pod-maker.ts'
import { claimablePods, isReady, podFromTemplate, sharedPods } from '../pods.ts'
import { isFailedPod, isIndexed, type JobPlan, measure, type Progress, planJob } from './decide.ts'
import { indexedPod } from './indexed-pod.ts'
import { formatIndexes } from './indexes.ts'

/** Pods keep this until they were counted: one that vanished uncounted would be run again. */
const TRACKING = 'batch.kubernetes.io/job-tracking'

type JobPod = Live<Pod>

/** Runs pods until enough of them succeeded. */
export function jobController(context: Context): Controller {
  return new JobController(context).loop
}

class JobController {
  readonly #jobs
  readonly #pods
  readonly #jobClient
  readonly #podClient
  readonly #maker
  readonly #own
  readonly loop
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#jobs = informers.of<Job>(JOBS)
    this.#pods = sharedPods(informers)
    this.#jobClient = client.resource<Job>(JOBS)
    this.#podClient = client.resource<Pod>(PODS)
    this.#own = new Expectations<Job>(this.#jobs)
    this.loop = createLoop(context, 'job-controller', key => this.#step(key))
    this.#maker = new PodMaker(this.#podClient, this.#pods, this.loop.events)
    this.loop.watch(this.#jobs)
    this.loop.watchRelated(this.#pods, pod => controllerKeys(pod, 'Job'))
  }

  async #step(key: string): Promise<void> {
    const job = this.#jobs.get(key)
    // Counting twice from an old status would lose or invent results.
    if (!job || !this.#maker.isSettled(key) || !this.#own.met(key)) return
    if (job.spec.managedBy && job.spec.managedBy !== 'kubernetes.io/job-controller') return
    const selects = compileSelector(job.spec.selector)
    const claim = decideClaims(job, claimablePods(this.#pods, job), pod => selects(pod.metadata.labels))
    const owned = await settleClaims(this.#podClient, job, JOBS, claim)
    if (isEnded(job) || job.metadata.deletionTimestamp) return this.#letGo(owned)
    const counted = new Set([
      ...(job.status?.uncountedTerminatedPods?.succeeded ?? []),
      ...(job.status?.uncountedTerminatedPods?.failed ?? []),
    ])
    const fresh = owned.filter(pod => isTracked(pod) && !counted.has(pod.metadata.uid) && hasResult(job, pod))
    const progress = measure(job, owned, fresh)
    const plan = planJob(job, progress, this.#clock.now())
    await this.#report(key, job, owned, fresh, progress, plan)
    await this.#letGo(owned.filter(pod => fresh.includes(pod) || counted.has(pod.metadata.uid)))
    await this.#carryOut(key, job, plan)
    if (plan.againMs !== undefined) this.loop.queue.addAfter(key, plan.againMs)
  }

  async #carryOut(key: string, job: Live<Job>, plan: JobPlan): Promise<void> {
    const removed = await inSlowStart(plan.remove.length, i => this.#maker.remove(key, job, plan.remove[i]!))
    const created = await inSlowStart(plan.create.length, i => this.#create(key, job, plan.create[i]!))
    const error = removed ?? created
    if (error) throw error
  }

  async #create(key: string, job: Live<Job>, { index, failures = 0 }: JobPlan['create'][number]): Promise<void> {
    const plain = podFromTemplate(job.spec.template, job, JOBS)
    const finalizers = [...(plain.metadata?.finalizers ?? []), TRACKING]
    const tracked = { ...plain, metadata: { ...plain.metadata, finalizers } }
    await this.#maker.create(key, job, index === undefined ? tracked : indexedPod(job, tracked, index, failures))
  }

  /** Counted pods are free to go. */
  async #letGo(counted: readonly JobPod[]): Promise<void> {
    await Promise.all(
      counted.filter(isTracked).map(({ metadata: { name, namespace, uid } }) => {
        const patch = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [TRACKING] } }
        return unlessGone(this.#podClient.patch(name, 'strategic', patch, { namespace }))
      }),
    )
  }

  async #report(
    key: string,
    job: Live<Job>,
    owned: readonly JobPod[],
    fresh: readonly JobPod[],
    progress: Progress,
    plan: JobPlan,
  ): Promise<void> {
    const time = timestamp(this.#clock.now())
    const status = jobStatus(job, owned, fresh, progress, plan, time)
    if (deepEqual(JSON.parse(JSON.stringify(status)), job.status ?? {})) return
    const written = await unlessGone(this.#jobClient.update({ ...job, status }, 'status'))
    if (written) this.#own.made(key, written)
    this.#sayEnd(job, status)
  }

  #sayEnd(job: Live<Job>, status: JobStatus): void {
    const news = (type: string) =>
      status.conditions?.find(
        condition => condition.type === type && condition.status === 'True' && !hasCondition(job, type),
      )
    const failed = news('Failed')
    if (failed) this.loop.events.event(job, 'Warning', failed.reason ?? 'Failed', failed.message ?? '')
    if (news('Complete')) this.loop.events.event(job, 'Normal', 'Completed', 'Job completed')
    if (news('Suspended')) this.loop.events.event(job, 'Normal', 'Suspended', 'Job suspended')
    if (hasCondition(job, 'Suspended') && !job.spec.suspend)
      this.loop.events.event(job, 'Normal', 'Resumed', 'Job resumed')
  }
}

function isEnded(job: Job): boolean {
  return hasCondition(job, 'Complete') || hasCondition(job, 'Failed')
}

function hasCondition(job: Job, type: string): boolean {
  return job.status?.conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
}

function isTracked(pod: JobPod): boolean {
  return pod.metadata.finalizers?.includes(TRACKING) ?? false
}

function hasResult(job: Job, pod: JobPod): boolean {
  return pod.status?.phase === 'Succeeded' || isFailedPod(job, pod)
}

/**
 * The status after this step. Fresh results are counted and their pods listed as not yet let go; those listed before whose
 * pods were let go are taken off the list. Counting and listing are one write, so that nothing is ever counted twice.
 */
function jobStatus(
  job: Live<Job>,
  owned: readonly JobPod[],
  fresh: readonly JobPod[],
  progress: Progress,
  plan: JobPlan,
  time: string,
): JobStatus {
  const old = job.status ?? {}
  const stillHeld = new Set(owned.filter(isTracked).map(pod => pod.metadata.uid))
  const list = (field: 'succeeded' | 'failed', phase: boolean) => [
    ...(old.uncountedTerminatedPods?.[field] ?? []).filter(uid => stillHeld.has(uid)),
    ...fresh.filter(pod => (pod.status?.phase === 'Succeeded') === phase).map(pod => pod.metadata.uid),
  ]
  const uncounted = { succeeded: list('succeeded', true), failed: list('failed', false) }
  const hasUncounted = uncounted.succeeded.length + uncounted.failed.length > 0
  // The numbers of pods that are about to go are those after they went.
  const leaving = new Set(plan.remove)
  const active = progress.active.filter(pod => !leaving.has(pod))
  const isSettled = active.length === 0 && leaving.size === 0 && progress.terminating === 0 && !hasUncounted
  const conditions = conditionsAfter(job, plan, isSettled, time)
  const isStarted = !job.spec.suspend
  const isComplete = conditions.some(({ type, status }) => type === 'Complete' && status === 'True')
  return {
    ...(conditions.length > 0 ? { conditions } : {}),
    ...(isStarted ? { startTime: hasCondition(job, 'Suspended') ? time : (old.startTime ?? time) } : {}),
    ...(isComplete ? { completionTime: old.completionTime ?? time } : {}),
    ...(active.length > 0 ? { active: active.length } : {}),
    ...(progress.succeeded > 0 ? { succeeded: progress.succeeded } : {}),
    ...(progress.failed > 0 ? { failed: progress.failed } : {}),
    ready: active.filter(isReady).length,
    terminating: progress.terminating + leaving.size,
    ...(isIndexed(job) && progress.succeededIndexes.size > 0
      ? { completedIndexes: formatIndexes(progress.succeededIndexes) }
      : {}),
    ...(job.spec.backoffLimitPerIndex === undefined ? {} : { failedIndexes: formatIndexes(progress.failedIndexes) }),
    uncountedTerminatedPods: hasUncounted
      ? Object.fromEntries(Object.entries(uncounted).filter(([, uids]) => uids.length > 0))
      : {},
  }
}

function conditionsAfter(job: Live<Job>, plan: JobPlan, isSettled: boolean, time: string): JobCondition[] {
  const conditions = [...(job.status?.conditions ?? [])]
  const set = (type: string, status: string, reason?: string, message?: string) => {
    const at = conditions.findIndex(condition => condition.type === type)
    if (at >= 0 && conditions[at]!.status === status) return
    const condition = { type, status, lastProbeTime: time, lastTransitionTime: time, reason, message }
    if (at >= 0) conditions[at] = condition
    else conditions.push(condition)
  }
  if (job.spec.suspend) set('Suspended', 'True', 'JobSuspended', 'Job suspended')
  else if (conditions.some(({ type }) => type === 'Suspended')) set('Suspended', 'False', 'JobResumed', 'Job resumed')
  if (!plan.end) return conditions
  const { type, reason, message } = plan.end
  set(type === 'Complete' ? 'SuccessCriteriaMet' : 'FailureTarget', 'True', reason, message)
  if (isSettled) set(type, 'True', reason, message)
  return conditions
}
