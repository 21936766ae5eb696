import type { ObjectMeta } from '../objects.ts'

export const CONTROLLER_UID = 'batch.kubernetes.io/controller-uid'

/** What the pods of a job are labelled with, by its own names and by those of before. */
export function jobLabels({ uid = '', name = '' }: ObjectMeta): Record<string, string> {
  return { [CONTROLLER_UID]: uid, 'controller-uid': uid, 'batch.kubernetes.io/job-name': name, 'job-name': name }
}
