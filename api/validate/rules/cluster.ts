import type { FieldError } from '../../kind.ts'
import { isLabel1035Name } from '../../names.ts'
import { eachOneOf, needed, oneOf, present, type Rules, subdomain } from '../checks.ts'
import { invalid } from '../errors.ts'
import {
  aloneIfAll,
  fullName,
  noneEmpty,
  reviewVersions,
  servicePort,
  webhookClient,
  webhookResources,
} from '../webhooks.ts'

const webhook = {
  name: [present, fullName],
  admissionReviewVersions: [needed('must specify one of v1, v1beta1'), reviewVersions],
  sideEffects: [needed('must specify one of None, NoneOnDryRun'), oneOf('None', 'NoneOnDryRun')],
  failurePolicy: [oneOf('Fail', 'Ignore')],
  matchPolicy: [oneOf('Equivalent', 'Exact')],
  timeoutSeconds: [timeout],
}

function timeout(seconds: number, path: string): FieldError[] {
  const detail = 'the timeout value must be between 1 and 30 seconds'
  return seconds < 1 || seconds > 30 ? [invalid(path, seconds, detail)] : []
}

const OPERATIONS = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']

const rule = {
  operations: [present, aloneIfAll('operations'), eachOneOf(...OPERATIONS)],
  apiGroups: [present, aloneIfAll('API groups')],
  apiVersions: [present, aloneIfAll('API versions'), noneEmpty],
  resources: [present, noneEmpty],
  scope: [oneOf('*', 'Cluster', 'Namespaced')],
  '*': [webhookResources],
}

const policy = { failurePolicy: [oneOf('Fail', 'Ignore')] }
const service = {
  namespace: [needed('service namespace is required')],
  name: [needed('service name is required')],
  port: [servicePort],
}

const positiveUpTo =
  (most: number) =>
  (value: number, path: string): FieldError[] =>
    value > 0 && value <= most ? [] : [invalid(path, value, `must be positive and less than ${most}`)]

const apiVersion = (value: string, path: string): FieldError[] =>
  isLabel1035Name(value).map(problem => invalid(path, value, problem))

export const CLUSTER_RULES: Rules = {
  'admissionregistration.v1.ValidatingWebhook': webhook,
  'admissionregistration.v1.MutatingWebhook': { ...webhook, reinvocationPolicy: [oneOf('IfNeeded', 'Never')] },
  'admissionregistration.v1.WebhookClientConfig': { '*': [webhookClient] },
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
    group: [subdomain],
    version: [apiVersion],
    groupPriorityMinimum: [positiveUpTo(20000)],
    versionPriority: [positiveUpTo(1000)],
  },
  'apiregistration.v1.APIServiceCondition': { status: [oneOf('False', 'True', 'Unknown')] },
  'apiregistration.v1.ServiceReference': { namespace: [present], name: [present], port: [servicePort] },
}
