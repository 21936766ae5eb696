import type { FieldError } from '../../kind.ts'
import { isLabelName, isQualifiedName, isResolvableName, isSubdomainName } from '../../names.ts'
import type { HostAlias, PodDNSConfig, PodTemplateSpec } from '../../types/core-v1.ts'
import { address } from '../addresses.ts'
import { between, labels, named, notNegative, oneOf, present, type Rules, subdomain } from '../checks.ts'
import { invalid, required } from '../errors.ts'
import { validateAnnotations } from '../meta.ts'

/** As many as the resolver of a C library reads. */
const DNS_LIMITS = { nameservers: 3, searches: 32, characters: 2048 }

function dnsConfig({ nameservers = [], searches = [], options = [] }: PodDNSConfig, path: string): FieldError[] {
  const tooMany = (list: string[], name: string, most: number, what: string) =>
    list.length > most ? [invalid(`${path}.${name}`, list, `must not have more than ${most} ${what}`)] : []
  const { characters } = DNS_LIMITS
  const long = `must not have more than ${characters} characters (including spaces) in the search list`
  return [
    ...tooMany(nameservers, 'nameservers', DNS_LIMITS.nameservers, 'nameservers'),
    ...nameservers.flatMap((server, index) => address(server, `${path}.nameservers[${index}]`)),
    ...tooMany(searches, 'searches', DNS_LIMITS.searches, 'search paths'),
    ...(searches.join(' ').length > characters ? [invalid(`${path}.searches`, searches, long)] : []),
    ...searches.flatMap((domain, index) => searchDomain(domain, `${path}.searches[${index}]`)),
    ...options.flatMap(({ name }, index) => (name ? [] : [required(`${path}.options[${index}]`, 'must not be empty')])),
  ]
}

function searchDomain(domain: string, path: string): FieldError[] {
  const name = domain.replace(/\.$/, '')
  return domain === '.' ? [] : isResolvableName(name).map(problem => invalid(path, name, problem))
}

function aliases({ hostnames = [] }: HostAlias, path: string): FieldError[] {
  return hostnames.flatMap((name, index) => named(isSubdomainName)(name, `${path}.hostnames[${index}]`))
}

const gate = ({ name = '' }: { name?: string }, path: string): FieldError[] =>
  isQualifiedName(name).map(problem => invalid(path, name, problem))

const condition = ({ conditionType = '' }: { conditionType?: string }, path: string): FieldError[] =>
  gate({ name: conditionType }, `${path}.conditionType`)

function templateMeta({ metadata }: PodTemplateSpec, path: string): FieldError[] {
  return [
    ...labels(metadata?.labels ?? {}, `${path}.labels`),
    ...validateAnnotations(metadata?.annotations, `${path}.annotations`),
  ]
}

/** What a pod is as a whole. */
export const POD_RULES: Rules = {
  'core.v1.PodSpec': {
    containers: [present],
    restartPolicy: [present, oneOf('Always', 'OnFailure', 'Never')],
    dnsPolicy: [present, oneOf('ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None')],
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
  },
  'core.v1.PodTemplateSpec': { '*': [templateMeta] },
  'core.v1.PodReadinessGate': { '*': [condition] },
  'core.v1.PodSchedulingGate': { '*': [gate] },
  'core.v1.PodDNSConfig': { '*': [dnsConfig] },
  'core.v1.HostAlias': { ip: [address], '*': [aliases] },
}
