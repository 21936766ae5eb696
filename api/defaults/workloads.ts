import type { DaemonSet, Deployment, ReplicaSet, StatefulSet } from '../types/apps-v1.ts'
import type { CronJob, Job } from '../types/batch-v1.ts'
import type { PodTemplate, ReplicationController } from '../types/core-v1.ts'
import { setTemplateDefaults } from './pod.ts'
import { setClaimDefaults } from './storage.ts'

export function setDeploymentDefaults({ spec }: Deployment): void {
  if (!spec) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  spec.strategy ??= {}
  const { strategy } = spec
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= '25%'
    strategy.rollingUpdate.maxSurge ??= '25%'
  }
  setTemplateDefaults(spec.template)
}

export function setReplicaSetDefaults({ spec }: ReplicaSet): void {
  if (!spec) return
  spec.replicas ??= 1
  setTemplateDefaults(spec.template)
}

/** The old kind takes labels and selector from its template. */
export function setReplicationControllerDefaults(controller: ReplicationController): void {
  const { spec } = controller
  if (!spec) return
  spec.replicas ??= 1
  const labels = spec.template?.metadata?.labels
  if (labels) {
    if (!size(spec.selector)) spec.selector = { ...labels }
    if (!size(controller.metadata?.labels)) controller.metadata = { ...controller.metadata, labels: { ...labels } }
  }
  setTemplateDefaults(spec.template)
}

function size(map: object | undefined): number {
  return Object.keys(map ?? {}).length
}

export function setDaemonSetDefaults({ spec }: DaemonSet): void {
  if (!spec) return
  spec.revisionHistoryLimit ??= 10
  spec.updateStrategy ??= {}
  const strategy = spec.updateStrategy
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= 1
    strategy.rollingUpdate.maxSurge ??= 0
  }
  setTemplateDefaults(spec.template)
}

export function setStatefulSetDefaults({ spec }: StatefulSet): void {
  if (!spec) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  const strategy = spec.updateStrategy
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  spec.persistentVolumeClaimRetentionPolicy.whenDeleted ||= 'Retain'
  spec.persistentVolumeClaimRetentionPolicy.whenScaled ||= 'Retain'
  for (const claim of spec.volumeClaimTemplates ?? []) {
    claim.apiVersion ??= 'v1'
    claim.kind ??= 'PersistentVolumeClaim'
    setClaimDefaults(claim)
  }
  setTemplateDefaults(spec.template)
}

/** The largest count there is: a limit for each index replaces the limit of the whole job. */
const NO_LIMIT = 2147483647

export function setJobDefaults(job: Job): void {
  const { spec } = job
  if (!spec) return
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : NO_LIMIT
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy ? 'Failed' : 'TerminatingOrFailed'
  const labels = spec.template?.metadata?.labels
  if (labels && !size(job.metadata?.labels)) job.metadata = { ...job.metadata, labels: { ...labels } }
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ??= 'True'
  }
  setTemplateDefaults(spec.template)
}

export function setCronJobDefaults({ spec }: CronJob): void {
  if (!spec) return
  spec.concurrencyPolicy ??= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
  setTemplateDefaults(spec.jobTemplate?.spec?.template)
}

export function setPodTemplateDefaults({ template }: PodTemplate): void {
  setTemplateDefaults(template)
}
