import { entropyBits } from '../flow/dealing.ts'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS } from '../flow/suggested.ts'
import type { FieldError } from '../kind.ts'
import { isLabelName, isSubdomainName } from '../names.ts'
import type {
  FlowSchema,
  LimitResponse,
  PolicyRulesWithSubjects,
  PriorityLevelConfiguration,
  PriorityLevelConfigurationSpec,
  QueuingConfiguration,
  ResourcePolicyRule,
  ServiceAccountSubject,
  Subject,
} from '../types/flowcontrol-v1.ts'
import { deepEqual } from '../values.ts'
import { forbidden, invalid, required, unsupported } from './errors.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch']
const MOST_QUEUES = 10_000_000
const HASH_BITS = 60

export function validateFlowSchema({ metadata, spec }: FlowSchema): FieldError[] {
  if (!spec) return [required('spec')]
  const name = metadata?.name ?? ''
  const errors = (spec.rules ?? []).flatMap((rule, index) => validateRule(rule, `spec.rules[${index}]`))
  if (spec.matchingPrecedence === 1 && name !== 'exempt') {
    const only = "only the schema named 'exempt' may have matchingPrecedence 1"
    errors.push(invalid('spec.matchingPrecedence', spec.matchingPrecedence, only))
  }
  return [...errors, ...validateFixed(name, spec, MANDATORY_SCHEMAS)]
}

/** What every server relies on is the same everywhere. */
function validateFixed(name: string, spec: unknown, mandatory: readonly (FlowSchema | PriorityLevelConfiguration)[]) {
  const fixed = mandatory.find(({ metadata }) => metadata?.name === name)
  if (!fixed || deepEqual(spec, fixed.spec)) return []
  return [invalid('spec', spec, `spec of '${name}' must equal the fixed value`)]
}

function validateRule(rule: PolicyRulesWithSubjects, path: string): FieldError[] {
  const { subjects, resourceRules = [], nonResourceRules = [] } = rule
  const errors = (subjects ?? []).flatMap((subject, index) => validateSubject(subject, `${path}.subjects[${index}]`))
  if (!subjects?.length) errors.push(required(`${path}.subjects`, 'subjects must contain at least one value'))
  if (resourceRules.length + nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'))
  }
  return [
    ...errors,
    ...resourceRules.flatMap((one, index) => validateResourceRule(one, `${path}.resourceRules[${index}]`)),
    ...nonResourceRules.flatMap((one, index) => {
      const where = `${path}.nonResourceRules[${index}]`
      return [...validateVerbs(one.verbs, where), ...validatePaths(one.nonResourceURLs, `${where}.nonResourceURLs`)]
    }),
  ]
}

const FIELDS = { User: 'user', Group: 'group', ServiceAccount: 'serviceAccount' } as const

function validateSubject(subject: Subject, path: string): FieldError[] {
  const wanted = FIELDS[subject.kind as keyof typeof FIELDS]
  if (!wanted) return [unsupported(`${path}.kind`, subject.kind, Object.keys(FIELDS))]
  const strangers = Object.entries(FIELDS).filter(([, field]) => field !== wanted && subject[field] !== undefined)
  const errors = strangers.map(([kind, field]) =>
    forbidden(`${path}.${field}`, `${field} is forbidden when subject kind is not '${kind}'`),
  )
  const named = subject[wanted]
  if (!named) return [required(`${path}.${wanted}`, `${wanted} is required when subject kind is '${subject.kind}'`)]
  if (!named.name) errors.push(required(`${path}.${wanted}.name`))
  return wanted === 'serviceAccount' ? [...errors, ...validateAccount(subject.serviceAccount!, path)] : errors
}

function validateAccount({ name, namespace }: ServiceAccountSubject, subjectPath: string): FieldError[] {
  const path = `${subjectPath}.serviceAccount`
  const problems = name && name !== '*' ? isSubdomainName(name) : []
  const errors = problems.map(problem => invalid(`${path}.name`, name, problem))
  if (!namespace) return [...errors, required(`${path}.namespace`, 'must specify namespace for service account')]
  return [...errors, ...isLabelName(namespace).map(problem => invalid(`${path}.namespace`, namespace, problem))]
}

function validateVerbs(verbs: readonly string[] = [], path: string): FieldError[] {
  const where = `${path}.verbs`
  if (verbs.length === 0) return [required(where, 'verbs must contain at least one value')]
  if (verbs.includes('*')) return aloneOrWrong(verbs, where, 'verbs')
  return verbs.every(verb => VERBS.includes(verb)) ? [] : [unsupported(where, verbs, VERBS)]
}

function aloneOrWrong(values: readonly string[], path: string, what: string): FieldError[] {
  if (values.length < 2 || !values.includes('*')) return []
  return [invalid(path, values, `if '*' is present, must not specify other ${what}`)]
}

