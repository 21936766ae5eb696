import type { Column } from '../kind.ts'
import type { ControllerRevision, DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../types/apps-v1.ts'
import type { CronJob, Job } from '../types/batch-v1.ts'
import type { PodDisruptionBudget } from '../types/policy-v1.ts'
import {
  age,
  ageColumn,
  column,
  humanDuration,
  mapText,
  NONE,
  nameColumn,
  selectorText,
  templateColumns,
} from './basic.ts'

const integer = { type: 'integer' } as const

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  column<Deployment>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
  column<Deployment>('Up-to-date', ({ status }) => status?.updatedReplicas ?? 0),
  column<Deployment>('Available', ({ status }) => status?.availableReplicas ?? 0),
  ageColumn,
  ...templateColumns<Deployment>(
    ({ spec }) => spec?.template.spec,
    ({ spec }) => selectorText(spec?.selector),
  ),
]

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  column<ReplicaSet>('Desired', ({ spec }) => spec?.replicas ?? 0, integer),
  column<ReplicaSet>('Current', ({ status }) => status?.replicas ?? 0, integer),
  column<ReplicaSet>('Ready', ({ status }) => status?.readyReplicas ?? 0, integer),
  ageColumn,
  ...templateColumns<ReplicaSet>(
    ({ spec }) => spec?.template?.spec,
    ({ spec }) => selectorText(spec?.selector),
  ),
]

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  column<DaemonSet>('Desired', ({ status }) => status?.desiredNumberScheduled ?? 0, integer),
  column<DaemonSet>('Current', ({ status }) => status?.currentNumberScheduled ?? 0, integer),
  column<DaemonSet>('Ready', ({ status }) => status?.numberReady ?? 0, integer),
  column<DaemonSet>('Up-to-date', ({ status }) => status?.updatedNumberScheduled ?? 0, integer),
  column<DaemonSet>('Available', ({ status }) => status?.numberAvailable ?? 0, integer),
  column<DaemonSet>('Node Selector', ({ spec }) => mapText(spec?.template.spec?.nodeSelector)),
  ageColumn,
  ...templateColumns<DaemonSet>(
    ({ spec }) => spec?.template.spec,
    ({ spec }) => selectorText(spec?.selector),
  ),
]

export const statefulSetColumns: readonly Column[] = [
  nameColumn,
  column<StatefulSet>('Ready', ({ spec, status }) => `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`),
  ageColumn,
  ...templateColumns<StatefulSet>(({ spec }) => spec?.template.spec),
]

export const revisionColumns: readonly Column[] = [
  nameColumn,
  column<ControllerRevision>('Controller', ({ metadata }) => {
    const owner = metadata?.ownerReferences?.find(one => one.controller)
    if (!owner) return NONE
    const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
    return `${owner.kind.toLowerCase()}${group}/${owner.name}`
  }),
  column<ControllerRevision>('Revision', ({ revision }) => revision, integer),
  ageColumn,
]

/** Conditions that end or mark a job, the strongest first. */
const JOB_STATES: readonly [type: string, shown: string][] = [
  ['Complete', 'Complete'],
  ['Failed', 'Failed'],
  ['', 'Terminating'],
  ['Suspended', 'Suspended'],
  ['FailureTarget', 'FailureTarget'],
  ['SuccessCriteriaMet', 'SuccessCriteriaMet'],
]

function jobStatus(job: Job): string {
  const is = (type: string) =>
    type === ''
      ? job.metadata?.deletionTimestamp !== undefined
      : (job.status?.conditions?.some(one => one.type === type && one.status === 'True') ?? false)
  return JOB_STATES.find(([type]) => is(type))?.[1] ?? 'Running'
}

function completions({ spec, status }: Job): string {
  const done = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`
}

function jobDuration({ status }: Job, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? Date.parse(status.completionTime) : now
  return humanDuration(end - Date.parse(status.startTime))
}

export const jobColumns: readonly Column[] = [
  nameColumn,
  column<Job>('Status', jobStatus),
  column<Job>('Completions', completions),
  column<Job>('Duration', jobDuration),
  ageColumn,
  ...templateColumns<Job>(
    ({ spec }) => spec?.template.spec,
    ({ spec }) => selectorText(spec?.selector),
  ),
]

export const cronJobColumns: readonly Column[] = [
  nameColumn,
  column<CronJob>('Schedule', ({ spec }) => spec?.schedule ?? ''),
  column<CronJob>('Timezone', ({ spec }) => spec?.timeZone ?? NONE),
  column<CronJob>('Suspend', ({ spec }) => (spec?.suspend ? 'True' : 'False')),
  column<CronJob>('Active', ({ status }) => status?.active?.length ?? 0, integer),
  column<CronJob>('Last Schedule', ({ status }, now) =>
    status?.lastScheduleTime ? age(status.lastScheduleTime, now) : NONE,
  ),
  ageColumn,
  ...templateColumns<CronJob>(
    ({ spec }) => spec?.jobTemplate.spec?.template.spec,
    ({ spec }) => selectorText(spec?.jobTemplate.spec?.selector),
  ),
]

export const budgetColumns: readonly Column[] = [
  nameColumn,
  column<PodDisruptionBudget>('Min Available', ({ spec }) => String(spec?.minAvailable ?? 'N/A')),
  column<PodDisruptionBudget>('Max Unavailable', ({ spec }) => String(spec?.maxUnavailable ?? 'N/A')),
  column<PodDisruptionBudget>('Allowed Disruptions', ({ status }) => status?.disruptionsAllowed ?? 0, integer),
  ageColumn,
]
