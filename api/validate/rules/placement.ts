import type { FieldError } from '../../kind.ts'
import { isLabelName, isLabelValue, isQualifiedName, isSubdomainName } from '../../names.ts'
import type {
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../types/core-v1.ts'
import type { LabelSelector } from '../../types/meta-v1.ts'
import { labels, needed, oneOf, qualified, type Rules } from '../checks.ts'
import { forbidden, invalid, required, unsupported } from '../errors.ts'

const labelKey = (key: string, path: string): FieldError[] =>
  isQualifiedName(key ?? '').map(problem => invalid(path, key ?? '', problem))

const labelValues = (values: readonly string[] = [], path: string): FieldError[] =>
  values.flatMap((value, index) => isLabelValue(value).map(problem => invalid(`${path}[${index}]`, value, problem)))

const TOLERATED = ['Equal', 'Exists', 'Gt', 'Lt']

function toleration({ key, operator = '', value = '', effect, tolerationSeconds }: Toleration, path: string) {
  const errors: FieldError[] = []
  const where = `${path}.operator`
  if (!key && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalid(where, operator, detail))
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${path}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  }
  if (operator === 'Exists') {
    if (value) errors.push(invalid(where, value, "value must be empty when `operator` is 'Exists'"))
  } else if (operator && !TOLERATED.includes(operator)) errors.push(unsupported(where, operator, TOLERATED))
  else errors.push(...isLabelValue(value).map(problem => invalid(where, value, problem)))
  return errors
}

interface Requirement {
  key: string
  operator: string
  values?: readonly string[]
}