function validateResourceRule(rule: ResourcePolicyRule, path: string): FieldError[] {
  const { verbs, apiGroups = [], resources = [], namespaces = [], clusterScope } = rule
  const errors = validateVerbs(verbs, path)
  if (apiGroups.length === 0)
    errors.push(required(`${path}.apiGroups`, 'resource rules must supply at least one api group'))
  if (resources.length === 0)
    errors.push(required(`${path}.resources`, 'resource rules must supply at least one resource'))
  if (namespaces.length === 0 && !clusterScope) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace'
    errors.push(required(`${path}.namespaces`, detail))
  }
  return [
    ...errors,
    ...aloneOrWrong(apiGroups, `${path}.apiGroups`, 'api groups'),
    ...aloneOrWrong(resources, `${path}.resources`, 'resources'),
    ...(namespaces.includes('*')
      ? aloneOrWrong(namespaces, `${path}.namespaces`, 'namespaces')
      : namespaces.flatMap((name, index) => validateNamespace(name, `${path}.namespaces[${index}]`))),
  ]
}

function validateNamespace(name: string, path: string): FieldError[] {
  const intro = "each member of this list must be '*' or a DNS-1123 label; "
  return isLabelName(name).map(problem => invalid(path, name, intro + problem))
}

function validatePaths(urls: readonly string[] = [], path: string): FieldError[] {
  if (urls.length === 0) return [required(path, 'nonResourceURLs must contain at least one value')]
  if (urls.includes('*')) return aloneOrWrong(urls, path, 'non-resource URLs')
  return urls.flatMap((url, index) => {
    const problem = pathProblem(url)
    return problem ? [invalid(`${path}[${index}]`, url, problem)] : []
  })
}

function pathProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined
}

export function validatePriorityLevel({ metadata, spec }: PriorityLevelConfiguration): FieldError[] {
  if (!spec) return [required('spec')]
  const name = metadata?.name ?? ''
  const errors = validateType(name, spec)
  const response = spec.limited?.limitResponse
  if (response) errors.push(...validateResponse(response, 'spec.limited.limitResponse'))
  return [...errors, ...validateFixedLevel(name, spec)]
}

/** How many seats an exempt level counts for may be said freely. */
function validateFixedLevel(name: string, spec: PriorityLevelConfigurationSpec): FieldError[] {
  if (name !== 'exempt') return validateFixed(name, spec, MANDATORY_LEVELS)
  const fixed = MANDATORY_LEVELS.find(({ metadata }) => metadata?.name === name)!
  if (deepEqual({ ...spec, exempt: null }, { ...fixed.spec, exempt: null })) return []
  return [invalid('spec', spec, `spec of '${name}' except the 'spec.exempt' field must equal the fixed value`)]
}

function validateType(name: string, { type, limited, exempt }: PriorityLevelConfigurationSpec): FieldError[] {
  const errors: FieldError[] = []
  if ((name === 'exempt') !== (type === 'Exempt')) {
    errors.push(invalid('spec.type', type, "must be 'Exempt' if and only if `name` is 'exempt'"))
  }
  if (type === 'Limited' && !limited) errors.push(required('spec.limited', 'must not be empty when type is Limited'))
  if (type === 'Exempt' && limited) errors.push(forbidden('spec.limited', 'must be nil if the type is not Limited'))
  if (type === 'Limited' && exempt) errors.push(forbidden('spec.exempt', 'must be nil if the type is Limited'))
  return errors
}

function validateResponse({ type, queuing }: LimitResponse, path: string): FieldError[] {
  const where = `${path}.queuing`
  if (type === 'Reject')
    return queuing ? [forbidden(where, 'must be nil if limited.limitResponse.type is not Limited')] : []
  if (type !== 'Queue') return []
  if (!queuing) return [required(where, 'must not be empty if limited.limitResponse.type is Limited')]
  return validateQueuing(queuing, where)
}

function validateQueuing({ queues = 0, handSize = 0 }: QueuingConfiguration, path: string): FieldError[] {
  const errors =
    queues > MOST_QUEUES ? [invalid(`${path}.queues`, queues, `must not be greater than ${MOST_QUEUES}`)] : []
  if (handSize <= 0) return errors
  const where = `${path}.handSize`
  if (handSize > queues) return [...errors, invalid(where, handSize, `should not be greater than queues (${queues})`)]
  if (entropyBits(queues, handSize) <= HASH_BITS) return errors
  const detail = `required entropy bits of deckSize ${queues} and handSize ${handSize} should not be greater than ${HASH_BITS}`
  return [...errors, invalid(where, handSize, detail)]
}
