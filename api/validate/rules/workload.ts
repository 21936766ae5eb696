import {
  between,
  countOrPercent,
  given,
  needed,
  notNegative,
  oneOf,
  positive,
  present,
  qualified,
  type Rules,
  subdomain,
} from '../checks.ts'

const counts = { replicas: [notNegative], minReadySeconds: [notNegative], revisionHistoryLimit: [notNegative] }

export const WORKLOAD_RULES: Rules = {
  'apps.v1.DeploymentSpec': { selector: [given], ...counts, progressDeadlineSeconds: [notNegative] },
  'apps.v1.DeploymentStrategy': { type: [present, oneOf('Recreate', 'RollingUpdate')] },
  'apps.v1.RollingUpdateDeployment': { maxUnavailable: [countOrPercent], maxSurge: [countOrPercent] },
  'apps.v1.ReplicaSetSpec': { selector: [given], replicas: [notNegative], minReadySeconds: [notNegative] },
  'core.v1.ReplicationControllerSpec': {
    selector: [present],
    template: [present],
    replicas: [notNegative],
    minReadySeconds: [notNegative],
  },
  'apps.v1.DaemonSetSpec': { selector: [given], minReadySeconds: [notNegative], revisionHistoryLimit: [notNegative] },
  'apps.v1.DaemonSetUpdateStrategy': { type: [present, oneOf('OnDelete', 'RollingUpdate')] },
  'apps.v1.RollingUpdateDaemonSet': { maxUnavailable: [countOrPercent], maxSurge: [countOrPercent] },
  'apps.v1.StatefulSetSpec': {
    selector: [given],
    podManagementPolicy: [present, oneOf('OrderedReady', 'Parallel')],
    ...counts,
  },
  'apps.v1.StatefulSetUpdateStrategy': { type: [present, oneOf('OnDelete', 'RollingUpdate')] },
  'apps.v1.RollingUpdateStatefulSetStrategy': { partition: [notNegative], maxUnavailable: [countOrPercent] },
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
    podReplacementPolicy: [oneOf('TerminatingOrFailed', 'Failed')],
  },
  'batch.v1.PodFailurePolicyRule': { action: [present, oneOf('FailJob', 'FailIndex', 'Ignore', 'Count')] },
  'batch.v1.PodFailurePolicyOnExitCodesRequirement': { operator: [present, oneOf('In', 'NotIn')], values: [present] },
  'batch.v1.CronJobSpec': {
    schedule: [present],
    concurrencyPolicy: [present, oneOf('Allow', 'Forbid', 'Replace')],
    startingDeadlineSeconds: [notNegative],
    successfulJobsHistoryLimit: [notNegative],
    failedJobsHistoryLimit: [notNegative],
  },
  'autoscaling.v2.HorizontalPodAutoscalerSpec': { minReplicas: [positive], maxReplicas: [positive] },
  'autoscaling.v1.HorizontalPodAutoscalerSpec': {
    minReplicas: [positive],
    maxReplicas: [positive],
    targetCPUUtilizationPercentage: [positive],
  },
  'autoscaling.v2.CrossVersionObjectReference': { kind: [present], name: [present] },
  'autoscaling.v1.CrossVersionObjectReference': { kind: [present], name: [present] },
  'autoscaling.v2.MetricSpec': {
    type: [
      needed('must specify a metric source type'),
      oneOf('ContainerResource', 'External', 'Object', 'Pods', 'Resource'),
    ],
  },
  'autoscaling.v2.ResourceMetricSource': { name: [needed('must specify a resource name')] },
  'autoscaling.v2.ContainerResourceMetricSource': {
    name: [needed('must specify a resource name')],
    container: [needed('must specify a container')],
  },
  'autoscaling.v2.MetricIdentifier': { name: [needed('must specify a metric name')] },
  'autoscaling.v2.MetricTarget': {
    type: [needed('must specify a metric target type'), oneOf('AverageValue', 'Utilization', 'Value')],
    averageUtilization: [positive],
  },
  'autoscaling.v2.HPAScalingRules': {
    stabilizationWindowSeconds: [between(0, 3600)],
    selectPolicy: [oneOf('Disabled', 'Max', 'Min')],
  },
  'autoscaling.v2.HPAScalingPolicy': {
    type: [oneOf('Percent', 'Pods')],
    value: [positive],
    periodSeconds: [between(1, 1800)],
  },
  'autoscaling.v1.ScaleSpec': { replicas: [notNegative] },
  'policy.v1.PodDisruptionBudgetSpec': {
    minAvailable: [countOrPercent],
    maxUnavailable: [countOrPercent],
    unhealthyPodEvictionPolicy: [oneOf('AlwaysAllow', 'IfHealthyBudget')],
  },
  'scheduling.v1.PriorityClass': { preemptionPolicy: [oneOf('PreemptLowerPriority', 'Never')] },
  'node.v1.RuntimeClass': { handler: [present, subdomain] },
  'core.v1.Taint': {
    key: [present, qualified],
    effect: [present, oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute')],
  },
}
