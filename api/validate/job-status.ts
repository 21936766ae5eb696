import type { FieldError } from '../kind.ts'
import type { Job, JobSpec, JobStatus } from '../types/batch-v1.ts'
import { deepEqual } from '../values.ts'
import { invalid, required, unshown } from './errors.ts'
import { parseIndexes } from './job-policies.ts'

/**
 * What a job's controller, ours or another, may tell of it. A fault that was told before is not held against news of other
 * things: each rule is asked only when what it speaks of changed.
 */
export function validateJobStatus(job: Job, old: Job): FieldError[] {
  if (!job.spec) return []
  const change: Change = { spec: job.spec, now: job.status ?? {}, before: old.status ?? {} }
  return [
    ...leftovers(change),
    ...times(change),
    ...counters(change),
    ...completedIndexes(change),
    ...failedIndexes(change),
    ...conditionsThatGo(change),
    ...conditionsThatCome(change),
  ]
}

interface Change {
  spec: JobSpec
  now: JobStatus
  before: JobStatus
}

const has = ({ conditions }: JobStatus, type: string) =>
  conditions?.some(condition => condition.type === type && condition.status === 'True') ?? false
const isFinished = (status: JobStatus) => has(status, 'Complete') || has(status, 'Failed')
const turned = ({ now, before }: Change, ...types: string[]) => types.some(type => has(now, type) !== has(before, type))
const differ = ({ now, before }: Change, ...fields: (keyof JobStatus)[]) =>
  fields.some(field => !deepEqual(now[field], before[field]))

/** When a job is over, nothing of it runs any more or waits to be counted. */
function leftovers(change: Change): FieldError[] {
  const { now, before } = change
  if (!isFinished(now)) return []
  const isNews = (field: keyof JobStatus) => !isFinished(before) || differ(change, field)
  const { active = 0, terminating = 0, startTime, uncountedTerminatedPods: uncounted } = now
  const isUncounted = (uncounted?.succeeded ?? []).length + (uncounted?.failed ?? []).length > 0
  const errors: FieldError[] = []
  if (active > 0 && isNews('active')) {
    errors.push(invalid('status.active', active, 'active>0 is invalid for finished job'))
  }
  if (terminating > 0 && isNews('terminating')) {
    errors.push(invalid('status.terminating', terminating, 'terminating>0 is invalid for finished job'))
  }
  if (!startTime && isNews('startTime')) {
    errors.push(required('status.startTime', 'startTime is required for finished job'))
  }
  if (isUncounted && isNews('uncountedTerminatedPods')) {
    const detail = 'uncountedTerminatedPods needs to be empty for finished job'
    errors.push(invalid('status.uncountedTerminatedPods', uncounted, detail))
  }
  return errors
}

function times(change: Change): FieldError[] {
  const { spec, now, before } = change
  const [start, end] = [now.startTime, now.completionTime]
  const errors: FieldError[] = []
  const path = 'status.completionTime'
  if (turned(change, 'Complete') || differ(change, 'completionTime')) {
    const isComplete = has(now, 'Complete')
    const early = 'cannot set completionTime when there is no Complete=True condition'
    if (end && !isComplete) errors.push(invalid(path, end, early))
    if (!end && isComplete) errors.push(required(path, 'completionTime is required for Complete jobs'))
  }
  if (start && end && Date.parse(end) < Date.parse(start) && differ(change, 'startTime', 'completionTime')) {
    errors.push(invalid(path, end, 'completionTime cannot be set before startTime'))
  }
  if (end && before.completionTime && end !== before.completionTime) {
    errors.push(invalid(path, end, 'completionTime cannot be mutated'))
  }
  if (before.startTime && start !== before.startTime && !spec.suspend) {
    errors.push(required('status.startTime', 'startTime cannot be removed for unsuspended job'))
  }
  return errors
}

/** A job with an index for each of its pods forgets successes when it is made smaller. */
function counters(change: Change): FieldError[] {
  const { spec, now, before } = change
  const isElastic = spec.completionMode === 'Indexed' && spec.completions === spec.parallelism
  const errors = (isElastic ? (['failed'] as const) : (['failed', 'succeeded'] as const))
    .filter(name => (now[name] ?? 0) < (before[name] ?? 0))
    .map(name => invalid(`status.${name}`, now[name] ?? 0, `cannot decrease the ${name} counter`))
  const { ready, active = 0 } = now
  const isTooReady = ready !== undefined && ready > active && differ(change, 'ready', 'active')
  return isTooReady ? [...errors, invalid('status.ready', ready, 'cannot set more ready pods than active')] : errors
}

