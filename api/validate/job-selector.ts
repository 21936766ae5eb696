import type { FieldError } from '../kind.ts'
import { jobLabels } from '../pods/job-labels.ts'
import type { Job, JobSpec } from '../types/batch-v1.ts'
import { invalid, required } from './errors.ts'
import { checkSelected, finds } from './selectors.ts'

/** A job finds its pods by its own uid, unless somebody takes the choice upon himself: what was copied from another job is refused. */
export function validateJobSelector({ metadata = {}, spec }: Job): FieldError[] {
  if (!spec?.selector) return [required('spec.selector')]
  const errors = spec.manualSelector ? [] : validateGenerated(spec, jobLabels(metadata))
  return [...errors, ...checkSelected(spec.selector, spec.template?.metadata?.labels, 'spec.template')]
}

function validateGenerated({ selector, template }: JobSpec, wanted: Record<string, string>): FieldError[] {
  const labels = template?.metadata?.labels ?? {}
  const errors = Object.entries(wanted).flatMap(([key, value]) => {
    const path = `spec.template.metadata.labels[${key}]`
    if (labels[key] === undefined) return [required(path, `must be '${value}'`)]
    return labels[key] === value ? [] : [invalid(path, labels, `must be '${value}'`)]
  })
  return finds(selector!, wanted)
    ? errors
    : [...errors, invalid('spec.selector', selector, '`selector` not auto-generated')]
}
