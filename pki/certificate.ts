import { createHash, type KeyObject, type X509Certificate } from 'node:crypto'
import type { Random } from '../platform/random.ts'
import {
  bitString,
  boolean,
  contextTag,
  decodeAll,
  decodeOne,
  encode,
  integer,
  octetString,
  oid,
  sequence,
  time,
} from './der.ts'
import { publicKeyDer, signatureAlgorithm, signBytes } from './keys.ts'
import { toPem } from './pem.ts'
import { type AlternativeNames, encodeAlternativeNames, encodeSubject, type Subject } from './subject.ts'

export type Usage = 'authority' | 'server' | 'client' | 'server and client'

export interface CertificateRequest extends AlternativeNames {
  subject: Subject
  publicKey: KeyObject
  usage: Usage
  notBefore: Date
  notAfter: Date
}

export interface Issuer {
  key: KeyObject
  /** Absent when the certificate signs itself. */
  certificate?: X509Certificate
}

const EXTENSION = {
  subjectKeyId: '2.5.29.14',
  keyUsage: '2.5.29.15',
  alternativeNames: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyId: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
}
const SERVER_AUTH = oid('1.3.6.1.5.5.7.3.1')
const CLIENT_AUTH = oid('1.3.6.1.5.5.7.3.2')

/** A signed certificate as PEM. */
export function issueCertificate(request: CertificateRequest, issuer: Issuer, random: Random): string {
  const algorithm = signatureAlgorithm(issuer.key)
  const subject = encodeSubject(request.subject)
  const body = sequence(
    encode(contextTag(0), integer(Buffer.from([2]))),
    integer(serialNumber(random)),
    algorithm,
    issuer.certificate ? subjectOf(issuer.certificate) : subject,
    sequence(time(request.notBefore), time(request.notAfter)),
    subject,
    publicKeyDer(request.publicKey),
    encode(contextTag(3), sequence(...extensions(request, issuer))),
  )
  return toPem('CERTIFICATE', sequence(body, algorithm, bitString(signBytes(issuer.key, body))))
}

function serialNumber(random: Random): Uint8Array {
  const bytes = random.bytes(16)
  bytes[0] = (bytes[0]! & 0x7f) | 0x40
  return bytes
}

function extensions(request: CertificateRequest, issuer: Issuer): Buffer[] {
  const isAuthority = request.usage === 'authority'
  const list = [
    extension(EXTENSION.basicConstraints, true, isAuthority ? sequence(boolean(true)) : sequence()),
    // Bits from the left: digitalSignature 0, keyEncipherment 2, keyCertSign 5.
    extension(
      EXTENSION.keyUsage,
      true,
      isAuthority ? bitString(Buffer.from([0xa4]), 2) : bitString(Buffer.from([0xa0]), 5),
    ),
    extension(EXTENSION.subjectKeyId, false, octetString(keyId(request.publicKey))),
    extension(EXTENSION.authorityKeyId, false, sequence(encode(contextTag(0, false), keyId(issuer.key)))),
  ]
  if (!isAuthority) list.push(extension(EXTENSION.extendedKeyUsage, false, sequence(...purposes(request.usage))))
  if (request.dnsNames?.length || request.ipAddresses?.length) {
    list.push(extension(EXTENSION.alternativeNames, false, encodeAlternativeNames(request)))
  }
  return list
}

function extension(id: string, critical: boolean, value: Uint8Array): Buffer {
  return critical ? sequence(oid(id), boolean(true), octetString(value)) : sequence(oid(id), octetString(value))
}

function purposes(usage: Usage): Buffer[] {
  if (usage === 'server') return [SERVER_AUTH]
  if (usage === 'client') return [CLIENT_AUTH]
  return [SERVER_AUTH, CLIENT_AUTH]
}

function keyId(key: KeyObject): Buffer {
  return createHash('sha1').update(publicKeyDer(key)).digest()
}

/** The subject of a certificate byte for byte: a chain holds only if the issuer's name is copied exactly. */
function subjectOf(certificate: X509Certificate): Buffer {
  const fields = decodeAll(decodeAll(decodeOne(certificate.raw).body)[0]!.body)
  // version [0], serial, algorithm, issuer, validity, subject
  return fields[5]!.whole
}

/** Whether a certificate is past `fraction` of its life, or not yet valid: time for a new one. */
export function isDueForRenewal(certificate: X509Certificate, now: number, fraction = 0.7): boolean {
  const [from, to] = [certificate.validFromDate.getTime(), certificate.validToDate.getTime()]
  return now < from || now > from + (to - from) * fraction
}
