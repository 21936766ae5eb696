import type { FieldError } from '../../kind.ts'
import { isLabelName, isPathSegmentName } from '../../names.ts'
import type { StatefulSetUpdateStrategy } from '../../types/apps-v1.ts'
import type { UncountedTerminatedPods } from '../../types/batch-v1.ts'
import type { Toleration } from '../../types/core-v1.ts'
import type { Overhead } from '../../types/node-v1.ts'
import {
  atMostAll,
  countOrPercent,
  given,
  labels,
  named,
  needed,
  notNegative,
  oneOf,
  positive,
  present,
  type Rules,
} from '../checks.ts'
import { duplicate, invalid, required } from '../errors.ts'
import { validateContainerResources } from '../resources.ts'

const counts = { replicas: [notNegative], minReadySeconds: [notNegative], revisionHistoryLimit: [notNegative] }

const eitherOf =
  (one: string, other: string) =>
  (value: string, path: string): FieldError[] =>
    value === one || value === other ? [] : [invalid(path, value, `must be '${one}' or '${other}'`)]

function statefulStrategy(strategy: StatefulSetUpdateStrategy, path: string): FieldError[] {
  if (!strategy.type) return [required(path)]
  const isKnown = strategy.type === 'RollingUpdate' || strategy.type === 'OnDelete'
  return isKnown ? [] : [invalid(path, strategy, "must be 'RollingUpdate' or 'OnDelete'")]
}

const notNone = (value: number | string, path: string): FieldError[] =>
  Number.parseInt(String(value), 10) === 0 ? [invalid(path, value, 'cannot be 0')] : []

/** It is always given, if only as nothing. */
const handler = (name: string, path: string): FieldError[] =>
  isLabelName(name).map(problem => invalid(path, name, problem))

/** What the runtime takes for itself is limited as a container is. */
const overhead = ({ podFixed = {} }: Overhead, path: string): FieldError[] =>
  validateContainerResources({ limits: podFixed }, path)

/** Two tolerations that differ only in how long they hold are one too many. */
function distinct(list: Toleration[], path: string): FieldError[] {
  const keys = list.map(({ key, operator, value, effect }) => JSON.stringify([key, operator, value, effect]))
  return list.flatMap((one, index) => (keys.indexOf(keys[index]!) < index ? [duplicate(`${path}[${index}]`, one)] : []))
}

/** Each pod is counted once. */
function uncounted({ succeeded = [], failed = [] }: UncountedTerminatedPods, path: string): FieldError[] {
  const seen = new Set<string>()
  const check = (uids: readonly string[], where: string) =>
    uids.flatMap((uid, index) => {
      const at = `${path}.${where}[${index}]`
      if (uid === '') return [invalid(at, uid, 'must not be empty')]
      if (seen.has(uid)) return [duplicate(at, uid)]
      seen.add(uid)
      return []
    })
  return [...check(succeeded, 'succeeded'), ...check(failed, 'failed')]
}

const numbers = (...names: string[]) => Object.fromEntries(names.map(name => [name, [notNegative]]))
const autoscaled = numbers('currentReplicas', 'desiredReplicas')

