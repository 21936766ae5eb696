import type { Strategy } from '../kind.ts'
import { CONTROLLER_UID, jobLabels } from '../pods/job-labels.ts'
import type { Job } from '../types/batch-v1.ts'

export const jobStrategy: Partial<Strategy> = {
  /** The job's uid stands already: its pods are selected by it. */
  prepareForCreate(job: Job) {
    delete job.status
    job.metadata = { ...job.metadata, generation: 1 }
    if (job.spec && !job.spec.manualSelector) selectByUid(job)
  },
}

/** What somebody wrote himself stays, for validation to refuse where it is not the job's own. */
function selectByUid({ metadata = {}, spec }: Job): void {
  const own = jobLabels(metadata)
  const { template, selector = {} } = spec!
  template.metadata = { ...template.metadata, labels: { ...own, ...template.metadata?.labels } }
  const matchLabels = { [CONTROLLER_UID]: own[CONTROLLER_UID]!, ...selector.matchLabels }
  spec!.selector = { ...selector, matchLabels }
}
