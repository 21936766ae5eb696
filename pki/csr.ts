import { createPublicKey, type KeyObject, verify } from 'node:crypto'
import {
  bitString,
  contextTag,
  DerError,
  decodeAll,
  decodeOid,
  decodeOne,
  type Element,
  encode,
  integer,
  octetString,
  oid,
  sequence,
  set,
  TAG,
} from './der.ts'
import { publicKeyDer, signatureAlgorithm, signBytes } from './keys.ts'
import { fromPem, toPem } from './pem.ts'
import {
  type AlternativeNames,
  decodeAlternativeNames,
  decodeSubject,
  encodeAlternativeNames,
  encodeSubject,
  type Subject,
} from './subject.ts'

const EXTENSION_REQUEST = '1.2.840.113549.1.9.14'
const ALTERNATIVE_NAMES = '2.5.29.17'

const DIGESTS: Record<string, string | null> = {
  '1.2.840.10045.4.3.2': 'sha256',
  '1.2.840.10045.4.3.3': 'sha384',
  '1.2.840.10045.4.3.4': 'sha512',
  '1.2.840.113549.1.1.11': 'sha256',
  '1.2.840.113549.1.1.12': 'sha384',
  '1.2.840.113549.1.1.13': 'sha512',
  '1.3.101.112': null,
}

/** What a certificate is asked for, with proof that the asker holds the key. */
export interface SigningRequest extends Required<AlternativeNames> {
  subject: Subject
  publicKey: KeyObject
  /** Names of kinds that are never signed here (mail, URI): a request with any is refused by the signers. */
  otherNames: number
}

export function createSigningRequest(key: KeyObject, subject: Subject, names: AlternativeNames = {}): string {
  const wanted = names.dnsNames?.length || names.ipAddresses?.length
  const extensions = sequence(sequence(oid(ALTERNATIVE_NAMES), octetString(encodeAlternativeNames(names))))
  const attributes = wanted ? [sequence(oid(EXTENSION_REQUEST), set(extensions))] : []
  const body = sequence(
    integer(Buffer.from([0])),
    encodeSubject(subject),
    publicKeyDer(key),
    encode(contextTag(0), ...attributes),
  )
  return toPem('CERTIFICATE REQUEST', sequence(body, signatureAlgorithm(key), bitString(signBytes(key, body))))
}

/** Reads a request and checks its signature; a DerError says what is wrong with it. */
export function parseSigningRequest(pem: string): SigningRequest {
  const [der] = fromPem('(?:NEW )?CERTIFICATE REQUEST', pem)
  if (!der) throw new DerError('PEM block type must be CERTIFICATE REQUEST')
  const [body, algorithm, signature] = decodeAll(decodeOne(der).body)
  const [, subject, publicKeyInfo, attributes] = body ? decodeAll(body.body) : []
  if (!body || !algorithm || !signature || !subject || !publicKeyInfo)
    throw new DerError('signing request is incomplete')
  const publicKey = readPublicKey(publicKeyInfo)
  if (!isSignedBy(publicKey, body, algorithm, signature))
    throw new DerError('signing request is not signed by its own key')
  const names = attributes ? requestedNames(attributes) : { dnsNames: [], ipAddresses: [], others: 0 }
  const { dnsNames, ipAddresses, others } = names
  return { subject: decodeSubject(subject), publicKey, dnsNames, ipAddresses, otherNames: others }
}

function readPublicKey(info: Element): KeyObject {
  try {
    return createPublicKey({ key: info.whole, format: 'der', type: 'spki' })
  } catch (error) {
    throw new DerError('the public key cannot be read', { cause: error })
  }
}

function isSignedBy(key: KeyObject, body: Element, algorithm: Element, signature: Element): boolean {
  const [name] = decodeAll(algorithm.body)
  const digest = name ? DIGESTS[decodeOid(name.body)] : undefined
  if (digest === undefined) throw new DerError('the signature algorithm is not supported')
  return verify(digest, body.whole, key, signature.body.subarray(1))
}

function requestedNames(attributes: Element): ReturnType<typeof decodeAlternativeNames> {
  for (const attribute of decodeAll(attributes.body)) {
    const [type, values] = decodeAll(attribute.body)
    if (!type || !values || decodeOid(type.body) !== EXTENSION_REQUEST) continue
    for (const extension of decodeAll(decodeOne(values.body).body)) {
      const parts = decodeAll(extension.body)
      const value = parts.find(part => part.tag === TAG.octetString)
      if (parts[0] && value && decodeOid(parts[0].body) === ALTERNATIVE_NAMES) return decodeAlternativeNames(value.body)
    }
  }
  return { dnsNames: [], ipAddresses: [], others: 0 }
}
