import type { Column } from '../kind.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
} from '../types/admissionregistration-v1.ts'
import type { APIService } from '../types/apiregistration-v1.ts'
import type { Lease } from '../types/coordination-v1.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../types/flowcontrol-v1.ts'
import type { RuntimeClass } from '../types/node-v1.ts'
import type { PriorityClass } from '../types/scheduling-v1.ts'
import { ageColumn, column, NONE, nameColumn, UNSET } from './basic.ts'

const integer = { type: 'integer' } as const

export const leaseColumns: readonly Column[] = [
  nameColumn,
  column<Lease>('Holder', ({ spec }) => spec?.holderIdentity ?? ''),
  ageColumn,
]

export const priorityClassColumns: readonly Column[] = [
  nameColumn,
  column<PriorityClass>('Value', object => object.value, integer),
  column<PriorityClass>('Global-Default', object => object.globalDefault ?? false, { type: 'boolean' }),
  ageColumn,
  column<PriorityClass>('PreemptionPolicy', object => object.preemptionPolicy ?? 'PreemptLowerPriority', {
    wide: true,
  }),
]

export const runtimeClassColumns: readonly Column[] = [
  nameColumn,
  column<RuntimeClass>('Handler', object => object.handler),
  ageColumn,
]

export const webhookColumns: readonly Column[] = [
  nameColumn,
  column<ValidatingWebhookConfiguration>('Webhooks', ({ webhooks }) => webhooks?.length ?? 0, integer),
  ageColumn,
]

export const admissionPolicyColumns: readonly Column[] = [
  nameColumn,
  column<ValidatingAdmissionPolicy>('Validations', ({ spec }) => spec?.validations?.length ?? 0, integer),
  column<ValidatingAdmissionPolicy>('ParamKind', ({ spec }) =>
    spec?.paramKind ? `${spec.paramKind.apiVersion}/${spec.paramKind.kind}` : UNSET,
  ),
  ageColumn,
]

export const policyBindingColumns: readonly Column[] = [
  nameColumn,
  column<ValidatingAdmissionPolicyBinding>('PolicyName', ({ spec }) => spec?.policyName ?? ''),
  column<ValidatingAdmissionPolicyBinding>('ParamRef', ({ spec }) => {
    const reference = spec?.paramRef
    if (!reference) return UNSET
    return reference.namespace ? `${reference.namespace}/${reference.name ?? '*'}` : (reference.name ?? '*')
  }),
  ageColumn,
]

function available({ status }: APIService): string {
  const condition = status?.conditions?.find(one => one.type === 'Available')
  if (!condition) return 'Unknown'
  return condition.status === 'True' ? 'True' : `${condition.status} (${condition.reason ?? ''})`
}

export const apiServiceColumns: readonly Column[] = [
  nameColumn,
  column<APIService>('Service', ({ spec }) =>
    spec?.service ? `${spec.service.namespace ?? ''}/${spec.service.name ?? ''}` : 'Local',
  ),
  column<APIService>('Available', available),
  ageColumn,
]

export const flowSchemaColumns: readonly Column[] = [
  nameColumn,
  column<FlowSchema>('PriorityLevel', ({ spec }) => spec?.priorityLevelConfiguration.name ?? ''),
  column<FlowSchema>('MatchingPrecedence', ({ spec }) => spec?.matchingPrecedence ?? 0, integer),
  column<FlowSchema>('DistinguisherMethod', ({ spec }) => spec?.distinguisherMethod?.type ?? NONE),
  ageColumn,
  column<FlowSchema>('MissingPL', ({ status }) => {
    return status?.conditions?.find(one => one.type === 'Dangling')?.status ?? '?'
  }),
]

export const priorityLevelColumns: readonly Column[] = [
  nameColumn,
  column<PriorityLevelConfiguration>('Type', ({ spec }) => spec?.type ?? ''),
  column<PriorityLevelConfiguration>('NominalConcurrencyShares', ({ spec }) =>
    String(spec?.limited?.nominalConcurrencyShares ?? spec?.exempt?.nominalConcurrencyShares ?? NONE),
  ),
  column<PriorityLevelConfiguration>('Queues', ({ spec }) => queuing(spec?.limited?.limitResponse?.queuing?.queues)),
  column<PriorityLevelConfiguration>('HandSize', ({ spec }) =>
    queuing(spec?.limited?.limitResponse?.queuing?.handSize),
  ),
  column<PriorityLevelConfiguration>('QueueLengthLimit', ({ spec }) =>
    queuing(spec?.limited?.limitResponse?.queuing?.queueLengthLimit),
  ),
  ageColumn,
]

function queuing(value: number | undefined): string {
  return String(value ?? NONE)
}
