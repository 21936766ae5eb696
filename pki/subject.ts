import { isIP, SocketAddress } from 'node:net'
import {
  contextTag,
  DerError,
  decodeAll,
  decodeOid,
  type Element,
  encode,
  oid,
  sequence,
  set,
  utf8String,
} from './der.ts'

/** Who a certificate speaks for: in Kubernetes the common name is the user, the organizations are the groups. */
export interface Subject {
  commonName: string
  organizations?: readonly string[]
}

/** Names that a serving certificate is good for. */
export interface AlternativeNames {
  dnsNames?: readonly string[]
  ipAddresses?: readonly string[]
}

const COMMON_NAME = '2.5.4.3'
const ORGANIZATION = '2.5.4.10'

const DNS_NAME = contextTag(2, false)
const IP_ADDRESS = contextTag(7, false)

export function encodeSubject(subject: Subject): Buffer {
  const attribute = (type: string, value: string) => set(sequence(oid(type), utf8String(value)))
  const organizations = (subject.organizations ?? []).map(name => attribute(ORGANIZATION, name))
  return sequence(...organizations, attribute(COMMON_NAME, subject.commonName))
}

export function decodeSubject(name: Element): Subject {
  const attributes = decodeAll(name.body).flatMap(group => decodeAll(group.body).map(pair => decodeAll(pair.body)))
  const valuesOf = (type: string) =>
    attributes.filter(([key]) => key && decodeOid(key.body) === type).map(([, value]) => value?.body.toString() ?? '')
  return { commonName: valuesOf(COMMON_NAME)[0] ?? '', organizations: valuesOf(ORGANIZATION) }
}

export function encodeAlternativeNames(names: AlternativeNames): Buffer {
  return sequence(
    ...(names.dnsNames ?? []).map(name => encode(DNS_NAME, Buffer.from(name, 'ascii'))),
    ...(names.ipAddresses ?? []).map(address => encode(IP_ADDRESS, addressBytes(address))),
  )
}

/** Other kinds of names (mail, URI) are named in `others`: nobody here signs them. */
export function decodeAlternativeNames(bytes: Uint8Array): Required<AlternativeNames> & { others: number } {
  const [list] = decodeAll(bytes)
  if (!list) throw new DerError('alternative names are empty')
  const names = decodeAll(list.body)
  return {
    dnsNames: names.filter(name => name.tag === DNS_NAME).map(name => name.body.toString('ascii')),
    ipAddresses: names.filter(name => name.tag === IP_ADDRESS).map(name => addressText(name.body)),
    others: names.filter(name => name.tag !== DNS_NAME && name.tag !== IP_ADDRESS).length,
  }
}

function addressBytes(address: string): Buffer {
  if (isIP(address) === 4) return Buffer.from(address.split('.').map(Number))
  if (isIP(address) !== 6) throw new Error(`not an IP address: ${address}`)
  return Buffer.from(expandV6(address).flatMap(group => [group >> 8, group & 0xff]))
}

/** The eight groups of an IPv6 address; an embedded IPv4 tail counts as two. */
function expandV6(address: string): number[] {
  const groups = (text: string): number[] =>
    text.split(':').flatMap(part => {
      if (!part.includes('.')) return part === '' ? [] : [Number.parseInt(part, 16)]
      const [a = 0, b = 0, c = 0, d = 0] = part.split('.').map(Number)
      return [a * 256 + b, c * 256 + d]
    })
  const [head = '', tail] = address.split('::')
  if (tail === undefined) return groups(head)
  const [left, right] = [groups(head), groups(tail)]
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right]
}

/** The shortest form, as systems write addresses: what nodes announce is compared with it as text. */
function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return Array.from(bytes).join('.')
  if (bytes.length !== 16) throw new DerError(`an IP address of ${bytes.length} bytes`)
  const address = Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':')
  return new SocketAddress({ family: 'ipv6', address }).address
}
