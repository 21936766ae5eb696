/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { Condition, LabelSelector } from './meta-v1.ts'

export interface ApplyConfiguration {
  expression?: string
}

export interface AuditAnnotation {
  key: string
  valueExpression: string
}

export interface ExpressionWarning {
  fieldRef: string
  warning: string
}

export interface JSONPatch {
  expression?: string
}

export interface MatchCondition {
  expression: string
  name: string
}

export interface MatchResources {
  excludeResourceRules?: NamedRuleWithOperations[]
  matchPolicy?: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  resourceRules?: NamedRuleWithOperations[]
}

export interface MutatingAdmissionPolicy extends KubeObject {
  spec?: MutatingAdmissionPolicySpec
}

export interface MutatingAdmissionPolicyBinding extends KubeObject {
  spec?: MutatingAdmissionPolicyBindingSpec
}

export type MutatingAdmissionPolicyBindingList = KubeList<MutatingAdmissionPolicyBinding>

export interface MutatingAdmissionPolicyBindingSpec {
  matchResources?: MatchResources
  paramRef?: ParamRef
  policyName?: string
}

export type MutatingAdmissionPolicyList = KubeList<MutatingAdmissionPolicy>

export interface MutatingAdmissionPolicySpec {
  failurePolicy?: string
  matchConditions?: MatchCondition[]
  matchConstraints?: MatchResources
  mutations?: Mutation[]
  paramKind?: ParamKind
  reinvocationPolicy?: string
  variables?: Variable[]
}

export interface MutatingWebhook {
  admissionReviewVersions: string[]
  clientConfig: WebhookClientConfig
  failurePolicy?: string
  matchConditions?: MatchCondition[]
  matchPolicy?: string
  name: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  reinvocationPolicy?: string
  rules?: RuleWithOperations[]
  sideEffects: string
  timeoutSeconds?: number
}

export interface MutatingWebhookConfiguration extends KubeObject {
  webhooks?: MutatingWebhook[]
}

export type MutatingWebhookConfigurationList = KubeList<MutatingWebhookConfiguration>

export interface Mutation {
  applyConfiguration?: ApplyConfiguration
  jsonPatch?: JSONPatch
  patchType: string
}

export interface NamedRuleWithOperations extends RuleWithOperations {
  resourceNames?: string[]
}

export interface ParamKind {
  apiVersion?: string
  kind?: string
}

export interface ParamRef {
  name?: string
  namespace?: string
  parameterNotFoundAction?: string
  selector?: LabelSelector
}

export interface Rule {
  apiGroups?: string[]
  apiVersions?: string[]
  resources?: string[]
  scope?: string
}

export interface RuleWithOperations extends Rule {
  operations?: string[]
}

export interface ServiceReference {
  name: string
  namespace: string
  path?: string
  port?: number
}

export interface TypeChecking {
  expressionWarnings?: ExpressionWarning[]
}

export interface ValidatingAdmissionPolicy extends KubeObject {
  spec?: ValidatingAdmissionPolicySpec
  status?: ValidatingAdmissionPolicyStatus
}

export interface ValidatingAdmissionPolicyBinding extends KubeObject {
  spec: ValidatingAdmissionPolicyBindingSpec
}

export type ValidatingAdmissionPolicyBindingList = KubeList<ValidatingAdmissionPolicyBinding>

export interface ValidatingAdmissionPolicyBindingSpec {
  matchResources?: MatchResources
  paramRef?: ParamRef
  policyName: string
  validationActions: string[]
}

export type ValidatingAdmissionPolicyList = KubeList<ValidatingAdmissionPolicy>

export interface ValidatingAdmissionPolicySpec {
  auditAnnotations?: AuditAnnotation[]
  failurePolicy?: string
  matchConditions?: MatchCondition[]
  matchConstraints?: MatchResources
  paramKind?: ParamKind
  validations?: Validation[]
  variables?: Variable[]
}

export interface ValidatingAdmissionPolicyStatus {
  conditions?: Condition[]
  observedGeneration?: number
  typeChecking?: TypeChecking
}

export interface ValidatingWebhook {
  admissionReviewVersions: string[]
  clientConfig: WebhookClientConfig
  failurePolicy?: string
  matchConditions?: MatchCondition[]
  matchPolicy?: string
  name: string
  namespaceSelector?: LabelSelector
  objectSelector?: LabelSelector
  rules?: RuleWithOperations[]
  sideEffects: string
  timeoutSeconds?: number
}

export interface ValidatingWebhookConfiguration extends KubeObject {
  webhooks?: ValidatingWebhook[]
}

export type ValidatingWebhookConfigurationList = KubeList<ValidatingWebhookConfiguration>

export interface Validation {
  expression: string
  message?: string
  messageExpression?: string
  reason?: string
}

export interface Variable {
  expression: string
  name: string
}

export interface WebhookClientConfig {
  caBundle?: string
  service?: ServiceReference
  url?: string
}
