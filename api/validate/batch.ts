import { cronProblem } from '../cron.ts'
import type { FieldError } from '../kind.ts'
import { isLabelName, isSubdomainName } from '../names.ts'
import type { CronJob, Job, JobSpec } from '../types/batch-v1.ts'
import type { PodTemplateSpec } from '../types/core-v1.ts'
import { oneOf } from './checks.ts'
import { invalid, required, tooLong, unsupported } from './errors.ts'
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts'
import { validateJobSelector } from './job-selector.ts'
import { immutable } from './meta.ts'
import { validatePodTemplate } from './pod.ts'

export function validateJob(job: Job): FieldError[] {
  const { metadata, spec } = job
  if (!spec) return [required('spec')]
  return [...hostNames(metadata?.name ?? '', spec), ...validateJobSpec(spec, 'spec'), ...validateJobSelector(job)]
}

/** An indexed job's pods are called by its name and their index. */
function hostNames(name: string, { completionMode, completions = 0 }: JobSpec): FieldError[] {
  if (completionMode !== 'Indexed' || completions <= 0) return []
  const last = `${name}-${completions - 1}`
  if (isLabelName(last).length === 0) return []
  return [invalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`)]
}

const RESTARTS = ['OnFailure', 'Never']

function validateJobSpec(spec: JobSpec, path: string): FieldError[] {
  const errors = [...validateIndexes(spec, path), ...replacement(spec, path), ...manager(spec, path)]
  if (spec.podFailurePolicy) errors.push(...validateFailurePolicy(spec, path))
  const pod = spec.template?.spec
  if (!pod) return [...errors, required(`${path}.template.spec`)]
  const where = `${path}.template.spec.restartPolicy`
  if (pod.restartPolicy === 'Always') {
    errors.push(required(where, `valid values: ${RESTARTS.map(one => `"${one}"`).join(', ')}`))
  }
  if (spec.podFailurePolicy && pod.restartPolicy === 'OnFailure') {
    errors.push(invalid(where, pod.restartPolicy, `only "Never" is supported when podFailurePolicy is specified`))
  }
  return [...errors, ...validatePodTemplate(spec.template, `${path}.template`)]
}

function replacement({ podReplacementPolicy: policy, podFailurePolicy }: JobSpec, path: string): FieldError[] {
  if (policy === undefined) return []
  const known = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  return oneOf(...known)(policy, `${path}.podReplacementPolicy`)
}

const LONGEST_MANAGER = 63

function manager({ managedBy }: JobSpec, path: string): FieldError[] {
  if (managedBy === undefined) return []
  const where = `${path}.managedBy`
  const [domain = '', ...rest] = managedBy.split('/')
  const isPrefixed = rest.join('/') !== '' && isSubdomainName(domain).length === 0
  const detail = 'must be a domain-prefixed path (such as "acme.io/foo")'
  return [
    ...(isPrefixed ? [] : [invalid(where, managedBy, detail)]),
    ...(managedBy.length > LONGEST_MANAGER ? [tooLong(where, LONGEST_MANAGER)] : []),
  ]
}

/** So many indexes a job may have, and so many when each may be tried again. */
const MANY = 100_000
const FEW = 10_000

function validateIndexes(spec: JobSpec, path: string): FieldError[] {
  if (spec.completionMode === 'Indexed') {
    const policy = spec.successPolicy ? validateSuccessPolicy(spec, path) : []
    return [...indexed(spec, path), ...policy]
  }
  return (['backoffLimitPerIndex', 'maxFailedIndexes', 'successPolicy'] as const).flatMap(name =>
    spec[name] === undefined ? [] : [invalid(`${path}.${name}`, spec[name], 'requires indexed completion mode')],
  )
}

function indexed(spec: JobSpec, path: string): FieldError[] {
  const { completions, maxFailedIndexes: failed } = spec
  const most = (name: 'parallelism' | 'maxFailedIndexes', limit: number, more = '') => {
    const value = spec[name] ?? 0
    return value > limit ? [invalid(`${path}.${name}`, value, `must be less than or equal to ${limit}${more}`)] : []
  }
  const errors = [
    ...(completions === undefined ? [required(`${path}.completions`, 'when completion mode is Indexed')] : []),
    ...most('parallelism', MANY, ' when completion mode is Indexed'),
    ...most('maxFailedIndexes', MANY),
  ]
  if (completions !== undefined && failed !== undefined && failed > completions) {
    errors.push(invalid(`${path}.maxFailedIndexes`, failed, 'must be less than or equal to completions'))
  }
  if ((completions ?? 0) <= MANY || spec.backoffLimitPerIndex === undefined) return errors
  if (failed === undefined) {
    errors.push(required(`${path}.maxFailedIndexes`, `must be specified when completions is above ${MANY}`))
  }
  const more = ` when completions are above ${MANY} and used with backoff limit per index`
  return [...errors, ...most('parallelism', FEW, more), ...most('maxFailedIndexes', FEW, more)]
}

/** A job's pods are made by its first template; a suspended job that has not begun may still change where they go. */
export function validateJobUpdate(job: Job, old: Job): FieldError[] {
  const [spec, before] = [job.spec, old.spec]
  if (!spec || !before) return validateJob(job)
  const mayMove = before.suspend === true && !old.status?.startTime
  return [
    ...validateJob(job),
    ...completionsStay(spec, before),
    ...immutable(spec.selector, before.selector, 'spec.selector'),
    ...immutable(spec.template, mayMove ? moved(before.template, spec.template) : before.template, 'spec.template'),
    ...immutable(spec.completionMode, before.completionMode, 'spec.completionMode'),
    ...immutable(spec.podFailurePolicy, before.podFailurePolicy, 'spec.podFailurePolicy'),
    ...immutable(spec.backoffLimitPerIndex, before.backoffLimitPerIndex, 'spec.backoffLimitPerIndex'),
    ...immutable(spec.managedBy, before.managedBy, 'spec.managedBy'),
    ...immutable(spec.successPolicy, before.successPolicy, 'spec.successPolicy'),
  ]
}

/** Only a job with an index for each of its pods may grow and shrink, and both numbers with each other. */
function completionsStay({ completionMode, completions, parallelism }: JobSpec, old: JobSpec): FieldError[] {
  if (completionMode !== 'Indexed') return immutable(completions, old.completions, 'spec.completions')
  if (completions === old.completions || completions === parallelism) return []
  return [invalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')]
}

/** The old template with the new one's place: labels, nodes, tolerations, gates. */
function moved(old: PodTemplateSpec, now: PodTemplateSpec): PodTemplateSpec {
  const { nodeSelector, tolerations, schedulingGates, affinity } = now.spec ?? {}
  const kept = { ...old.spec?.affinity, nodeAffinity: affinity?.nodeAffinity }
  const isNone = !affinity && !kept.podAffinity && !kept.podAntiAffinity
  const spec = { ...old.spec!, nodeSelector, tolerations, schedulingGates, affinity: isNone ? undefined : kept }
  const { labels, annotations } = now.metadata ?? {}
  const metadata = old.metadata || now.metadata ? { ...old.metadata, labels, annotations } : undefined
  return { ...old, metadata, spec }
}

/** A job's name is the cron job's and eleven characters more. */
const LONGEST_NAME = 52

export function validateNewCronJob(job: CronJob): FieldError[] {
  const name = job.metadata?.name ?? ''
  if (name.length <= LONGEST_NAME) return validateCronJob(job)
  return [invalid('metadata.name', name, `must be no more than ${LONGEST_NAME} characters`), ...validateCronJob(job)]
}

export function validateCronJob({ spec }: CronJob): FieldError[] {
  if (!spec) return [required('spec')]
  const errors: FieldError[] = []
  if (spec.schedule) errors.push(...validateSchedule(spec.schedule, spec.timeZone))
  const job = spec.jobTemplate?.spec
  if (!job) return [...errors, required('spec.jobTemplate.spec')]
  if (job.selector) {
    errors.push(invalid('spec.jobTemplate.spec.selector', job.selector, '`selector` will be auto-generated'))
  }
  if (job.manualSelector) errors.push(unsupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false']))
  return [...errors, ...validateJobSpec(job, 'spec.jobTemplate.spec')]
}

function validateSchedule(schedule: string, timeZone: string | undefined): FieldError[] {
  const errors: FieldError[] = []
  const problem = cronProblem(schedule.replace(/^(CRON_)?TZ=\S*\s+/, ''))
  if (problem) errors.push(invalid('spec.schedule', schedule, problem))
  if (schedule.includes('TZ')) {
    errors.push(invalid('spec.schedule', schedule, 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'))
  }
  const fault = timeZone === undefined ? undefined : timeZoneProblem(timeZone)
  return fault ? [...errors, invalid('spec.timeZone', timeZone, fault)] : errors
}

function timeZoneProblem(name: string): string | undefined {
  if (name === '') return 'timeZone must be nil or non-empty string'
  if (name.toLowerCase() === 'local') {
    return 'timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones'
  }
  return isTimeZone(name) ? undefined : `unknown time zone ${name}`
}

function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch (error) {
    if (error instanceof RangeError) return false
    throw error
  }
}
