import { createdAtColumn, nameColumn } from '../columns/basic.ts'
import {
  admissionPolicyColumns,
  apiServiceColumns,
  flowSchemaColumns,
  policyBindingColumns,
  priorityLevelColumns,
  webhookColumns,
} from '../columns/cluster.ts'
import { validateDefinition, validateDefinitionStatus, validateDefinitionUpdate } from '../crd/definition.ts'
import {
  setAdmissionPolicyDefaults,
  setApiServiceDefaults,
  setCustomResourceDefaults,
  setFlowSchemaDefaults,
  setMutatingWebhookDefaults,
  setPolicyBindingDefaults,
  setPriorityLevelDefaults,
  setWebhookDefaults,
} from '../defaults/cluster.ts'
import type { Kind } from '../kind.ts'
import { isPathSegmentName } from '../names.ts'
import { customResourceStrategy } from '../strategy/extensions.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts'
import { validateApiService, validatePolicyBinding } from '../validate/cluster.ts'
import { validateAdmissionPolicy, validateMutatingPolicy, validateWebhookConditions } from '../validate/expressions.ts'
import { validateFlowSchema, validatePriorityLevel } from '../validate/flow.ts'
import { validateWebhooks } from '../validate/webhooks.ts'
import { declareKinds, type KindRecord, kind } from './declare.ts'

const extension = { categories: ['api-extensions'], generation: true }
const guarded = { ...extension, strategy: { allowUnconditionalUpdate: false } }

/** Kinds by which the API server itself is extended and ruled. */
export function extensionKinds(): Kind[] {
  return [
    ...declareKinds('admissionregistration.k8s.io', 'v1', ADMISSIONREGISTRATION),
    ...declareKinds('apiextensions.k8s.io', 'v1', APIEXTENSIONS),
    ...declareKinds('apiregistration.k8s.io', 'v1', APIREGISTRATION),
    ...declareKinds('flowcontrol.apiserver.k8s.io', 'v1', FLOWCONTROL),
  ]
}

const ADMISSIONREGISTRATION: readonly KindRecord[] = [
  kind({
    ...guarded,
    kind: 'ValidatingWebhookConfiguration',
    setDefaults: setWebhookDefaults,
    validate: object => [...validateWebhooks(object), ...validateWebhookConditions(object)],
    columns: webhookColumns,
  }),
  kind({
    ...guarded,
    kind: 'MutatingWebhookConfiguration',
    setDefaults: setMutatingWebhookDefaults,
    validate: object => [...validateWebhooks(object), ...validateWebhookConditions(object)],
    columns: webhookColumns,
  }),
  kind({
    ...guarded,
    kind: 'ValidatingAdmissionPolicy',
    setDefaults: setAdmissionPolicyDefaults,
    validate: validateAdmissionPolicy,
    columns: admissionPolicyColumns,
    initialStatus: () => ({}),
  }),
  kind({
    ...guarded,
    kind: 'ValidatingAdmissionPolicyBinding',
    setDefaults: setPolicyBindingDefaults,
    validate: validatePolicyBinding,
    columns: policyBindingColumns,
  }),
  kind({
    ...guarded,
    kind: 'MutatingAdmissionPolicy',
    setDefaults: setAdmissionPolicyDefaults,
    validate: validateMutatingPolicy,
  }),
  kind({ ...guarded, kind: 'MutatingAdmissionPolicyBinding', columns: policyBindingColumns }),
]

const APIEXTENSIONS: readonly KindRecord[] = [
  kind<CustomResourceDefinition>({
    ...extension,
    kind: 'CustomResourceDefinition',
    shortNames: ['crd', 'crds'],
    prefix: 'apiextensions.k8s.io/customresourcedefinitions',
    setDefaults: setCustomResourceDefaults,
    validate: validateDefinition,
    validateUpdate: validateDefinitionUpdate,
    validateStatus: validateDefinitionStatus,
    strategy: customResourceStrategy,
    columns: [nameColumn, createdAtColumn],
  }),
]

const APIREGISTRATION: readonly KindRecord[] = [
  kind({
    categories: ['api-extensions'],
    kind: 'APIService',
    prefix: 'apiregistration.k8s.io/apiservices',
    setDefaults: setApiServiceDefaults,
    validate: validateApiService,
    name: isPathSegmentName,
    initialStatus: () => ({}),
    columns: apiServiceColumns,
    strategy: { allowUnconditionalUpdate: false },
  }),
]

const FLOWCONTROL: readonly KindRecord[] = [
  kind({
    kind: 'FlowSchema',
    generation: true,
    setDefaults: setFlowSchemaDefaults,
    validate: validateFlowSchema,
    columns: flowSchemaColumns,
  }),
  kind({
    kind: 'PriorityLevelConfiguration',
    generation: true,
    setDefaults: setPriorityLevelDefaults,
    validate: validatePriorityLevel,
    columns: priorityLevelColumns,
  }),
]
