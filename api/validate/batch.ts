import { cronProblem } from '../cron.ts'
import type { FieldError } from '../kind.ts'
import type { CronJob, Job, JobSpec } from '../types/batch-v1.ts'
import { invalid, required, unsupported } from './errors.ts'
import { immutable } from './meta.ts'
import { validatePodTemplate } from './pod.ts'

export function validateJob({ spec }: Job): FieldError[] {
  return spec ? validateJobSpec(spec, 'spec') : [required('spec')]
}

function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  const errors = validateIndexed(spec, path)
  const pod = spec.template?.spec
  if (!pod) return [...errors, required(`${path}.template.spec`)]
  if (pod.restartPolicy === 'Always') {
    errors.push(unsupported(`${path}.template.spec.restartPolicy`, pod.restartPolicy, ['OnFailure', 'Never']))
  }
  if (spec.podFailurePolicy && pod.restartPolicy !== 'Never') {
    const detail = `only "Never" is supported when podFailurePolicy is specified`
    errors.push(invalid(`${path}.template.spec.restartPolicy`, pod.restartPolicy, detail))
  }
  if (spec.podFailurePolicy && spec.podReplacementPolicy !== 'Failed') {
    errors.push(unsupported(`${path}.podReplacementPolicy`, spec.podReplacementPolicy, ['Failed']))
  }
  return [...errors, ...validatePodTemplate(spec.template, `${path}.template`)]
}

function validateIndexed(spec: JobSpec, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (spec.completionMode === 'Indexed') {
    if (spec.completions === undefined) {
      errors.push(required(`${path}.completions`, 'when completion mode is Indexed'))
    } else if (spec.completions > 1_000_000_000) {
      errors.push(invalid(`${path}.completions`, spec.completions, 'must be less than or equal to 1000000000'))
    }
    return errors
  }
  for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
    if (spec[name] !== undefined)
      errors.push(invalid(`${path}.${name}`, spec[name], 'requires indexed completion mode'))
  }
  if (spec.successPolicy)
    errors.push(invalid(`${path}.successPolicy`, spec.successPolicy, 'requires indexed completion mode'))
  return errors
}

/** A job's pods are made by its first template; a suspended job that has not begun may still change where they go. */
export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const [spec, before] = [job.spec, old.spec]
  if (!spec || !before) return validateJob(job)
  const mayMove = before.suspend === true && !old.status?.startTime
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  return [
    ...validateJob(job),
    ...(isElastic ? [] : immutable(spec.completions, before.completions, 'spec.completions')),
    ...immutable(spec.selector, before.selector, 'spec.selector'),
    ...(mayMove ? [] : immutable(spec.template, before.template, 'spec.template')),
    ...immutable(spec.completionMode, before.completionMode, 'spec.completionMode'),
    ...immutable(spec.podFailurePolicy, before.podFailurePolicy, 'spec.podFailurePolicy'),
    ...immutable(spec.backoffLimitPerIndex, before.backoffLimitPerIndex, 'spec.backoffLimitPerIndex'),
    ...immutable(spec.managedBy, before.managedBy, 'spec.managedBy'),
    ...immutable(spec.successPolicy, before.successPolicy, 'spec.successPolicy'),
  ]
}

/** A job's name is the cron job's and eleven characters more. */
const LONGEST_NAME = 52

export function validateCronJob({ metadata, spec }: CronJob): FieldError[] {
  if (!spec) return [required('spec')]
  const errors: FieldError[] = []
  if ((metadata?.name?.length ?? 0) > LONGEST_NAME) {
    errors.push(invalid('metadata.name', metadata!.name, `must be no more than ${LONGEST_NAME} characters`))
  }
  if (spec.schedule) errors.push(...validateSchedule(spec.schedule, spec.timeZone))
  const job = spec.jobTemplate?.spec
  if (!job) return [...errors, required('spec.jobTemplate.spec')]
  if (job.manualSelector) errors.push(unsupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
  return [...errors, ...validateJobSpec(job, 'spec.jobTemplate.spec')]
}

function validateSchedule(schedule: string, timeZone: string | undefined): FieldError[] {
  const errors: FieldError[] = []
  const problem = cronProblem(schedule)
  if (problem) errors.push(invalid('spec.schedule', schedule, problem))
  if (schedule.includes('TZ')) {
    errors.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  }
  if (timeZone !== undefined && !isTimeZone(timeZone)) {
    errors.push(invalid('spec.timeZone', timeZone, `unknown time zone ${timeZone}`))
  }
  return errors
}

function isTimeZone(name: string): boolean {
  if (name === '' || name.toLowerCase() === 'local') return false
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
