import type { FieldError } from '../kind.ts'
import type { ValidatingAdmissionPolicyBinding } from '../types/admissionregistration-v1.ts'
import type { APIService } from '../types/apiregistration-v1.ts'
import type { RuntimeClass } from '../types/node-v1.ts'
import type { PodDisruptionBudget } from '../types/policy-v1.ts'
import type { PriorityClass } from '../types/scheduling-v1.ts'
import { forbidden, invalid, required } from './errors.ts'
import { immutable } from './meta.ts'

export function validateBudget({ spec }: PodDisruptionBudget): FieldError[] {
  if (spec?.minAvailable === undefined || spec.maxUnavailable === undefined) return []
  return [invalid('spec', spec, 'minAvailable and maxUnavailable cannot be both set')]
}

/** Ordinary priorities end here; above are the system's own. */
const HIGHEST_PRIORITY = 1_000_000_000
const SYSTEM_CLASSES: Readonly<Record<string, number>> = {
  'system-node-critical': 2_000_001_000,
  'system-cluster-critical': 2_000_000_000,
}

export function validatePriorityClass(object: PriorityClass): FieldError[] {
  const { metadata, value } = object
  const name = metadata?.name ?? ''
  if (name.startsWith('system-')) {
    const problem = systemClassProblem(name, object)
    const detail = `priority class names with 'system-' prefix are reserved for system use only. error: ${problem}`
    return problem === undefined ? [] : [forbidden('metadata.name', detail)]
  }
  if ((value ?? 0) <= HIGHEST_PRIORITY) return []
  return [forbidden('value', `maximum allowed value of a user defined priority is ${HIGHEST_PRIORITY}`)]
}

function systemClassProblem(name: string, { value, globalDefault = false }: PriorityClass): string | undefined {
  const wanted = Object.hasOwn(SYSTEM_CLASSES, name) ? SYSTEM_CLASSES[name] : undefined
  if (wanted === undefined) return `${name} is not a known system priority class`
  if (value !== wanted) return `value of ${name} PriorityClass must be ${wanted}`
  return globalDefault ? `globalDefault of ${name} PriorityClass must be false` : undefined
}

export function validatePriorityClassUpdate(object: PriorityClass, old: PriorityClass): FieldError[] {
  const fixed = [...immutable(object.preemptionPolicy, old.preemptionPolicy, 'preemptionPolicy')]
  if (object.value === old.value) return fixed
  return [forbidden('value', 'may not be changed in an update.'), ...fixed]
}

export function validateRuntimeClassUpdate(object: RuntimeClass, old: RuntimeClass): FieldError[] {
  return immutable(object.handler, old.handler, 'handler')
}

export function validatePolicyBinding({ spec }: ValidatingAdmissionPolicyBinding): FieldError[] {
  if (!spec) return [required('spec')]
  const actions = spec.validationActions ?? []
  if (!actions.includes('Deny') || !actions.includes('Warn')) return []
  return [
    invalid(
      'spec.validationActions',
      actions,
      'must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)',
    ),
  ]
}

export function validateApiService({ metadata, spec }: APIService): FieldError[] {
  if (!spec) return [required('spec')]
  const wanted = `${spec.version}.${spec.group ?? ''}`
  const errors: FieldError[] =
    metadata?.name === wanted
      ? []
      : [invalid('metadata.name', metadata?.name, `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`)]
  const path = 'spec.insecureSkipTLSVerify'
  if (!spec.group && spec.version !== 'v1') {
    errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'))
  }
  if (!spec.service) return [...errors, ...localOnly(spec)]
  if (!spec.insecureSkipTLSVerify || !spec.caBundle) return errors
  return [...errors, invalid(path, true, 'may not be true if caBundle is present')]
}

/** What the server itself answers needs no trust. */
function localOnly({ caBundle, insecureSkipTLSVerify }: NonNullable<APIService['spec']>): FieldError[] {
  const skip = 'spec.insecureSkipTLSVerify'
  const size = Buffer.from(caBundle ?? '', 'base64').length
  return [
    ...(caBundle ? [invalid('spec.caBundle', `${size} bytes`, 'local APIServices may not have a caBundle')] : []),
    ...(insecureSkipTLSVerify ? [invalid(skip, true, 'local APIServices may not have insecureSkipTLSVerify')] : []),
  ]
}
