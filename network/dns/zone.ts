import type { Service } from '../../api/types/core-v1.ts'
import type { Endpoint, EndpointSlice } from '../../api/types/discovery-v1.ts'
import { clusterIpsOf, isAddress4, keyOf, serviceOf } from '../services/ports.ts'
import { type Answer, CODES, type Data, type Record, TYPES } from './message.ts'

/** Short, so that a Service made anew is found anew. */
const SECONDS = 5
/** Of the specification "Kubernetes DNS-Based Service Discovery" that these names follow. */
const SCHEMA_VERSION = '1.1.0'

/** The names of a cluster, made once for each change of its Services and looked up for each question. */
export interface Zone {
  /** undefined: the name is not of this cluster, somebody else knows. */
  lookUp(name: string, type: number): Answer | undefined
}

/** All names of Services, their ports and targets below `domain`, and their addresses in reverse. */
export function zoneOf(services: readonly Service[], slices: readonly EndpointSlice[], domain: string): Zone {
  const names = new Names(domain)
  names.add(`dns-version.${domain}`, { type: 'TXT', text: SCHEMA_VERSION })
  const byService = Map.groupBy(slices, slice => `${slice.metadata?.namespace}/${serviceOf(slice)}`)
  for (const service of services) addService(names, service, byService.get(keyOf(service)) ?? [])
  const lookUp = (name: string, type: number) => answerFrom(names, name, type)
  return { lookUp }
}

class Names {
  readonly domain: string
  /** What stands at a name; [] for one that only leads to others. */
  readonly records = new Map<string, Data[]>()

  constructor(domain: string) {
    this.domain = domain
    this.#lead(domain)
  }

  add(name: string, data: Data): void {
    this.#lead(name)
    this.records.get(name)!.push(data)
  }

  /** Makes a name exist, and all between it and the domain: `ns.svc` has no records, but is no mistake either. */
  #lead(name: string): void {
    if (this.records.has(name)) return
    this.records.set(name, [])
    const parent = name.slice(name.indexOf('.') + 1)
    if (parent.endsWith(`.${this.domain}`) || parent === this.domain) this.#lead(parent)
  }
}

function addService(names: Names, service: Service, slices: readonly EndpointSlice[]): void {
  const { name, namespace } = service.metadata ?? {}
  const host = `${name}.${namespace}.svc.${names.domain}`
  const { spec } = service
  if (spec?.type === 'ExternalName') {
    if (spec.externalName) names.add(host, { type: 'CNAME', name: spec.externalName.replace(/\.$/, '') })
    return
  }
  const addresses = clusterIpsOf(spec)
  if (addresses.length > 0) addClusterIp(names, service, host, addresses)
  else addHeadless(names, slices, host)
}

function addClusterIp(names: Names, { spec }: Service, host: string, addresses: readonly string[]): void {
  for (const address of addresses) {
    names.add(host, { type: 'A', address })
    names.add(reverse(address), { type: 'PTR', name: host })
  }
  for (const port of spec?.ports ?? []) addPort(names, { ...port, number: port.port }, host, host)
}

/** A Service without an address of its own has those of its targets, and each of them a name. */
function addHeadless(names: Names, slices: readonly EndpointSlice[], host: string): void {
  for (const slice of slices.filter(({ addressType }) => addressType === 'IPv4')) {
    for (const endpoint of (slice.endpoints ?? []).filter(isReady)) {
      const address = endpoint.addresses.find(isAddress4)
      if (address) addTarget(names, slice, endpoint, address, host)
    }
  }
}

function addTarget(names: Names, slice: EndpointSlice, endpoint: Endpoint, address: string, host: string): void {
  const own = `${endpoint.hostname ?? address.replaceAll('.', '-')}.${host}`
  names.add(host, { type: 'A', address })
  names.add(own, { type: 'A', address })
  names.add(reverse(address), { type: 'PTR', name: own })
  for (const port of slice.ports ?? []) {
    if (port.port !== undefined) addPort(names, { ...port, number: port.port }, host, own)
  }
}

const isReady = ({ conditions }: Endpoint): boolean => conditions?.ready !== false

interface NamedPort {
  name?: string
  protocol?: string
  number: number
}

/** Only ports with a name can be asked for. */
function addPort(names: Names, { name, protocol = 'TCP', number }: NamedPort, host: string, target: string): void {
  if (!name) return
  names.add(`_${name}._${protocol.toLowerCase()}.${host}`, {
    type: 'SRV',
    priority: 0,
    weight: 100,
    port: number,
    target,
  })
}

const reverse = (address: string): string => `${address.split('.').reverse().join('.')}.in-addr.arpa`

function answerFrom(names: Names, name: string, type: number): Answer | undefined {
  const { domain } = names
  const isOurs = name === domain || name.endsWith(`.${domain}`)
  const found = names.records.get(name) ?? podRecords(name, domain)
  if (!found) return isOurs ? negative(CODES.noName, domain) : undefined
  const answers = found.filter(data => wants(type, data)).map(data => record(name, data))
  if (answers.length === 0) return negative(CODES.ok, domain)
  return { code: CODES.ok, answers, authority: [], additional: addressesOf(answers, names) }
}

/** An alias answers whatever is asked of its name. */
const wants = (type: number, data: Data): boolean =>
  type === TYPES.ANY || type === TYPES[data.type] || data.type === 'CNAME'

const record = (name: string, data: Data): Record => ({ name, seconds: SECONDS, data })

/** Who asks for a port is going to ask for the address of its target next. */
function addressesOf(answers: readonly Record[], names: Names): Record[] {
  const targets = new Set(answers.flatMap(({ data }) => (data.type === 'SRV' ? [data.target] : [])))
  return [...targets].flatMap(target =>
    (names.records.get(target) ?? []).filter(({ type }) => type === 'A').map(data => record(target, data)),
  )
}

/** `10-244-1-7.NAMESPACE.pod` is that very address; nobody has to know the pod. */
function podRecords(name: string, domain: string): Data[] | undefined {
  const suffix = `.pod.${domain}`
  if (name === `pod.${domain}`) return []
  if (!name.endsWith(suffix)) return undefined
  const [first = '', second, ...more] = name.slice(0, -suffix.length).split('.')
  if (second === undefined) return []
  const address = first.replaceAll('-', '.')
  return more.length === 0 && isAddress4(address) ? [{ type: 'A', address }] : undefined
}

function negative(code: number, zone: string): Answer {
  const authority = [record(zone, { type: 'SOA', zone, serial: 1 })]
  return { code, answers: [], authority, additional: [] }
}