export const WORKLOAD_RULES: Rules = {
  'apps.v1.DeploymentSpec': { selector: [given], ...counts, progressDeadlineSeconds: [notNegative] },
  'apps.v1.DeploymentStrategy': { type: [present, oneOf('Recreate', 'RollingUpdate')] },
  'apps.v1.RollingUpdateDeployment': { maxUnavailable: [countOrPercent, atMostAll], maxSurge: [countOrPercent] },
  'apps.v1.ReplicaSetSpec': { selector: [given], replicas: [notNegative], minReadySeconds: [notNegative] },
  'core.v1.ReplicationControllerSpec': {
    selector: [present],
    template: [present],
    replicas: [notNegative],
    minReadySeconds: [notNegative],
  },
  'apps.v1.DaemonSetSpec': { selector: [given], minReadySeconds: [notNegative], revisionHistoryLimit: [notNegative] },
  'apps.v1.DaemonSetUpdateStrategy': { type: [present, oneOf('OnDelete', 'RollingUpdate')] },
  'apps.v1.RollingUpdateDaemonSet': {
    maxUnavailable: [countOrPercent, atMostAll],
    maxSurge: [countOrPercent, atMostAll],
  },
  'apps.v1.StatefulSetSpec': {
    selector: [given],
    podManagementPolicy: [present, eitherOf('OrderedReady', 'Parallel')],
    ...counts,
  },
  'apps.v1.StatefulSetUpdateStrategy': { '*': [statefulStrategy] },
  'apps.v1.RollingUpdateStatefulSetStrategy': {
    partition: [notNegative],
    maxUnavailable: [countOrPercent, atMostAll, notNone],
  },
  'apps.v1.StatefulSetOrdinals': { start: [notNegative] },
  'apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy': {
    whenDeleted: [oneOf('Retain', 'Delete')],
    whenScaled: [oneOf('Retain', 'Delete')],
  },
  'apps.v1.ControllerRevision': { revision: [notNegative] },
  'batch.v1.JobSpec': {
    parallelism: [notNegative],
    completions: [notNegative],
    activeDeadlineSeconds: [notNegative],
    backoffLimit: [notNegative],
    backoffLimitPerIndex: [notNegative],
    maxFailedIndexes: [notNegative],
    ttlSecondsAfterFinished: [notNegative],
    completionMode: [oneOf('NonIndexed', 'Indexed')],
  },
  'batch.v1.JobStatus': numbers('active', 'succeeded', 'failed', 'ready', 'terminating'),
  'batch.v1.UncountedTerminatedPods': { '*': [uncounted] },
  'batch.v1.CronJobSpec': {
    schedule: [present],
    concurrencyPolicy: [present, oneOf('Allow', 'Forbid', 'Replace')],
    startingDeadlineSeconds: [notNegative],
    successfulJobsHistoryLimit: [notNegative],
    failedJobsHistoryLimit: [notNegative],
  },
  'autoscaling.v1.HorizontalPodAutoscalerSpec': { targetCPUUtilizationPercentage: [positive] },
  'autoscaling.v1.HorizontalPodAutoscalerStatus': autoscaled,
  'autoscaling.v2.HorizontalPodAutoscalerStatus': autoscaled,
  'autoscaling.v2.MetricSpec': {
    type: [
      needed('must specify a metric source type'),
      oneOf('ContainerResource', 'External', 'Object', 'Pods', 'Resource'),
    ],
  },
  'autoscaling.v2.ResourceMetricSource': { name: [needed('must specify a resource name')] },
  'autoscaling.v2.ContainerResourceMetricSource': {
    name: [needed('must specify a resource name')],
    container: [needed('must specify a container'), named(isLabelName)],
  },
  'autoscaling.v2.MetricIdentifier': { name: [needed('must specify a metric name'), named(isPathSegmentName)] },
  'autoscaling.v1.ScaleSpec': { replicas: [notNegative] },
  'policy.v1.PodDisruptionBudgetSpec': {
    minAvailable: [countOrPercent, atMostAll],
    maxUnavailable: [countOrPercent, atMostAll],
    unhealthyPodEvictionPolicy: [oneOf('AlwaysAllow', 'IfHealthyBudget')],
  },
  'policy.v1.PodDisruptionBudgetStatus': numbers(
    'disruptionsAllowed',
    'currentHealthy',
    'desiredHealthy',
    'expectedPods',
  ),
  'scheduling.v1.PriorityClass': { preemptionPolicy: [oneOf('PreemptLowerPriority', 'Never')] },
  'node.v1.RuntimeClass': { handler: [handler] },
  'node.v1.Overhead': { '*': [overhead] },
  'node.v1.Scheduling': { nodeSelector: [labels], tolerations: [distinct] },
}
