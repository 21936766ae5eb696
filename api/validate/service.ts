import { isIP } from 'node:net'
import type { FieldError } from '../kind.ts'
import { isSubdomainName } from '../names.ts'
import type { Service, ServicePort, ServiceSpec } from '../types/core-v1.ts'
import { deepEqual } from '../values.ts'
import { address, cidr, ordinaryAddress } from './addresses.ts'
import { duplicates, labels, oneOf } from './checks.ts'
import { duplicate, forbidden, invalid, required } from './errors.ts'

const NONE = 'None'

export function validateService({ spec }: Service): FieldError[] {
  if (!spec) return [required('spec')]
  return [
    ...validatePorts(spec),
    ...(spec.type === 'ExternalName' ? validateName(spec) : validateAddresses(spec)),
    ...labels(spec.selector ?? {}, 'spec.selector'),
    ...headless(spec),
    ...outside(spec),
    ...validateTraffic(spec),
    ...affinity(spec),
  ]
}

const isHeadless = ({ clusterIP, clusterIPs = [] }: ServiceSpec) =>
  clusterIPs.length > 0 ? clusterIPs.length === 1 && clusterIPs[0] === NONE : clusterIP === NONE

function validatePorts(spec: ServiceSpec): FieldError[] {
  const ports = spec.ports ?? []
  const path = 'spec.ports'
  if (ports.length === 0) return isHeadless(spec) || spec.type === 'ExternalName' ? [] : [required(path)]
  const unnamed = ports.flatMap((port, index) =>
    ports.length > 1 && !port.name ? [required(`${path}[${index}].name`)] : [],
  )
  return [
    ...unnamed,
    ...duplicates(ports, path, '.name', port => port.name),
    ...repeated(ports, 'port').map(at => duplicate(`${path}[${at}]`, pair(ports[at]!))),
    ...repeated(ports, 'nodePort').map(at => duplicate(`${path}[${at}].nodePort`, ports[at]!.nodePort)),
    ...(spec.type === 'ClusterIP' ? noNodePorts(ports) : []),
  ]
}

const pair = ({ protocol, port }: ServicePort) => ({ protocol, port })

/** Where a port stands that another has taken, of the same protocol. */
function repeated(ports: readonly ServicePort[], key: 'port' | 'nodePort'): number[] {
  const taken = new Set<string>()
  return ports.flatMap((port, index) => {
    const name = `${port.protocol}/${port[key]}`
    if (!port[key] || !taken.has(name)) {
      taken.add(name)
      return []
    }
    return [index]
  })
}

function noNodePorts(ports: readonly ServicePort[]): FieldError[] {
  return ports.flatMap((port, index) =>
    port.nodePort ? [forbidden(`spec.ports[${index}].nodePort`, "may not be used when `type` is 'ClusterIP'")] : [],
  )
}

/** A service that is but another name has nothing of its own. */
function validateName({ clusterIP, clusterIPs = [], ipFamilies = [], ipFamilyPolicy, externalName = '' }: ServiceSpec) {
  const stray = (field: string) => forbidden(`spec.${field}`, 'may not be set for ExternalName services')
  const name = externalName.replace(/\.$/, '')
  return [
    ...(clusterIP || clusterIPs.length > 0 ? [stray('clusterIPs')] : []),
    ...(ipFamilies.length > 0 ? [stray('ipFamilies')] : []),
    ...(ipFamilyPolicy !== undefined ? [stray('ipFamilyPolicy')] : []),
    ...(name === '' ? [required('spec.externalName')] : []),
    ...(name === '' ? [] : isSubdomainName(name).map(problem => invalid('spec.externalName', name, problem))),
  ]
}

