import type { FieldError } from '../../kind.ts'
import { isLabelName } from '../../names.ts'
import type {
  PodAffinityTerm,
  PodDNSConfig,
  PodTemplateSpec,
  Toleration,
  TopologySpreadConstraint,
} from '../../types/core-v1.ts'
import { address } from '../addresses.ts'
import {
  amounts,
  between,
  eachUserId,
  labels,
  maxItems,
  named,
  needed,
  notNegative,
  oneOf,
  positive,
  present,
  qualified,
  type Rules,
  subdomain,
  userId,
} from '../checks.ts'
import { forbidden, invalid, required } from '../errors.ts'
import { validateAnnotations } from '../meta.ts'

function tolerationParts({ key, operator, value, effect, tolerationSeconds }: Toleration, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (!key && operator !== 'Exists') {
    const detail = 'operator must be Exists when `key` is empty, which means "match all values and all keys"'
    errors.push(invalid(`${path}.operator`, operator ?? '', detail))
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    errors.push(invalid(`${path}.effect`, effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set"))
  }
  if (operator === 'Exists' && value) {
    errors.push(invalid(`${path}.operator`, value, "value must be empty when `operator` is 'Exists'"))
  }
  return errors
}

function minimalDomains({ minDomains, whenUnsatisfiable }: TopologySpreadConstraint, path: string): FieldError[] {
  if (minDomains === undefined || whenUnsatisfiable === 'DoNotSchedule') return []
  const detail = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`
  return [invalid(`${path}.minDomains`, minDomains, detail)]
}

interface Requirement {
  key: string
  operator: string
  values?: string[]
}

/** One requirement of a node selector. */
function nodeRequirement({ key, operator, values = [] }: Requirement, path: string): FieldError[] {
  const where = `${path}.values`
  const errors = qualified(key, `${path}.key`)
  if (operator === 'In' || operator === 'NotIn') {
    if (values.length === 0) errors.push(required(where, "must be specified when `operator` is 'In' or 'NotIn'"))
  } else if (operator === 'Exists' || operator === 'DoesNotExist') {
    if (values.length > 0)
      errors.push(forbidden(where, "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"))
  } else if (operator === 'Gt' || operator === 'Lt') {
    if (values.length !== 1)
      errors.push(required(where, "must be specified single value when `operator` is 'Lt' or 'Gt'"))
  } else errors.push(invalid(`${path}.operator`, operator, 'not a valid selector operator'))
  return errors
}

/** One requirement of a label selector. */
function labelRequirement(requirement: Requirement, path: string): FieldError[] {
  const { key, operator, values = [] } = requirement
  if (operator !== 'Gt' && operator !== 'Lt') {
    const found = nodeRequirement(requirement, path)
    return [
      ...found,
      ...values.flatMap((value, index) => labels({ [key]: value }, `${path}.values[${index}]`).slice(-1)),
    ]
  }
  return [invalid(`${path}.operator`, operator, 'not a valid selector operator')]
}

function affinityNamespaces({ namespaces = [] }: PodAffinityTerm, path: string): FieldError[] {
  return namespaces.flatMap((name, index) => named(isLabelName)(name, `${path}.namespaces[${index}]`))
}

function dnsServers({ nameservers = [], searches = [] }: PodDNSConfig, path: string): FieldError[] {
  const servers = nameservers.flatMap((server, index) => address(server, `${path}.nameservers[${index}]`))
  const domains = searches.flatMap((domain, index) =>
    subdomain(domain.replace(/\.$/, ''), `${path}.searches[${index}]`),
  )
  return [
    ...maxItems(3)(nameservers, `${path}.nameservers`),
    ...maxItems(32)(searches, `${path}.searches`),
    ...servers,
    ...domains,
  ]
}

function templateMeta({ metadata }: PodTemplateSpec, path: string): FieldError[] {
  return [
    ...labels(metadata?.labels ?? {}, `${path}.metadata.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.metadata.annotations`),
  ]
}

const effect = oneOf('NoSchedule', 'PreferNoSchedule', 'NoExecute', '')
const weight = { weight: [between(1, 100)] }

/** What a pod asks of its place and its surroundings. */
export const POD_RULES: Rules = {
  'core.v1.PodSpec': {
    containers: [present],
    restartPolicy: [present, oneOf('Always', 'OnFailure', 'Never')],
    dnsPolicy: [oneOf('ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None')],
    terminationGracePeriodSeconds: [notNegative],
    activeDeadlineSeconds: [between(1, 2147483647)],
    schedulerName: [subdomain],
    hostname: [named(isLabelName)],
    subdomain: [named(isLabelName)],
    nodeName: [subdomain],
    nodeSelector: [labels],
    serviceAccountName: [subdomain],
    priorityClassName: [subdomain],
    runtimeClassName: [subdomain],
    preemptionPolicy: [oneOf('PreemptLowerPriority', 'Never')],
    overhead: [amounts],
  },
  'core.v1.PodTemplateSpec': { '*': [templateMeta] },
  'core.v1.PodOS': { name: [present, oneOf('linux', 'windows')] },
  'core.v1.PodSecurityContext': {
    runAsUser: [userId],
    runAsGroup: [userId],
    fsGroup: [userId],
    supplementalGroups: [eachUserId],
    fsGroupChangePolicy: [oneOf('Always', 'OnRootMismatch')],
    supplementalGroupsPolicy: [oneOf('Merge', 'Strict')],
  },
  'core.v1.Toleration': {
    key: [qualified],
    operator: [oneOf('Equal', 'Exists', 'Gt', 'Lt', '')],
    effect: [effect],
    '*': [tolerationParts],
  },
  'core.v1.TopologySpreadConstraint': {
    maxSkew: [positive],
    minDomains: [positive],
    topologyKey: [needed('can not be empty'), qualified],
    whenUnsatisfiable: [oneOf('DoNotSchedule', 'ScheduleAnyway')],
    nodeAffinityPolicy: [oneOf('Honor', 'Ignore')],
    nodeTaintsPolicy: [oneOf('Honor', 'Ignore')],
    '*': [minimalDomains],
  },
  'core.v1.NodeSelector': { nodeSelectorTerms: [needed('must have at least one node selector term')] },
  'core.v1.NodeSelectorRequirement': { '*': [nodeRequirement] },
  'core.v1.PreferredSchedulingTerm': weight,
  'core.v1.WeightedPodAffinityTerm': weight,
  'core.v1.PodAffinityTerm': { topologyKey: [needed('can not be empty'), qualified], '*': [affinityNamespaces] },
  'core.v1.PodReadinessGate': { conditionType: [present, qualified] },
  'core.v1.PodSchedulingGate': { name: [present, qualified] },
  'core.v1.PodDNSConfig': { '*': [dnsServers] },
  'core.v1.PodDNSConfigOption': { name: [present] },
  'core.v1.HostAlias': { ip: [address] },
  'meta.v1.LabelSelector': { matchLabels: [labels] },
  'meta.v1.LabelSelectorRequirement': { '*': [labelRequirement] },
}
