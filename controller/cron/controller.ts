import type { CronJob, Job } from '../../api/types/batch-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { unlessGone, unlessThere } from '../../client/outcomes.ts'
import { CRON_JOBS, JOBS } from '../../client/resources.ts'
import {
  type Context,
  type Controller,
  controllerKeys,
  controllerRefOf,
  createLoop,
  deleteExactly,
} from '../context.ts'
import { Expectations } from '../expectations.ts'
import { cronStatus, jobFor, planCronJob, resultOf } from './decide.ts'
import { parseSchedule, type Schedule, ScheduleError } from './schedule.ts'

/** Starts Jobs when they are due. */
export function cronJobController(context: Context): Controller {
  return new CronJobController(context).loop
}

class CronJobController {
  readonly #crons
  readonly #jobs
  readonly #cronClient
  readonly #jobClient
  readonly #expectations
  readonly #own
  readonly loop
  readonly #clock

  constructor(context: Context) {
    const { client, clock, informers } = context
    this.#clock = clock
    this.#crons = informers.of<CronJob>(CRON_JOBS)
    this.#jobs = informers.of<Job>(JOBS)
    this.#cronClient = client.resource<CronJob>(CRON_JOBS)
    this.#jobClient = client.resource<Job>(JOBS)
    this.#expectations = new Expectations<Job>(this.#jobs)
    this.#own = new Expectations<CronJob>(this.#crons)
    this.#jobs.addIndex('owner', job => [controllerRefOf(job)?.uid ?? ''])
    this.loop = createLoop(context, 'cronjob-controller', key => this.#step(key))
    this.loop.watch(this.#crons)
    this.loop.watchRelated(this.#jobs, job => controllerKeys(job, 'CronJob'))
  }

  async #step(key: string): Promise<void> {
    const cron = this.#crons.get(key)
    if (!cron || !this.#expectations.met(key) || !this.#own.met(key)) return
    const schedule = this.#readSchedule(cron)
    if (!schedule) return
    const owned = this.#jobs.byIndex('owner', cron.metadata.uid)
    const now = this.#clock.now()
    const plan = planCronJob(cron, schedule, owned, now)
    if (plan.warning) this.loop.events.event(cron, 'Warning', plan.warning.reason, plan.warning.message)
    this.#sayFinished(cron, owned)
    for (const job of plan.replace) await this.#remove(key, cron, job)
    const started = plan.start === undefined ? undefined : await this.#start(key, cron, plan.start)
    for (const job of plan.forget) await this.#remove(key, cron, job)
    const gone = new Set([...plan.replace, ...plan.forget])
    await this.#report(key, cron, [...owned.filter(job => !gone.has(job)), ...(started ? [started] : [])], plan.start)
    // Timers hold 24 days at most, and clocks are set: far times are looked at again in between.
    if (plan.next !== undefined) this.loop.queue.addAfter(key, Math.min(plan.next - now + 100, 3_600_000))
  }

  #readSchedule(cron: Live<CronJob>): Schedule | undefined {
    try {
      return parseSchedule(cron.spec.schedule, cron.spec.timeZone)
    } catch (error) {
      if (!(error instanceof ScheduleError)) throw error
      const reason = error.message.startsWith('unknown time zone') ? 'UnknownTimeZone' : 'UnparseableSchedule'
      this.loop.events.event(
        cron,
        'Warning',
        reason,
        `unparseable schedule: ${JSON.stringify(cron.spec.schedule)} : ${error.message}`,
      )
      return undefined
    }
  }

  async #start(key: string, cron: Live<CronJob>, time: number): Promise<Live<Job> | undefined> {
    try {
      const job = await unlessThere(this.#jobClient.create(jobFor(cron, time)))
      if (!job) return undefined
      this.#expectations.made(key, job)
      this.loop.events.event(cron, 'Normal', 'SuccessfulCreate', `Created job ${job.metadata.name}`)
      return job
    } catch (error) {
      this.loop.events.event(cron, 'Warning', 'FailedCreate', `Error creating job: ${(error as Error).message}`)
      throw error
    }
  }

  async #remove(key: string, cron: Live<CronJob>, job: Live<Job>): Promise<void> {
    await deleteExactly(this.#jobClient, job, { propagationPolicy: 'Background' })
    this.#expectations.removed(key, job)
    this.loop.events.event(cron, 'Normal', 'SuccessfulDelete', `Deleted job ${job.metadata.name}`)
  }

  #sayFinished(cron: Live<CronJob>, owned: readonly Live<Job>[]): void {
    for (const { name, uid } of cron.status?.active ?? []) {
      const job = owned.find(({ metadata }) => metadata.uid === uid)
      const result = job && resultOf(job)
      if (!job) this.loop.events.event(cron, 'Normal', 'MissingJob', `Active job went missing: ${name}`)
      else if (result) {
        this.loop.events.event(cron, 'Normal', 'SawCompletedJob', `Saw completed job: ${name}, condition: ${result}`)
      }
    }
  }

  async #report(key: string, cron: Live<CronJob>, owned: readonly Live<Job>[], started: number | undefined) {
    const status = cronStatus(cron, owned, started)
    if (deepEqual(status, cron.status ?? {})) return
    const written = await unlessGone(this.#cronClient.update({ ...cron, status }, 'status'))
    if (written) this.#own.made(key, written)
  }
}