function validateAddresses({ clusterIP = '', clusterIPs = [], ipFamilies = [] }: ServiceSpec): FieldError[] {
  const path = 'spec.clusterIPs'
  const errors: FieldError[] = []
  if (clusterIP !== '' && clusterIPs.length > 0 && clusterIPs[0] !== clusterIP) {
    errors.push(invalid(path, clusterIPs, 'first value must match `clusterIP`'))
  }
  if (clusterIP === '' && clusterIPs.length > 0) {
    errors.push(invalid(path, clusterIPs, 'must be empty when `clusterIP` is not specified'))
  }
  errors.push(...duplicates(ipFamilies, 'spec.ipFamilies', '', family => family))
  const all = clusterIPs.length > 0 ? clusterIPs : clusterIP ? [clusterIP] : []
  const isMixed = all.length > 1 && all[0] === NONE
  if (isMixed) errors.push(invalid(path, all, "'None' must be the first and only value"))
  const wrong = all.flatMap((ip, index) => (index === 0 && ip === NONE ? [] : address(ip, `${path}[${index}]`)))
  errors.push(...wrong)
  if (all.length > 2) errors.push(invalid(path, all, 'may only hold up to 2 values'))
  if (isMixed || wrong.length > 0) return errors
  if (all.length > 1 && new Set(all.map(isIP)).size < 2) {
    errors.push(invalid(path, all, 'may specify no more than one IP for each IP family'))
  }
  return all[0] === NONE ? errors : [...errors, ...families(all, ipFamilies)]
}

function families(addresses: readonly string[], wanted: readonly string[]): FieldError[] {
  return addresses.flatMap((ip, index) => {
    const [family, own] = [wanted[index], isIP(ip) === 6 ? 'IPv6' : 'IPv4']
    if (family === undefined || family === own) return []
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``
    return [invalid(`spec.clusterIPs[${index}]`, ip, detail)]
  })
}

function headless(spec: ServiceSpec): FieldError[] {
  const { type } = spec
  if (!isHeadless(spec) || (type !== 'LoadBalancer' && type !== 'NodePort')) return []
  return [invalid('spec.clusterIPs[0]', NONE, `may not be set to 'None' for ${type} services`)]
}

const FOR_BALANCERS = "may only be used when `type` is 'LoadBalancer'"

