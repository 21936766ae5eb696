import { cronJobColumns, jobColumns } from '../columns/workloads.ts'
import { setCronJobDefaults, setJobDefaults } from '../defaults/workloads.ts'
import type { Kind } from '../kind.ts'
import { jobStrategy } from '../strategy/job.ts'
import type { Job } from '../types/batch-v1.ts'
import { validateCronJob, validateJob, validateJobUpdate, validateNewCronJob } from '../validate/batch.ts'
import { validateJobStatus } from '../validate/job-status.ts'
import { declareKinds, kind } from './declare.ts'

export function batchKinds(): Kind[] {
  return declareKinds('batch', 'v1', [
    kind<Job>({
      kind: 'Job',
      categories: ['all'],
      generation: true,
      setDefaults: setJobDefaults,
      validate: validateJob,
      validateUpdate: validateJobUpdate,
      validateStatus: validateJobStatus,
      strategy: jobStrategy,
      initialStatus: () => ({}),
      columns: jobColumns,
      fields: { 'status.successful': ({ status }) => String(status?.succeeded ?? 0) },
    }),
    kind({
      kind: 'CronJob',
      shortNames: ['cj'],
      categories: ['all'],
      generation: true,
      setDefaults: setCronJobDefaults,
      validate: validateNewCronJob,
      validateUpdate: validateCronJob,
      initialStatus: () => ({}),
      columns: cronJobColumns,
    }),
  ])
}
