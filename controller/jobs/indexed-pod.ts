import type { Job } from '../../api/types/batch-v1.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'

export const INDEX = 'batch.kubernetes.io/job-completion-index'
const INDEX_FAILURES = 'batch.kubernetes.io/job-index-failure-count'

export function indexOf(pod: Pod): number | undefined {
  const text = pod.metadata?.annotations?.[INDEX]
  return text === undefined ? undefined : Number(text)
}

/** Each pod carries how often its index failed before it: the count outlives the pods that failed. */
export function failuresBefore(pod: Pod): number {
  return Number(pod.metadata?.annotations?.[INDEX_FAILURES] ?? 0)
}

/** The pod's own part of an indexed Job. */
export function indexedPod(job: Live<Job>, pod: Pod, index: number, failures: number): Pod {
  const own: Record<string, string> = { [INDEX]: String(index) }
  const perIndex: Record<string, string> =
    job.spec.backoffLimitPerIndex === undefined ? {} : { [INDEX_FAILURES]: String(failures) }
  const env = {
    name: 'JOB_COMPLETION_INDEX',
    valueFrom: { fieldRef: { fieldPath: `metadata.annotations['${INDEX}']` } },
  }
  const withEnv = <C extends { env?: object[] }>(containers: C[] | undefined) =>
    containers?.map(container => ({ ...container, env: [...(container.env ?? []), env] }))
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      generateName: `${job.metadata.name}-${index}-`,
      annotations: { ...pod.metadata?.annotations, ...own, ...perIndex },
      labels: { ...pod.metadata?.labels, ...own },
    },
    spec: {
      ...pod.spec!,
      hostname: `${job.metadata.name}-${index}`,
      containers: withEnv(pod.spec!.containers)!,
      ...(pod.spec!.initContainers ? { initContainers: withEnv(pod.spec!.initContainers) } : {}),
    },
  }
}
