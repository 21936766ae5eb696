import { isIP } from 'node:net'
import type { FieldError } from '../../kind.ts'
import {
  isAddress,
  isLabel1035Name,
  isLabelName,
  isPathSegmentName,
  isPortName,
  isSubdomainName,
  isWildcardSubdomain,
  type NameRule,
} from '../../names.ts'
import type { TypedLocalObjectReference } from '../../types/core-v1.ts'
import type {
  HTTPIngressPath,
  IngressBackend,
  IngressClassParametersReference,
  IngressRule,
  IngressServiceBackend,
} from '../../types/networking-v1.ts'
import { named, needed, oneOf, port, present, type Rules, subdomain } from '../checks.ts'
import { forbidden, invalid, required, tooLong } from '../errors.ts'

const asks = (rule: NameRule, value: string, path: string): FieldError[] =>
  rule(value).map(problem => invalid(path, value, problem))

const hostName = (host: string, path: string): FieldError[] =>
  asks(host.includes('*') ? isWildcardSubdomain : isSubdomainName, host, path)

function ruleHost({ host = '' }: IngressRule, path: string): FieldError[] {
  if (host === '') return []
  const where = `${path}.host`
  const errors = isIP(host) === 0 ? [] : [invalid(where, host, 'must be a DNS name, not an IP address')]
  return [...errors, ...hostName(host, where)]
}

const hostNames = (hosts: string[], path: string): FieldError[] =>
  hosts.flatMap((host, index) => hostName(host, `${path}[${index}]`))

/** Where a load balancer listens: by its address, by a name, or both. */
export const balancerName = (host: string, path: string): FieldError[] => {
  if (host === '') return []
  const errors = asks(isSubdomainName, host, path)
  return isIP(host) === 0 ? errors : [...errors, invalid(path, host, 'must be a DNS name, not an IP address')]
}

const FORBIDDEN_PARTS = ['//', '/./', '/../', '%2f', '%2F']
const FORBIDDEN_ENDS = ['/..', '/.']

function ingressPath({ path: value = '', pathType }: HTTPIngressPath, path: string): FieldError[] {
  const where = `${path}.path`
  const isSpecific = pathType === 'ImplementationSpecific'
  if (!isSpecific && pathType !== 'Exact' && pathType !== 'Prefix') return []
  const isRelative = !value.startsWith('/') && !(isSpecific && value === '')
  const errors = isRelative ? [invalid(where, value, 'must be an absolute path')] : []
  if (isSpecific) return errors
  const parts = FORBIDDEN_PARTS.filter(part => value.includes(part))
  const ends = FORBIDDEN_ENDS.filter(end => value.endsWith(end))
  return [
    ...errors,
    ...parts.map(part => invalid(where, value, `must not contain '${part}'`)),
    ...ends.map(end => invalid(where, value, `cannot end with '${end}'`)),
  ]
}

function backend({ service, resource }: IngressBackend, path: string): FieldError[] {
  if (service && resource) return [invalid(path, '', 'cannot set both resource and service backends')]
  if (resource) return typedReference(resource, `${path}.resource`)
  return service ? serviceBackend(service, path) : [invalid(path, '', 'resource or service backend is required')]
}

function serviceBackend({ name, port: wanted }: IngressServiceBackend, path: string): FieldError[] {
  const where = `${path}.service`
  const errors = name ? asks(isLabel1035Name, name, `${where}.name`) : [required(`${where}.name`)]
  const { name: portName, number } = wanted ?? {}
  if (portName && number) return [...errors, invalid(path, '', 'cannot set both port name & port number')]
  if (portName) return [...errors, ...asks(isPortName, portName, `${where}.port.name`)]
  if (number) return [...errors, ...port(number, `${where}.port.number`)]
  return [...errors, required(path, 'port name or number is required')]
}

function typedReference(target: TypedLocalObjectReference, path: string): FieldError[] {
  const { apiGroup } = target
  return [
    ...(apiGroup === undefined ? [] : asks(isSubdomainName, apiGroup, `${path}.apiGroup`)),
    ...(['kind', 'name'] as const).flatMap(key =>
      target[key] ? asks(isPathSegmentName, target[key], `${path}.${key}`) : [required(`${path}.${key}`)],
    ),
  ]
}

/** What an ingress class keeps its settings in: an object of one namespace, or of the cluster. */
function parameters(target: IngressClassParametersReference, path: string): FieldError[] {
  const { scope, namespace } = target
  const where = `${path}.namespace`
  const errors = typedReference(target as TypedLocalObjectReference, path)
  if (scope === 'Cluster' && namespace !== undefined) {
    errors.push(forbidden(where, "`parameters.scope` is set to 'Cluster'"))
  }
  if (scope !== 'Namespace') return errors
  if (namespace === undefined) return [...errors, required(where, "`parameters.scope` is set to 'Namespace'")]
  return [...errors, ...asks(isLabelName, namespace, where)]
}

const LONGEST_CONTROLLER = 250
const PATH_PATTERN = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+"

/** `example.com/controller`. */
function domainPath(value: string, path: string): FieldError[] {
  const errors = Buffer.byteLength(value) > LONGEST_CONTROLLER ? [tooLong(path, LONGEST_CONTROLLER)] : []
  const slash = value.indexOf('/')
  if (slash <= 0 || slash === value.length - 1) {
    return [...errors, invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')]
  }
  const [host, rest] = [value.slice(0, slash), value.slice(slash + 1)]
  const isPath = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)
  const wrong = isPath ? [] : [invalid(path, rest, `Invalid path (regex used for validation is '${PATH_PATTERN}')`)]
  return [...errors, ...asks(isSubdomainName, host, path), ...wrong]
}

export const INGRESS_RULES: Rules = {
  'networking.v1.IngressSpec': { ingressClassName: [subdomain] },
  'networking.v1.IngressRule': { '*': [ruleHost] },
  'networking.v1.IngressTLS': { hosts: [hostNames], secretName: [named(isSubdomainName)] },
  'networking.v1.HTTPIngressRuleValue': { paths: [present] },
  'networking.v1.HTTPIngressPath': {
    pathType: [needed('pathType must be specified'), oneOf('Exact', 'ImplementationSpecific', 'Prefix')],
    '*': [ingressPath],
  },
  'networking.v1.IngressLoadBalancerIngress': { ip: [named(isAddress)], hostname: [balancerName] },
  'networking.v1.IngressBackend': { '*': [backend] },
  'networking.v1.IngressClassSpec': { controller: [present, domainPath] },
  'networking.v1.IngressClassParametersReference': {
    scope: [present, oneOf('Cluster', 'Namespace')],
    '*': [parameters],
  },
}
