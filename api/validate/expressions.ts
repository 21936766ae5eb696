import { type CelRules, celProblem } from '../cel/check.ts'
import type { FieldError } from '../kind.ts'
import { isQualifiedName } from '../names.ts'
import type {
  AuditAnnotation,
  MatchCondition,
  MutatingAdmissionPolicy,
  MutatingWebhookConfiguration,
  Mutation,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
  Validation,
  Variable,
} from '../types/admissionregistration-v1.ts'
import { duplicate, invalid, required, tooMany, unsupported } from './errors.ts'

export function validateExpression(expression: string | undefined, path: string, rules: CelRules): FieldError[] {
  if (!expression?.trim()) return expression === undefined ? [] : [required(path)]
  const problem = celProblem(expression, rules)
  return problem === undefined ? [] : [invalid(path, expression, `compilation failed: ${problem}`)]
}

const MOST_CONDITIONS = 64
const OF_WEBHOOKS = ['object', 'oldObject', 'request', 'authorizer']
const OF_POLICIES = [...OF_WEBHOOKS, 'namespaceObject']

function validateConditions(conditions: readonly MatchCondition[] = [], path: string, names: readonly string[]) {
  if (conditions.length > MOST_CONDITIONS) return [tooMany(path, conditions.length, MOST_CONDITIONS)]
  return conditions.flatMap(({ name, expression }, index): FieldError[] => {
    const where = `${path}[${index}]`
    const twice = conditions.findIndex(other => other.name === name) < index
    return [
      ...(name ? isQualifiedName(name).map(problem => invalid(`${where}.name`, name, problem)) : []),
      ...(name && twice ? [duplicate(`${where}.name`, name)] : []),
      ...validateExpression(expression, `${where}.expression`, { names, result: 'bool' }),
    ]
  })
}

export function validateWebhookConditions({
  webhooks,
}: ValidatingWebhookConfiguration | MutatingWebhookConfiguration): FieldError[] {
  const list: readonly { matchConditions?: MatchCondition[] }[] = webhooks ?? []
  return list.flatMap(({ matchConditions }, index) =>
    validateConditions(matchConditions, `webhooks[${index}].matchConditions`, OF_WEBHOOKS),
  )
}

type PolicySpec = NonNullable<ValidatingAdmissionPolicy['spec'] | MutatingAdmissionPolicy['spec']>

/** What both kinds of policies have: conditions, then variables of which each may use those before it. */
function validateCommon(spec: PolicySpec): { errors: FieldError[]; rules: CelRules } {
  const names = [...OF_POLICIES, ...(spec.paramKind ? ['params'] : [])]
  const known = (spec.variables ?? []).map(({ name }) => name ?? '')
  const errors = validateConditions(spec.matchConditions, 'spec.matchConditions', names)
  for (const [index, variable] of (spec.variables ?? []).entries()) {
    const rules = { names: [...names, 'variables'], variables: known.slice(0, index) }
    errors.push(...validateVariable(variable, `spec.variables[${index}]`, rules))
  }
  return { errors, rules: { names: [...names, 'variables'], variables: known } }
}

function validateVariable({ name, expression }: Variable, path: string, rules: CelRules): FieldError[] {
  const errors = validateExpression(expression, `${path}.expression`, rules)
  if (!name) return errors
  if (rules.variables?.includes(name)) errors.push(duplicate(`${path}.name`, name))
  if (!/^[A-Za-z_]\w*$/.test(name)) errors.push(invalid(`${path}.name`, name, 'name is not a valid CEL identifier'))
  return errors
}

export function validateAdmissionPolicy({ spec }: ValidatingAdmissionPolicy): FieldError[] {
  if (!spec) return [required('spec')]
  const { errors, rules } = validateCommon(spec)
  const { validations = [], auditAnnotations = [] } = spec
  if (validations.length + auditAnnotations.length === 0) {
    const detail = 'validations or auditAnnotations must contain at least one item'
    errors.push(required('spec.validations', detail), required('spec.auditAnnotations', detail))
  }
  return [
    ...errors,
    ...validations.flatMap((one, index) => validateValidation(one, `spec.validations[${index}]`, rules)),
    ...validateAnnotations(auditAnnotations, rules),
  ]
}

const REASONS = ['Unauthorized', 'Forbidden', 'Invalid', 'RequestEntityTooLarge']

function validateValidation(validation: Validation, path: string, rules: CelRules): FieldError[] {
  const { expression, message, messageExpression, reason } = validation
  const errors = validateExpression(expression, `${path}.expression`, { ...rules, result: 'bool' })
  if (message?.includes('\n')) errors.push(invalid(`${path}.message`, message, 'message must not contain line breaks'))
  if (!message && expression?.trim().includes('\n')) {
    errors.push(required(`${path}.message`, 'message must be specified if expression contains line breaks'))
  }
  const { names, variables } = rules
  const telling = { names: names.filter(name => name !== 'authorizer'), variables, result: 'string' as const }
  errors.push(...validateExpression(messageExpression, `${path}.messageExpression`, telling))
  if (reason !== undefined && !REASONS.includes(reason)) errors.push(unsupported(`${path}.reason`, reason, REASONS))
  return errors
}

const MOST_ANNOTATIONS = 20

function validateAnnotations(annotations: readonly AuditAnnotation[], rules: CelRules): FieldError[] {
  const path = 'spec.auditAnnotations'
  if (annotations.length > MOST_ANNOTATIONS) return [tooMany(path, annotations.length, MOST_ANNOTATIONS)]
  return annotations.flatMap(({ key, valueExpression }, index) => {
    const where = `${path}[${index}]`
    const errors = validateExpression(valueExpression, `${where}.valueExpression`, rules)
    if (key) errors.push(...isQualifiedName(`policy/${key}`).map(problem => invalid(`${where}.key`, key, problem)))
    if (annotations.findIndex(other => other.key === key) < index) errors.push(duplicate(`${where}.key`, key))
    return errors
  })
}

const PATCH_TYPES = { ApplyConfiguration: 'applyConfiguration', JSONPatch: 'jsonPatch' } as const

export function validateMutatingPolicy({ spec }: MutatingAdmissionPolicy): FieldError[] {
  if (!spec) return [required('spec')]
  const { errors, rules } = validateCommon(spec)
  const mutations = (spec.mutations ?? []).flatMap((one, index) =>
    validateMutation(one, `spec.mutations[${index}]`, rules),
  )
  return [...errors, ...mutations]
}

function validateMutation(mutation: Mutation, path: string, rules: CelRules): FieldError[] {
  const field = PATCH_TYPES[mutation.patchType as keyof typeof PATCH_TYPES]
  if (!mutation.patchType) return [required(`${path}.patchType`)]
  if (!field) return [unsupported(`${path}.patchType`, mutation.patchType, Object.keys(PATCH_TYPES))]
  const given = mutation[field]
  if (!given) return [required(`${path}.${field}`, `must be specified when patchType is ${mutation.patchType}`)]
  return validateExpression(given.expression ?? '', `${path}.${field}.expression`, rules)
}
