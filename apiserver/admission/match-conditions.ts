import type { MatchCondition } from '../../api/types/admissionregistration-v1.ts'
import { authorizerOf, evaluateRule, requestVariables } from '../cel/evaluate.ts'
import type { Authorization } from '../stages/authorize.ts'
import { WebhookError } from '../webhook/client.ts'
import type { AdmissionRequest } from './admission.ts'

/** All conditions hold. One that is false settles it, even if another cannot be evaluated. */
export async function matchesConditions(
  conditions: readonly MatchCondition[],
  request: AdmissionRequest,
  authorization: Authorization,
): Promise<boolean> {
  if (conditions.length === 0) return true
  const variables = requestVariables(request, { authorizer: authorizerOf(request, authorization) })
  let failure: string | undefined
  for (const { name, expression } of conditions) {
    const outcome = await evaluateRule(expression, variables)
    if (outcome.value === false) return false
    if (outcome.error) failure ??= `matchCondition ${JSON.stringify(name)}: ${outcome.error}`
    else if (outcome.value !== true) failure ??= `matchCondition ${JSON.stringify(name)}: must evaluate to a boolean`
  }
  if (failure) throw new WebhookError(failure)
  return true
}
