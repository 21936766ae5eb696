import type {
  MatchResources,
  MutatingAdmissionPolicy,
  MutatingWebhookConfiguration,
  NamedRuleWithOperations,
  RuleWithOperations,
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  ValidatingWebhookConfiguration,
  WebhookClientConfig,
} from '../types/admissionregistration-v1.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts'
import type { APIService } from '../types/apiregistration-v1.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../types/flowcontrol-v1.ts'
import type { PriorityClass } from '../types/scheduling-v1.ts'

export function setWebhookDefaults({ webhooks }: ValidatingWebhookConfiguration): void {
  for (const webhook of webhooks ?? []) {
    webhook.failurePolicy ??= 'Fail'
    webhook.matchPolicy ??= 'Equivalent'
    webhook.namespaceSelector ??= {}
    webhook.objectSelector ??= {}
    webhook.timeoutSeconds ??= 10
    setRuleDefaults(webhook.rules)
    setClientDefaults(webhook.clientConfig)
  }
}

export function setMutatingWebhookDefaults(object: MutatingWebhookConfiguration): void {
  setWebhookDefaults(object)
  for (const webhook of object.webhooks ?? []) webhook.reinvocationPolicy ??= 'Never'
}

function setRuleDefaults(rules: readonly (RuleWithOperations | NamedRuleWithOperations)[] = []): void {
  for (const rule of rules) rule.scope ??= '*'
}

function setClientDefaults(config: WebhookClientConfig | undefined): void {
  if (config?.service) config.service.port ??= 443
}

function setMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return
  match.matchPolicy ??= 'Equivalent'
  match.namespaceSelector ??= {}
  match.objectSelector ??= {}
  setRuleDefaults(match.resourceRules)
  setRuleDefaults(match.excludeResourceRules)
}

export function setAdmissionPolicyDefaults({ spec }: ValidatingAdmissionPolicy | MutatingAdmissionPolicy): void {
  if (!spec) return
  spec.failurePolicy ??= 'Fail'
  setMatchDefaults(spec.matchConstraints)
}

export function setPolicyBindingDefaults({ spec }: ValidatingAdmissionPolicyBinding): void {
  setMatchDefaults(spec?.matchResources)
}

export function setCustomResourceDefaults({ spec }: CustomResourceDefinition): void {
  if (!spec) return
  if (spec.names?.kind) {
    spec.names.singular ||= spec.names.kind.toLowerCase()
    spec.names.listKind ||= `${spec.names.kind}List`
  }
  spec.conversion ??= { strategy: 'None' }
  const service = spec.conversion.webhook?.clientConfig?.service
  if (service) service.port ??= 443
}

export function setApiServiceDefaults({ spec }: APIService): void {
  if (spec?.service) spec.service.port ??= 443
}

export function setPriorityClassDefaults(object: PriorityClass): void {
  object.preemptionPolicy ??= 'PreemptLowerPriority'
}

export function setFlowSchemaDefaults({ spec }: FlowSchema): void {
  if (spec) spec.matchingPrecedence ||= 1000
}

export function setPriorityLevelDefaults({ spec }: PriorityLevelConfiguration): void {
  if (spec?.exempt) {
    spec.exempt.nominalConcurrencyShares ??= 0
    spec.exempt.lendablePercent ??= 0
  }
  if (!spec?.limited) return
  spec.limited.nominalConcurrencyShares ??= 30
  spec.limited.lendablePercent ??= 0
  const queuing = spec.limited.limitResponse?.queuing
  if (!queuing) return
  queuing.handSize ||= 8
  queuing.queues ||= 64
  queuing.queueLengthLimit ||= 50
}
