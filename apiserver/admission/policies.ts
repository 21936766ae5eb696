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
  const failures: Finding[] = errors.map(({ expression, error }) => failed(expression, error))
  const variables = await withVariables(spec?.variables ?? [], base)
  for (const validation of spec?.validations ?? []) {
    const outcome = await evaluateRule(validation.expression, variables)
    if (outcome.value === true) continue
    failures.push(outcome.error ? failed(validation.expression, outcome.error) : await finding(validation, variables))
  }
  const lenient = spec?.failurePolicy === 'Ignore'
  return lenient ? failures.filter(({ reason }) => reason !== EVALUATION) : failures
}

const EVALUATION = 'evaluation'

function failed(expression: string, error: string): Finding {
  return { message: `expression '${expression}' resulted in error: ${error}`, reason: EVALUATION }
}

async function finding(
  { expression, message, messageExpression, reason }: Validation,
  variables: Variables,
): Promise<Finding> {
  const told = messageExpression ? (await evaluateRule(messageExpression, variables)).value : undefined
  const text = typeof told === 'string' && told !== '' ? told : message
  return { message: text ?? `failed expression: ${expression}`, reason: reason ?? 'Invalid' }
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
  if (!actions.includes('Deny')) return
  const [first] = found as [Finding]
  const refusal = refuse(
    request,
    `ValidatingAdmissionPolicy ${names} denied request: ${found.map(({ message }) => message).join(', ')}`,
  )
  const reason = first.reason === EVALUATION ? 'Invalid' : first.reason
  throw new ApiError(reason, refusal.message, refusal.details)
}