/** What the operator of a requirement asks of its values. */
function operands({ operator, values = [] }: Requirement, path: string, single: boolean): FieldError[] {
  const where = `${path}.values`
  const none = values.length === 0
  if (operator === 'In' || operator === 'NotIn') {
    return none ? [required(where, "must be specified when `operator` is 'In' or 'NotIn'")] : []
  }
  if (operator === 'Exists' || operator === 'DoesNotExist') {
    return none ? [] : [forbidden(where, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'")]
  }
  if (single && (operator === 'Gt' || operator === 'Lt')) {
    const detail = "must be specified single value when `operator` is 'Lt' or 'Gt'"
    return values.length === 1 ? [] : [required(where, detail)]
  }
  return [invalid(`${path}.operator`, operator, 'not a valid selector operator')]
}

/** Nodes are chosen by labels, or by their name alone. */
function nodeTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, path: string): FieldError[] {
  const byLabel = matchExpressions.flatMap((one, index) => {
    const where = `${path}.matchExpressions[${index}]`
    return [...operands(one, where, true), ...labelKey(one.key, `${where}.key`)]
  })
  return [...byLabel, ...matchFields.flatMap((one, index) => nodeField(one, `${path}.matchFields[${index}]`))]
}

function nodeField({ key, operator, values = [] }: NodeSelectorRequirement, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (operator !== 'In' && operator !== 'NotIn') {
    errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
  } else if (values.length !== 1) {
    const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    errors.push(required(`${path}.values`, detail))
  }
  if (key !== 'metadata.name') return [...errors, invalid(`${path}.key`, key, 'not a valid field selector key')]
  const wrong = values.flatMap((name, index) =>
    isSubdomainName(name).map(problem => invalid(`${path}.values[${index}]`, name, problem)),
  )
  return [...errors, ...wrong]
}

/** What must be so is checked to the last value; what is only preferred may have values that no label has. */
function requiredValues({ nodeSelectorTerms = [] }: NodeSelector, path: string): FieldError[] {
  return nodeSelectorTerms.flatMap(({ matchExpressions = [] }, at) =>
    matchExpressions.flatMap(({ values }, index) =>
      labelValues(values, `${path}.nodeSelectorTerms[${at}].matchExpressions[${index}].values`),
    ),
  )
}

function labelRequirement(requirement: Requirement, path: string): FieldError[] {
  return [
    ...operands(requirement, path, false),
    ...labelKey(requirement.key, `${path}.key`),
    ...labelValues(requirement.values, `${path}.values`),
  ]
}

function podTerm(term: PodAffinityTerm, path: string): FieldError[] {
  const { namespaces = [], topologyKey = '', labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  const spaces = namespaces.flatMap(name =>
    isLabelName(name).map(problem => invalid(`${path}.namespace`, name, problem)),
  )
  const both = matchLabelKeys.flatMap((key, index) => {
    const detail = 'exists in both matchLabelKeys and mismatchLabelKeys'
    return mismatchLabelKeys.includes(key) ? [invalid(`${path}.matchLabelKeys[${index}]`, key, detail)] : []
  })
  return [
    ...spaces,
    ...selectingKeys(matchLabelKeys, labelSelector, `${path}.matchLabelKeys`),
    ...selectingKeys(mismatchLabelKeys, labelSelector, `${path}.mismatchLabelKeys`),
    ...both,
    ...(topologyKey === '' ? [required(`${path}.topologyKey`, 'can not be empty')] : []),
    ...labelKey(topologyKey, `${path}.topologyKey`),
  ]
}

/** Keys whose values are the pod's own: they add to a selector, so there must be one. */
function selectingKeys(keys: readonly string[], selector: LabelSelector | undefined, path: string): FieldError[] {
  if (keys.length === 0) return []
  if (!selector) return [forbidden(path, 'must not be specified when labelSelector is not set')]
  return keys.flatMap((key, index) => labelKey(key, `${path}[${index}]`))
}

function spread(constraint: TopologySpreadConstraint, path: string): FieldError[] {
  const { minDomains, whenUnsatisfiable, labelSelector, matchLabelKeys = [] } = constraint
  const errors = selectingKeys(matchLabelKeys, labelSelector, `${path}.matchLabelKeys`)
  const selected = selectedKeys(labelSelector)
  const twice = matchLabelKeys.flatMap((key, index) => {
    const where = `${path}.matchLabelKeys[${index}]`
    return selected.has(key) ? [invalid(where, key, 'exists in both matchLabelKeys and labelSelector')] : []
  })
  if (minDomains !== undefined && whenUnsatisfiable !== 'DoNotSchedule') {
    const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
    errors.push(invalid(`${path}.minDomains`, minDomains, detail))
  }
  return [...errors, ...twice]
}

function selectedKeys({ matchLabels = {}, matchExpressions = [] }: LabelSelector = {}): Set<string> {
  return new Set([...Object.keys(matchLabels), ...matchExpressions.map(({ key }) => key)])
}

const aboveZero = (value: number, path: string): FieldError[] =>
  value > 0 ? [] : [invalid(path, value, 'must be greater than zero')]

const effect = oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute', '')
const weight = {
  weight: [
    (value: number, path: string): FieldError[] =>
      value < 1 || value > 100 ? [invalid(path, value, 'must be in the range 1-100')] : [],
  ],
}
const inclusion = oneOf('Honor', 'Ignore')

/** What a pod asks of its place and its surroundings. */
export const PLACEMENT_RULES: Rules = {
  'core.v1.Toleration': { key: [qualified], effect: [effect], '*': [toleration] },
  'core.v1.TopologySpreadConstraint': {
    maxSkew: [aboveZero],
    minDomains: [aboveZero],
    topologyKey: [needed('can not be empty')],
    whenUnsatisfiable: [oneOf('DoNotSchedule', 'ScheduleAnyway')],
    nodeAffinityPolicy: [inclusion],
    nodeTaintsPolicy: [inclusion],
    '*': [spread],
  },
  'core.v1.NodeSelector': {
    nodeSelectorTerms: [needed('must have at least one node selector term')],
    '*': [requiredValues],
  },
  'core.v1.NodeSelectorTerm': { '*': [nodeTerm] },
  'core.v1.PreferredSchedulingTerm': weight,
  'core.v1.WeightedPodAffinityTerm': weight,
  'core.v1.PodAffinityTerm': { '*': [podTerm] },
  'meta.v1.LabelSelector': { matchLabels: [labels] },
  'meta.v1.LabelSelectorRequirement': { '*': [labelRequirement] },
}
