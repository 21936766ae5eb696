import { ApiError } from '../../api/errors.ts'
import type { KubeObject } from '../../api/objects.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../api/types/admissionregistration-v1.ts'
import { evaluateRule, type Variables } from '../cel/evaluate.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { requestAs } from './equivalent.ts'
import {
  boundAs,
  conditionsHold,
  type PolicySurroundings,
  paramsOf,
  policyVariables,
  withVariables,
} from './policy-binding.ts'
import { refuse } from './refuse.ts'

const GROUP = 'admissionregistration.k8s.io'

interface Finding {
  message: string
  reason: string
  /** Which of the validations. */
  index: number
}

/** ValidatingAdmissionPolicy: rules in CEL, bound to what they shall watch over, with parameters from other objects. */
export function validatingPolicies(around: PolicySurroundings): AdmissionPlugin {
  return {
    name: 'ValidatingAdmissionPolicy',
    async validate(request) {
      if (request.kind.group === GROUP) return
      const bindings = around.lister.list<ValidatingAdmissionPolicyBinding>(
        `validatingadmissionpolicybindings.${GROUP}`,
      )
      for (const binding of bindings) await applyBinding(around, request, binding)
    },
  }
}

async function applyBinding(
  around: PolicySurroundings,
  request: AdmissionRequest,
  binding: Readonly<ValidatingAdmissionPolicyBinding>,
): Promise<void> {
  const name = binding.spec?.policyName ?? ''
  const policy = around.lister.get<ValidatingAdmissionPolicy>(`validatingadmissionpolicies.${GROUP}`, '', name)
  const as = policy?.spec && boundAs(around, policy.spec.matchConstraints, binding.spec?.matchResources, request)
  if (!as) return
  const seen = await requestAs(around.conversion, request, as)
  for (const params of paramsOf(around, request, policy, binding)) {
    const found = await findings(around, seen, policy, params)
    if (found.length > 0) act(request, policy, binding, found)
  }
}

async function findings(
  around: PolicySurroundings,
  request: AdmissionRequest,
  policy: Readonly<ValidatingAdmissionPolicy>,
  params: KubeObject | undefined,
): Promise<Finding[]> {
  const { spec } = policy
  const base = policyVariables(around, request, params)
  const { holds, errors } = await conditionsHold(spec?.matchConditions ?? [], base)
  if (!holds) return []
  const failures: Finding[] = errors.map(({ expression, error }) => failed(expression, error, 0))
  const variables = await withVariables(spec?.variables ?? [], base)
  for (const [index, validation] of (spec?.validations ?? []).entries()) {
    const outcome = await evaluateRule(validation.expression, variables)
    if (outcome.value === true) continue
    const { expression } = validation
    const { error } = outcome
    failures.push(error ? failed(expression, error, index) : await finding(validation, variables, index))
  }
  failures.push(...(await noteValues(request, policy, variables)))
  const lenient = spec?.failurePolicy === 'Ignore'
  return lenient ? failures.filter(({ reason }) => reason !== EVALUATION) : failures
}

const EVALUATION = 'evaluation'
const LONGEST_ANNOTATION = 10 << 10

/** What the policy wants to have written down of a request, whether it may pass or not. */
async function noteValues(
  { annotations }: AdmissionRequest,
  { metadata, spec }: Readonly<ValidatingAdmissionPolicy>,
  variables: Variables,
): Promise<Finding[]> {
  const failures: Finding[] = []
  for (const { key, valueExpression } of spec?.auditAnnotations ?? []) {
    const { value, error } = await evaluateRule(valueExpression, variables)
    if (error) failures.push(failed(valueExpression, error, 0))
    else if (value !== null && typeof value !== 'string')
      failures.push(failed(valueExpression, 'must evaluate to string or null', 0))
    else if (value && annotations) addValue(annotations, `${metadata?.name}/${key}`, value.trim())
  }
  return failures
}

/** A policy that several bindings bring to bear may say something else for each of them. */
function addValue(annotations: Record<string, string>, key: string, text: string): void {
  const value = text.slice(0, LONGEST_ANNOTATION)
  const known = annotations[key]?.split(', ') ?? []
  if (!known.includes(value)) annotations[key] = [...known, value].join(', ')
}

function failed(expression: string, error: string, index: number): Finding {
  return { message: `expression '${expression}' resulted in error: ${error}`, reason: EVALUATION, index }
}

async function finding(
  { expression, message, messageExpression, reason }: Validation,
  variables: Variables,
  index: number,
): Promise<Finding> {
  const told = messageExpression ? (await evaluateRule(messageExpression, variables)).value : undefined
  const text = typeof told === 'string' && told !== '' ? told : message
  return { message: text ?? `failed expression: ${expression}`, reason: reason ?? 'Invalid', index }
}

function act(
  request: AdmissionRequest,
  policy: Readonly<ValidatingAdmissionPolicy>,
  binding: Readonly<ValidatingAdmissionPolicyBinding>,
  found: Finding[],
): void {
  const actions = binding.spec?.validationActions ?? ['Deny']
  const names = `'${policy.metadata?.name}' with binding '${binding.metadata?.name}'`
  if (actions.includes('Warn')) {
    for (const { message } of found)
      request.warnings.push(`Validation failed for ValidatingAdmissionPolicy ${names}: ${message}`)
  }
  if (actions.includes('Audit')) noteFailures(request, policy, binding, found)
  if (!actions.includes('Deny')) return
  const [first] = found as [Finding]
  const refusal = refuse(
    request,
    `ValidatingAdmissionPolicy ${names} denied request: ${found.map(({ message }) => message).join(', ')}`,
  )
  const reason = first.reason === EVALUATION ? 'Invalid' : first.reason
  throw new ApiError(reason, refusal.message, refusal.details)
}

/** The action Audit: what would have been refused, under Kubernetes' key. */
function noteFailures(
  { annotations }: AdmissionRequest,
  policy: Readonly<ValidatingAdmissionPolicy>,
  { metadata, spec }: Readonly<ValidatingAdmissionPolicyBinding>,
  found: Finding[],
): void {
  if (!annotations) return
  const key = 'validation.policy.admission.k8s.io/validation_failure'
  const known = JSON.parse(annotations[key] ?? '[]') as object[]
  const [names, validationActions] = [
    { policy: policy.metadata?.name, binding: metadata?.name },
    spec?.validationActions,
  ]
  const failures = found.map(({ message, index }) => ({
    ...{ message, ...names, expressionIndex: index, validationActions },
  }))
  annotations[key] = JSON.stringify([...known, ...failures])
}
