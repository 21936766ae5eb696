import { fitToKind } from '../../api/codec/decode.ts'
import { ApiError } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { checkApplied, combine } from '../../api/patch/combine.ts'
import { applyJsonPatch } from '../../api/patch/json.ts'
import { fieldSchema, ListError, structureOf } from '../../api/patch/structure.ts'
import type {
  MutatingAdmissionPolicy,
  MutatingAdmissionPolicyBinding,
  Mutation,
} from '../../api/types/admissionregistration-v1.ts'
import { deepEqual, isRecord } from '../../api/values.ts'
import { evaluateRule, jsonValue, type Variables } from '../cel/evaluate.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import { replaceContent, requestAs } from './equivalent.ts'
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

interface Bound {
  policy: Readonly<MutatingAdmissionPolicy>
  binding: Readonly<MutatingAdmissionPolicyBinding>
}

/** MutatingAdmissionPolicy: changes in CEL, one after the other; some again when a later one changed something. */
export function mutatingPolicies(around: PolicySurroundings): AdmissionPlugin {
  return {
    name: 'MutatingAdmissionPolicy',
    async mutate(request) {
      if (request.kind.group === GROUP || !request.object) return
      const all = boundPolicies(around)
      let lastChange = -1
      for (const [index, bound] of all.entries()) {
        if (await applyBound(around, request, bound)) lastChange = index
      }
      for (const [index, bound] of all.entries()) {
        const isAsked = bound.policy.spec?.reinvocationPolicy === 'IfNeeded'
        if (index < lastChange && isAsked) await applyBound(around, request, bound)
      }
    },
  }
}

function boundPolicies({ lister }: PolicySurroundings): Bound[] {
  const bindings = lister.list<MutatingAdmissionPolicyBinding>(`mutatingadmissionpolicybindings.${GROUP}`)
  return bindings.flatMap(binding => {
    const name = binding.spec?.policyName ?? ''
    const policy = lister.get<MutatingAdmissionPolicy>(`mutatingadmissionpolicies.${GROUP}`, '', name)
    return policy ? [{ policy, binding }] : []
  })
}

/** Whether the object was changed. */
async function applyBound(around: PolicySurroundings, request: AdmissionRequest, bound: Bound): Promise<boolean> {
  const { policy, binding } = bound
  const as = policy.spec && boundAs(around, policy.spec.matchConstraints, binding.spec?.matchResources, request)
  if (!as) return false
  let changed = false
  for (const params of paramsOf(around, request, policy, binding)) {
    try {
      if (await applyOnce(around, request, { policy, as, params })) changed = true
    } catch (error) {
      if (!(error instanceof MutationError)) throw error
      if (policy.spec?.failurePolicy !== 'Ignore') throw refusal(request, bound, error)
    }
  }
  return changed
}

/** A policy that cannot be applied to this object. */
class MutationError extends Error {
  override name = 'MutationError'
}

function refusal(request: AdmissionRequest, { policy, binding }: Bound, error: MutationError): ApiError {
  const names = `'${policy.metadata?.name}' with binding '${binding.metadata?.name}'`
  const refused = refuse(request, `MutatingAdmissionPolicy ${names} denied request: ${error.message}`)
  return new ApiError('Invalid', refused.message, refused.details)
}

interface Application {
  policy: Readonly<MutatingAdmissionPolicy>
  as: Kind
  params: KubeObject | undefined
}

/** All mutations of a policy, each on what the one before has made. */
async function applyOnce(around: PolicySurroundings, request: AdmissionRequest, application: Application) {
  const { policy, as, params } = application
  const { matchConditions = [], variables = [], mutations = [] } = policy.spec ?? {}
  const seen = await requestAs(around.conversion, request, as)
  const { holds, errors } = await conditionsHold(matchConditions, policyVariables(around, seen, params))
  if (!holds) return false
  const [problem] = errors
  if (problem) throw new MutationError(`expression '${problem.expression}' resulted in error: ${problem.error}`)
  let object = seen.object!
  for (const mutation of mutations) {
    const base = policyVariables(around, { ...seen, object }, params)
    object = await mutated(object, mutation, as, await withVariables(variables, base))
  }
  if (deepEqual(object, seen.object)) return false
  const back = as === request.kind ? object : await around.conversion.convert(as, request.kind, object)
  replaceContent(request.object!, back)
  request.kind.setDefaults(request.object!)
  return true
}

async function mutated(object: KubeObject, mutation: Mutation, kind: Kind, variables: Variables): Promise<KubeObject> {
  const { patchType, applyConfiguration, jsonPatch } = mutation
  const expression = (patchType === 'JSONPatch' ? jsonPatch : applyConfiguration)?.expression ?? ''
  const { value, error } = await evaluateRule(expression, variables)
  if (error) throw new MutationError(`expression '${expression}' resulted in error: ${error}`)
  try {
    const change = jsonValue(value)
    const made = patchType === 'JSONPatch' ? applyJsonPatch(object, change) : applied(object, change, kind)
    const fitted = { object: structuredClone(made) as Record<string, unknown>, duplicates: [] }
    fitToKind(fitted, kind, 'Strict')
    kind.setDefaults(fitted.object as KubeObject)
    return fitted.object as KubeObject
  } catch (cause) {
    if (!(cause instanceof ApiError || cause instanceof ListError)) throw cause
    throw new MutationError(cause.message, { cause })
  }
}

function applied(object: KubeObject, change: unknown, kind: Kind): KubeObject {
  if (!isRecord(change)) throw new MutationError('an apply configuration must be an object')
  checkGranular(change, kind)
  checkApplied(change, kind.schema)
  return combine(object, change, kind.schema) as KubeObject
}

/** What is one value for server-side apply cannot be changed in part, and is not to be replaced by accident. */
function checkGranular(change: Record<string, unknown>, { schema }: Kind, path = ''): void {
  for (const [key, value] of Object.entries(change)) {
    const below = fieldSchema(schema, key)
    const at = `${path}.${key}`
    if (typeof value === 'object' && value !== null && structureOf(value, below) === 'leaf')
      throw new MutationError(
        `invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${at.slice(1)}`,
      )
    if (isRecord(value)) checkGranular(value, { schema: below } as Kind, at)
  }
}
