import {
  daemonSetColumns,
  deploymentColumns,
  replicaSetColumns,
  revisionColumns,
  statefulSetColumns,
} from '../columns/workloads.ts'
import {
  setDaemonSetDefaults,
  setDeploymentDefaults,
  setReplicaSetDefaults,
  setStatefulSetDefaults,
} from '../defaults/workloads.ts'
import type { Kind } from '../kind.ts'
import type { ControllerRevision, ReplicaSet } from '../types/apps-v1.ts'
import { immutable } from '../validate/meta.ts'
import {
  selectorStays,
  validateDaemonSet,
  validateDeployment,
  validateReplicaSet,
  validateStatefulSet,
  validateStatefulSetUpdate,
} from '../validate/workloads.ts'
import { declareKinds, type KindRecord, kind } from './declare.ts'

const workload = { generation: true, categories: ['all'] }

export function appsKinds(): Kind[] {
  return declareKinds('apps', 'v1', RECORDS)
}

const RECORDS: readonly KindRecord[] = [
  kind({
    ...workload,
    kind: 'Deployment',
    shortNames: ['deploy'],
    setDefaults: setDeploymentDefaults,
    validate: validateDeployment,
    validateUpdate: selectorStays(validateDeployment),
    initialStatus: () => ({}),
    columns: deploymentColumns,
  }),
  kind<ReplicaSet>({
    ...workload,
    kind: 'ReplicaSet',
    shortNames: ['rs'],
    setDefaults: setReplicaSetDefaults,
    validate: validateReplicaSet,
    validateUpdate: selectorStays(validateReplicaSet),
    initialStatus: () => ({ replicas: 0 }),
    columns: replicaSetColumns,
    fields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  }),
  kind({
    ...workload,
    kind: 'StatefulSet',
    shortNames: ['sts'],
    setDefaults: setStatefulSetDefaults,
    validate: validateStatefulSet,
    validateUpdate: validateStatefulSetUpdate,
    initialStatus: () => ({ replicas: 0, availableReplicas: 0 }),
    columns: statefulSetColumns,
  }),
  kind({
    ...workload,
    kind: 'DaemonSet',
    shortNames: ['ds'],
    setDefaults: setDaemonSetDefaults,
    validate: validateDaemonSet,
    validateUpdate: selectorStays(validateDaemonSet),
    initialStatus: () => ({
      currentNumberScheduled: 0,
      desiredNumberScheduled: 0,
      numberMisscheduled: 0,
      numberReady: 0,
    }),
    columns: daemonSetColumns,
  }),
  kind<ControllerRevision>({
    kind: 'ControllerRevision',
    validateUpdate: (object, old) => immutable(object.data, old.data, 'data'),
    columns: revisionColumns,
  }),
]
