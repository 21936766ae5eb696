import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { selects } from '../../api/selectors.ts'
import type { MatchCondition, MatchResources, ParamKind, ParamRef } from '../../api/types/admissionregistration-v1.ts'
import type { Namespace } from '../../api/types/core-v1.ts'
import type { LabelSelector } from '../../api/types/meta-v1.ts'
import type { Catalog } from '../catalog.ts'
import { authorizerOf, celValue, evaluateRule, requestVariables, type Variables } from '../cel/evaluate.ts'
import type { Conversion } from '../crd/conversion.ts'
import type { Authorization } from '../stages/authorize.ts'
import type { AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'
import { refuse } from './refuse.ts'
import { kindOfRules } from './webhook-match.ts'

/** What policies that refuse and policies that change have in common: to what they are bound, and what they know of it. */
type NamedRule = NonNullable<MatchResources['resourceRules']>[number]

export interface PolicySurroundings {
  lister: Lister
  catalog: Catalog
  conversion: Conversion
  authorization: Authorization
}

/** As which kind a bound policy looks at the request; undefined: not at all. */
export function boundAs(
  around: PolicySurroundings,
  constraints: MatchResources | undefined,
  narrower: MatchResources | undefined,
  request: AdmissionRequest,
): Kind | undefined {
  if (narrower && !wantedAs(around, narrower, request)) return undefined
  return wantedAs(around, constraints, request)
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
export function paramsOf(
  { lister, catalog }: PolicySurroundings,
  request: AdmissionRequest,
  policy: Readonly<KubeObject & { spec?: { paramKind?: ParamKind } }>,
  { spec }: Readonly<{ spec?: { paramRef?: ParamRef } }>,
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

/** What every expression of a policy may speak of. */
export function policyVariables(
  { lister, authorization }: PolicySurroundings,
  request: AdmissionRequest,
  params: KubeObject | undefined,
): Variables {
  const namespaceObject = lister.get<Namespace>('namespaces', '', request.namespace) ?? null
  return requestVariables(request, {
    params: celValue(params ?? null),
    namespaceObject: celValue(namespaceObject),
    authorizer: authorizerOf(request, authorization),
  })
}

/** Whether no condition is false; those that could not be evaluated are told. */
export async function conditionsHold(conditions: readonly MatchCondition[], variables: Variables) {
  const errors: { expression: string; error: string }[] = []
  for (const { expression } of conditions) {
    const { value, error } = await evaluateRule(expression, variables)
    if (value === false) return { holds: false, errors: [] }
    if (error) errors.push({ expression, error })
  }
  return { holds: true, errors }
}

/** `variables.x` of the policy: each may use those before it. One that cannot be evaluated fails whoever uses it. */
export async function withVariables(
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