function completedIndexes(change: Change): FieldError[] {
  const { spec, now } = change
  const text = now.completedIndexes
  if (!text || !differ(change, 'completedIndexes')) return []
  const path = 'status.completedIndexes'
  const counted = 'cannot set non-empty completedIndexes when non-indexed completion mode'
  return [
    ...unreadable(text, spec.completions, path),
    ...(spec.completionMode === 'Indexed' ? [] : [invalid(path, text, counted)]),
  ]
}

function failedIndexes(change: Change): FieldError[] {
  const { spec, now } = change
  const text = now.failedIndexes
  if (text === undefined) return []
  const path = 'status.failedIndexes'
  const { completions, backoffLimitPerIndex: limit } = spec
  const errors: FieldError[] = []
  if (differ(change, 'failedIndexes')) {
    const detail = 'cannot set non-null failedIndexes when backoffLimitPerIndex is null'
    errors.push(...(limit === undefined ? [invalid(path, text, detail)] : unreadable(text, completions, path)))
  }
  if (completions === undefined || !differ(change, 'failedIndexes', 'completedIndexes')) return errors
  const shared = firstShared(text, now.completedIndexes ?? '', completions)
  const overlap = `failedIndexes and completedIndexes overlap at index: ${shared}`
  return shared === undefined ? errors : [...errors, invalid(path, text, overlap)]
}

function unreadable(text: string, completions: number | undefined, path: string): FieldError[] {
  const { problem } = completions === undefined ? {} : parseIndexes(text, completions)
  return problem ? [invalid(path, text, `error parsing ${path.replace('status.', '')}: ${problem}`)] : []
}

/** The first index that is in both. */
function firstShared(one: string, other: string, completions: number): number | undefined {
  const [some, others] = [parseIndexes(one, completions), parseIndexes(other, completions)]
  const starts = some.intervals.flatMap(([from, to]) =>
    others.intervals
      .filter(interval => from <= interval[1] && interval[0] <= to)
      .map(interval => Math.max(from, interval[0])),
  )
  return starts.length > 0 ? Math.min(...starts) : undefined
}

const wrong = (detail: string) => unshown('status.conditions', detail)

function conditionsThatGo({ now, before }: Change): FieldError[] {
  const gone = (type: string) => has(before, type) && !has(now, type)
  return [
    ...['Failed', 'Complete', 'FailureTarget']
      .filter(gone)
      .map(type => wrong(`cannot disable the terminal ${type}=True condition`)),
    ...(gone('SuccessCriteriaMet') ? [wrong('cannot disable the SuccessCriteriaMet=True condition')] : []),
  ]
}

/** A job ends once, one way; and before the end it is said what made it end. */
function conditionsThatCome(change: Change): FieldError[] {
  const { spec, now, before } = change
  const is = (type: string) => has(now, type)
  const [complete, failed, isMet, isTarget] = ['Complete', 'Failed', 'SuccessCriteriaMet', 'FailureTarget'].map(is)
  const faults: [boolean | undefined, string][] = [
    [complete && failed && turned(change, 'Complete', 'Failed'), 'cannot set Complete=True and Failed=true conditions'],
    [
      complete && isTarget && turned(change, 'Complete', 'FailureTarget'),
      'cannot set Complete=True and FailureTarget=true conditions',
    ],
    [
      failed && !isTarget && turned(change, 'Failed', 'FailureTarget'),
      'cannot set Failed=True condition without the FailureTarget=true condition',
    ],
    [
      complete && !isMet && turned(change, 'Complete', 'SuccessCriteriaMet'),
      'cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
    ],
    [isMet && failed, 'cannot set SuccessCriteriaMet=True and Failed=true conditions'],
    [isMet && isTarget, 'cannot set SuccessCriteriaMet=True and FailureTarget=true conditions'],
    [
      complete && !isMet && spec.successPolicy !== undefined,
      'cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True',
    ],
    [
      isMet && has(before, 'Complete') && !has(before, 'SuccessCriteriaMet'),
      'cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions',
    ],
  ]
  return faults.filter(([isWrong]) => isWrong).map(([, detail]) => wrong(detail))
}
