import type { FieldError } from '../../kind.ts'
import type { WebhookClientConfig } from '../../types/admissionregistration-v1.ts'
import {
  between,
  eachOneOf,
  needed,
  notNegative,
  oneOf,
  port,
  positive,
  present,
  type Rules,
  subdomain,
} from '../checks.ts'
import { invalid, required } from '../errors.ts'

function client({ url, service }: WebhookClientConfig, path: string): FieldError[] {
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')]
  if (url === undefined) return []
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed?.host) return [invalid(`${path}.url`, url, 'host must be specified; desired format: https://host[/path]')]
  if (parsed.protocol !== 'https:')
    return [invalid(`${path}.url`, url, "'https' is the only allowed URL scheme; desired format: https://host[/path]")]
  return []
}

const webhook = {
  name: [present, fullName],
  clientConfig: [present],
  admissionReviewVersions: [needed('must specify one of v1, v1beta1')],
  sideEffects: [needed('must specify one of None, NoneOnDryRun'), oneOf('None', 'NoneOnDryRun')],
  failurePolicy: [oneOf('Fail', 'Ignore')],
  matchPolicy: [oneOf('Equivalent', 'Exact')],
  timeoutSeconds: [between(1, 30)],
}

function fullName(name: string, path: string): FieldError[] {
  const errors = subdomain(name, path)
  if (errors.length === 0 && name.split('.').length < 3) {
    errors.push(invalid(path, name, 'should be a domain with at least three segments separated by dots'))
  }
  return errors
}

const rule = {
  operations: [present, eachOneOf('*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE')],
  apiGroups: [present],
  apiVersions: [present],
  resources: [present],
  scope: [oneOf('*', 'Cluster', 'Namespaced')],
}

const policy = { failurePolicy: [oneOf('Fail', 'Ignore')] }
const service = {
  namespace: [needed('service namespace is required')],
  name: [needed('service name is required')],
  port: [port],
}

export const CLUSTER_RULES: Rules = {
  'admissionregistration.v1.ValidatingWebhook': webhook,
  'admissionregistration.v1.MutatingWebhook': { ...webhook, reinvocationPolicy: [oneOf('IfNeeded', 'Never')] },
  'admissionregistration.v1.WebhookClientConfig': { '*': [client] },
  'admissionregistration.v1.ServiceReference': service,
  'admissionregistration.v1.RuleWithOperations': rule,
  'admissionregistration.v1.NamedRuleWithOperations': rule,
  'admissionregistration.v1.MatchCondition': { name: [present], expression: [present] },
  'admissionregistration.v1.ValidatingAdmissionPolicySpec': { matchConstraints: [present], ...policy },
  'admissionregistration.v1.MutatingAdmissionPolicySpec': {
    matchConstraints: [present],
    mutations: [present],
    reinvocationPolicy: [present, oneOf('IfNeeded', 'Never')],
    ...policy,
  },
  'admissionregistration.v1.Validation': { expression: [present] },
  'admissionregistration.v1.AuditAnnotation': { key: [present], valueExpression: [present] },
  'admissionregistration.v1.Variable': { name: [present], expression: [present] },
  'admissionregistration.v1.ParamKind': { apiVersion: [present], kind: [present] },
  'admissionregistration.v1.ValidatingAdmissionPolicyBindingSpec': {
    policyName: [present, subdomain],
    validationActions: [present, eachOneOf('Audit', 'Deny', 'Warn')],
  },
  'admissionregistration.v1.MutatingAdmissionPolicyBindingSpec': { policyName: [present, subdomain] },
  'apiregistration.v1.APIServiceSpec': {
    version: [present],
    groupPriorityMinimum: [between(1, 20000)],
    versionPriority: [between(1, 1000)],
  },
  'apiregistration.v1.ServiceReference': service,
  'flowcontrol.v1.FlowSchemaSpec': { matchingPrecedence: [between(1, 10000)], priorityLevelConfiguration: [present] },
  'flowcontrol.v1.PriorityLevelConfigurationReference': {
    name: [needed('must reference a priority level'), subdomain],
  },
  'flowcontrol.v1.FlowDistinguisherMethod': { type: [oneOf('ByNamespace', 'ByUser')] },
  'flowcontrol.v1.PriorityLevelConfigurationSpec': { type: [present, oneOf('Exempt', 'Limited')] },
  'flowcontrol.v1.LimitedPriorityLevelConfiguration': {
    nominalConcurrencyShares: [notNegative],
    lendablePercent: [between(0, 100)],
    borrowingLimitPercent: [notNegative],
  },
  'flowcontrol.v1.LimitResponse': { type: [present, oneOf('Queue', 'Reject')] },
  'flowcontrol.v1.QueuingConfiguration': { queues: [positive], handSize: [positive], queueLengthLimit: [positive] },
}