function outside({ type, externalIPs = [], loadBalancerSourceRanges = [], ...spec }: ServiceSpec): FieldError[] {
  const isBalancer = type === 'LoadBalancer'
  const stray = (['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const).filter(
    name => !isBalancer && spec[name] !== undefined,
  )
  const path = 'spec.LoadBalancerSourceRanges'
  return [
    ...externalIPs.flatMap((ip, index) => ordinaryAddress(ip, `spec.externalIPs[${index}]`)),
    ...(loadBalancerSourceRanges.length > 0 && !isBalancer ? [forbidden(path, FOR_BALANCERS)] : []),
    ...loadBalancerSourceRanges.flatMap((range, index) => cidr(range.trim(), `${path}[${index}]`)),
    ...stray.map(name => forbidden(`spec.${name}`, FOR_BALANCERS)),
  ]
}

const needsHealthCheck = ({ type, externalTrafficPolicy }: ServiceSpec) =>
  type === 'LoadBalancer' && externalTrafficPolicy === 'Local'

function validateTraffic(spec: ServiceSpec): FieldError[] {
  const { type, externalTrafficPolicy, externalIPs = [], healthCheckNodePort } = spec
  const errors: FieldError[] = []
  const isOutside = type === 'NodePort' || type === 'LoadBalancer' || (type === 'ClusterIP' && externalIPs.length > 0)
  if (externalTrafficPolicy && !isOutside) {
    const detail = 'may only be set for externally-accessible services'
    errors.push(invalid('spec.externalTrafficPolicy', externalTrafficPolicy, detail))
  }
  if (healthCheckNodePort && !needsHealthCheck(spec)) {
    const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'"
    errors.push(invalid('spec.healthCheckNodePort', healthCheckNodePort, detail))
  }
  return errors
}

/** A day: longer a client is not kept with its pod. */
const LONGEST_AFFINITY = 86400

function affinity({ sessionAffinity, sessionAffinityConfig: config }: ServiceSpec): FieldError[] {
  const path = 'spec.sessionAffinityConfig'
  if (sessionAffinity === 'None') {
    return config ? [forbidden(path, 'must not be set when session affinity is None')] : []
  }
  const seconds = config?.clientIP?.timeoutSeconds
  if (sessionAffinity !== 'ClientIP' || seconds === undefined || (seconds > 0 && seconds <= LONGEST_AFFINITY)) return []
  const detail = `must be greater than 0 and less than ${LONGEST_AFFINITY}`
  return [invalid(`${path}.clientIP.timeoutSeconds`, seconds, detail)]
}

const FIXED = 'may not change once set'

/** What others may remember of a service stays: its first address and family, who balances it, where it is asked. */
export function validateServiceUpdate(service: Service, old: Service): FieldError[] {
  const errors = validateService(service)
  const [spec, before] = [service.spec, old.spec]
  if (!spec || !before) return errors
  if (needsHealthCheck(spec) && needsHealthCheck(before) && spec.healthCheckNodePort !== before.healthCheckNodePort) {
    errors.push(forbidden('spec.healthCheckNodePort', 'field is immutable'))
  }
  const balanced = spec.type === 'LoadBalancer' && before.type === 'LoadBalancer'
  if (balanced && spec.loadBalancerClass !== before.loadBalancerClass) {
    errors.push(invalid('spec.loadBalancerClass', spec.loadBalancerClass ?? null, FIXED))
  }
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return errors
  return [...errors, ...addressesStay(spec, before), ...familiesStay(spec, before)]
}

const addressesOf = ({ clusterIP, clusterIPs = [] }: ServiceSpec) =>
  clusterIPs.length > 0 ? clusterIPs : clusterIP ? [clusterIP] : []

function addressesStay(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (isHeadless(spec) && isHeadless(old)) return []
  const [now, before] = [addressesOf(spec), addressesOf(old)]
  const changed = (index: number, detail = FIXED) => invalid(`spec.clusterIPs[${index}]`, now, detail)
  if (before.length === now.length) return before.flatMap((ip, index) => (ip === now[index] ? [] : [changed(index)]))
  if (now.length === 0) return [changed(0, 'primary clusterIP can not be unset')]
  const errors = before.length > 0 && now[0] !== before[0] ? [changed(0)] : []
  const isReleased = before.length > now.length && spec.ipFamilyPolicy !== 'SingleStack'
  return isReleased ? [...errors, single(spec, 'clusterIP')] : errors
}

function single({ ipFamilyPolicy }: ServiceSpec, what: string): FieldError {
  const detail = `must be set to 'SingleStack' when releasing the secondary ${what}`
  return invalid('spec.ipFamilyPolicy', ipFamilyPolicy ?? null, detail)
}

function familiesStay(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (isHeadless(spec) || isHeadless(old)) return []
  const [now, before] = [spec.ipFamilies ?? [], old.ipFamilies ?? []]
  if (deepEqual(now, before) || before.length === 0 || now.length === 0) return []
  const isReleased = before.length > now.length && spec.ipFamilyPolicy !== 'SingleStack'
  return [
    ...(now[0] === before[0] ? [] : [invalid('spec.ipFamilies[0]', now, FIXED)]),
    ...(isReleased ? [single(spec, 'ipFamily')] : []),
  ]
}

/** Where a load balancer listens; how packets to it arrive is said of addresses only. */
export function validateServiceStatus({ spec, status }: Service): FieldError[] {
  const path = 'status.loadBalancer.ingress'
  const list = status?.loadBalancer?.ingress ?? []
  const modes = list.flatMap(({ ip = '', ipMode }, index) => {
    const where = `${path}[${index}].ipMode`
    if (ipMode === undefined) return ip === '' ? [] : [required(where, 'must be specified when `ip` is set')]
    if (ip === '') return [forbidden(where, 'may not be specified when `ip` is not set')]
    return oneOf('Proxy', 'VIP')(ipMode, where)
  })
  if (list.length === 0 || spec?.type === 'LoadBalancer') return modes
  return [forbidden(path, 'may only be used when `spec.type` is "LoadBalancer"'), ...modes]
}
