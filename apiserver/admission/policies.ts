import { ApiError } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { selects } from '../../api/selectors.ts'
import type {
  ValidatingAdmissionPolicy,
  ValidatingAdmissionPolicyBinding,
  Validation,
} from '../../api/types/admissionregistration-v1.ts'
import type { Namespace } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { Catalog } from '../catalog.ts'
import { authorizerOf, celValue, evaluateRule, requestVariables, type Variables } from '../cel/evaluate.ts'
import type { Conversion } from '../crd/conversion.ts'
import type { Authorization } from '../stages/authorize.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { requestAs } from './equivalent.ts'
import type { Lister } from './lister.ts'
import { refuse } from './refuse.ts'
import { kindOfRules } from './webhook-match.ts'

const GROUP = 'admissionregistration.k8s.io'

type MatchResources = NonNullable<NonNullable<ValidatingAdmissionPolicy['spec']>['matchConstraints']>
type NamedRule = NonNullable<MatchResources['resourceRules']>[number]

interface PolicySurroundings {
  lister: Lister
  catalog: Catalog
  conversion: Conversion
  authorization: Authorization
}

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
  const { lister, catalog } = around
  const name = binding.spec?.policyName ?? ''
  const policy = lister.get<ValidatingAdmissionPolicy>(`validatingadmissionpolicies.${GROUP}`, '', name)
  const as = policy?.spec && wantedAs(around, policy.spec.matchConstraints, request)
  if (!as) return
  const narrower = binding.spec?.matchResources
  if (narrower && !wantedAs(around, narrower, request)) return
  const seen = await requestAs(around.conversion, request, as)
  for (const params of paramsOf(lister, catalog, request, policy, binding)) {
    const found = await findings(around, seen, policy, params)
    if (found.length > 0) act(request, policy, binding, found)
  }
}

/** As which kind the request is looked at; where no rules are named, the policy's own decide. */
function wantedAs(
  { lister, catalog }: PolicySurroundings,
  match: MatchResources | undefined,
  request: AdmissionRequest,
): Kind | undefined {
  if (!match) return request.kind
  const { matchPolicy, resourceRules = [], excludeResourceRules = [], namespaceSelector, objectSelector } = match
  const named = (rule: NamedRule) =>
    !rule.resourceNames?.length || rule.resourceNames.includes(request.name) ? rule : undefined
  const fits = (rules: readonly NamedRule[]) => kindOfRules(catalog, { rules, matchPolicy }, request, named)
  const as = resourceRules.length > 0 ? fits(resourceRules) : request.kind
  if (!as || fits(excludeResourceRules)) return undefined
  const { namespace, object, old } = request
  const labels = lister.get<Namespace>('namespaces', '', namespace)?.metadata?.labels ?? {}
  if (namespace !== '' && !isSelected(namespaceSelector, labels)) return undefined
  const selected = [object, old].some(one => one && isSelected(objectSelector, one.metadata?.labels ?? {}))
  return selected ? as : undefined
}

function isSelected(selector: LabelSelector | undefined, labels: Readonly<Record<string, string>>): boolean {
  return selector === undefined || selects(selector, labels)
}

/** The parameter objects that the binding names; [undefined] where the policy takes none. */
function paramsOf(
  lister: Lister,
  catalog: Catalog,
  request: AdmissionRequest,
  policy: Readonly<ValidatingAdmissionPolicy>,
  { spec }: Readonly<ValidatingAdmissionPolicyBinding>,
): (KubeObject | undefined)[] {
  const { paramKind } = policy.spec!
  const reference = spec?.paramRef
  if (!paramKind || !reference) return [undefined]
  const [version = '', group = ''] = (paramKind.apiVersion ?? '').split('/').reverse()
  const kind = catalog.byKind(group, version, paramKind.kind ?? '')
  if (!kind)
    throw refuse(request, `failed to find the parameter kind ${paramKind.kind} of policy ${policy.metadata?.name}`)
  const namespace = kind.namespaced ? reference.namespace || request.namespace : ''
  const resource = kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`
  const candidates = lister.list<KubeObject>(resource, namespace || undefined)
  const found = candidates.filter(({ metadata }) =>
    reference.name ? metadata?.name === reference.name : selects(reference.selector ?? {}, metadata?.labels),
  )
  if (found.length > 0 || reference.parameterNotFoundAction === 'Allow') return found
  throw refuse(request, `no params found for policy binding with \`Deny\` parameterNotFoundAction`)
}

async function findings(
  { lister, authorization }: PolicySurroundings,
  request: AdmissionRequest,
  policy: Readonly<ValidatingAdmissionPolicy>,
  params: KubeObject | undefined,
): Promise<Finding[]> {
  const { spec } = policy
  const namespaceObject = lister.get<Namespace>('namespaces', '', request.namespace) ?? null
  const base = requestVariables(request, {
    params: celValue(params ?? null),
    namespaceObject: celValue(namespaceObject),
    authorizer: authorizerOf(request, authorization),
  })
  const failures: Finding[] = []
  for (const { expression } of spec?.matchConditions ?? []) {
    const outcome = await evaluateRule(expression, base)
    if (outcome.value === false) return []
    if (outcome.error) failures.push(failed(expression, outcome.error))
  }
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

/** `variables.x` of the policy: each may use those before it. One that cannot be evaluated fails whoever uses it. */
async function withVariables(
  list: readonly { name: string; expression: string }[],
  base: Variables,
): Promise<Variables> {
  const variables: Record<string, unknown> = Object.create(null)
  for (const { name, expression } of list) {
    const { value, error } = await evaluateRule(expression, { ...base, variables })
    if (!error) variables[name] = value
  }
  return { ...base, variables }
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
