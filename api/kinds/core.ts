import {
  claimColumns,
  componentColumns,
  configMapColumns,
  controllerColumns,
  endpointsColumns,
  eventColumns,
  limitRangeColumns,
  namespaceColumns,
  nodeColumns,
  podTemplateColumns,
  quotaColumns,
  secretColumns,
  serviceAccountColumns,
  serviceColumns,
  volumeColumns,
} from '../columns/core.ts'
import { podColumns } from '../columns/pod.ts'
import { setLimitRangeDefaults, setNamespaceDefaults, setNodeDefaults, setSecretDefaults } from '../defaults/core.ts'
import { setEndpointsDefaults, setServiceDefaults } from '../defaults/network.ts'
import { setPodDefaults } from '../defaults/pod.ts'
import { setClaimDefaults, setVolumeDefaults } from '../defaults/storage.ts'
import { setPodTemplateDefaults, setReplicationControllerDefaults } from '../defaults/workloads.ts'
import { eventFields } from '../fields/event.ts'
import { podFields } from '../fields/pod.ts'
import type { Kind } from '../kind.ts'
import { isLabel1035Name, isLabelName, isPathSegmentName } from '../names.ts'
import { claimStrategy } from '../strategy/claims.ts'
import { namespaceStrategy, serviceStrategy } from '../strategy/core.ts'
import { podStrategy } from '../strategy/pod.ts'
import type {
  ConfigMap,
  Event,
  Namespace,
  Node,
  Pod,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
} from '../types/core-v1.ts'
import {
  validateConfigMap,
  validateConfigMapUpdate,
  validateEvent,
  validateNamespace,
  validateNode,
  validateNodeUpdate,
  validateSecret,
  validateSecretUpdate,
} from '../validate/core.ts'
import { validateLimitRange, validateQuota, validateQuotaUpdate } from '../validate/limits.ts'
import { validateEndpoints } from '../validate/network.ts'
import { validateNewPod, validatePodTemplate } from '../validate/pod.ts'
import { validateResize } from '../validate/pod-resize.ts'
import { validateEphemeralUpdate, validatePodUpdate } from '../validate/pod-update.ts'
import { validateService, validateServiceStatus, validateServiceUpdate } from '../validate/service.ts'
import { validateClaim, validateClaimUpdate, validateVolume, validateVolumeUpdate } from '../validate/storage.ts'
import { validateReplicationController } from '../validate/workloads.ts'
import { declareKinds, type KindRecord, kind } from './declare.ts'

const all = ['all']

export function coreKinds(): Kind[] {
  return declareKinds('', 'v1', RECORDS)
}

const RECORDS: readonly KindRecord[] = [
  kind<Pod>({
    kind: 'Pod',
    shortNames: ['po'],
    categories: all,
    setDefaults: setPodDefaults,
    validate: validateNewPod,
    validateUpdate: validatePodUpdate,
    validateSubresource: { ephemeralcontainers: validateEphemeralUpdate, resize: validateResize },
    generation: true,
    strategy: podStrategy,
    columns: podColumns,
    fields: podFields,
  }),
  kind<Service>({
    kind: 'Service',
    shortNames: ['svc'],
    categories: all,
    prefix: 'services/specs',
    name: isLabel1035Name,
    setDefaults: setServiceDefaults,
    validate: validateService,
    validateUpdate: validateServiceUpdate,
    validateStatus: validateServiceStatus,
    strategy: serviceStrategy,
    columns: serviceColumns,
    fields: { 'spec.clusterIP': ({ spec }) => spec?.clusterIP, 'spec.type': ({ spec }) => spec?.type },
  }),
  kind<Node>({
    kind: 'Node',
    shortNames: ['no'],
    prefix: 'minions',
    statusOnCreate: true,
    setDefaults: setNodeDefaults,
    validate: validateNode,
    validateUpdate: validateNodeUpdate,
    columns: nodeColumns,
    fields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
  }),
  kind<Namespace>({
    kind: 'Namespace',
    shortNames: ['ns'],
    name: isLabelName,
    setDefaults: setNamespaceDefaults,
    validate: validateNamespace,
    strategy: namespaceStrategy,
    columns: namespaceColumns,
    fields: { 'status.phase': ({ status }) => status?.phase },
  }),
  kind<Event>({
    kind: 'Event',
    shortNames: ['ev'],
    validate: validateEvent,
    columns: eventColumns,
    fields: eventFields,
    strategy: { allowCreateOnUpdate: true },
  }),
  kind<ConfigMap>({
    kind: 'ConfigMap',
    shortNames: ['cm'],
    validate: validateConfigMap,
    validateUpdate: validateConfigMapUpdate,
    columns: configMapColumns,
  }),
  kind<Secret>({
    kind: 'Secret',
    setDefaults: setSecretDefaults,
    validate: validateSecret,
    validateUpdate: validateSecretUpdate,
    columns: secretColumns,
    fields: { type: ({ type }) => type },
  }),
  { kind: 'ServiceAccount', shortNames: ['sa'], columns: serviceAccountColumns },
  kind({
    kind: 'Endpoints',
    shortNames: ['ep'],
    prefix: 'services/endpoints',
    setDefaults: setEndpointsDefaults,
    validate: validateEndpoints,
    columns: endpointsColumns,
    strategy: { allowCreateOnUpdate: true },
  }),
  kind<ReplicationController>({
    kind: 'ReplicationController',
    shortNames: ['rc'],
    categories: all,
    prefix: 'controllers',
    generation: true,
    initialStatus: () => ({ replicas: 0 }),
    setDefaults: setReplicationControllerDefaults,
    validate: validateReplicationController,
    columns: controllerColumns,
    fields: { 'status.replicas': ({ status }) => String(status?.replicas ?? 0) },
  }),
  kind<PodTemplate>({
    kind: 'PodTemplate',
    generation: true,
    setDefaults: setPodTemplateDefaults,
    validate: ({ template }) => (template ? validatePodTemplate(template, 'template') : []),
    columns: podTemplateColumns,
  }),
  kind({
    kind: 'PersistentVolume',
    shortNames: ['pv'],
    initialStatus: () => ({ phase: 'Pending' }),
    setDefaults: setVolumeDefaults,
    validate: validateVolume,
    validateUpdate: validateVolumeUpdate,
    columns: volumeColumns,
  }),
  kind({
    kind: 'PersistentVolumeClaim',
    shortNames: ['pvc'],
    setDefaults: setClaimDefaults,
    validate: validateClaim,
    validateUpdate: validateClaimUpdate,
    strategy: claimStrategy,
    columns: claimColumns,
  }),
  kind<ResourceQuota>({
    kind: 'ResourceQuota',
    shortNames: ['quota'],
    validate: validateQuota,
    validateUpdate: validateQuotaUpdate,
    columns: quotaColumns,
  }),
  kind({
    kind: 'LimitRange',
    shortNames: ['limits'],
    setDefaults: setLimitRangeDefaults,
    validate: validateLimitRange,
    columns: limitRangeColumns,
    strategy: { allowCreateOnUpdate: true },
  }),
  { kind: 'ComponentStatus', shortNames: ['cs'], name: isPathSegmentName, columns: componentColumns },
  { kind: 'Binding', name: 'none' },
]
