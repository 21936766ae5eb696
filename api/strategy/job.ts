import type { Strategy } from '../kind.ts'
import type { Job } from '../types/batch-v1.ts'

const UID_LABEL = 'batch.kubernetes.io/controller-uid'

export const jobStrategy: Partial<Strategy> = {
  /** The job's uid stands already: its pods are selected by it. */
  prepareForCreate(job: Job) {
    delete job.status
    job.metadata = { ...job.metadata, generation: 1 }
    if (job.spec && !job.spec.manualSelector) selectByUid(job)
  },
}

function selectByUid({ metadata = {}, spec }: Job): void {
  const { uid = '', name = '' } = metadata
  const labels = { [UID_LABEL]: uid, 'controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'job-name': name }
  const template = spec!.template
  template.metadata = { ...template.metadata, labels: { ...template.metadata?.labels, ...labels } }
  const selector = spec!.selector ?? {}
  spec!.selector = { ...selector, matchLabels: { ...selector.matchLabels, [UID_LABEL]: uid } }
}
