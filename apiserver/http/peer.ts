import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { TLSSocket } from 'node:tls'
import type { Identity } from '../../api/exchange.ts'
import { decodeAll, decodeOne } from '../../pki/der.ts'
import { decodeSubject, type Subject } from '../../pki/subject.ts'
import { asAuthenticated } from '../auth/authenticator.ts'

/** Whose signatures under client certificates count, as PEM. */
export interface PeerAuthorities {
  clientCa: string
  /** Signs the certificates of proxies that speak for others. */
  frontProxyCa?: string
}

/** What a connection's certificate says about who is at its other end. */
export interface Peer {
  identity?: Identity
  problem?: string
  frontProxy?: string
}

const NOBODY: Peer = {}
const known = new WeakMap<Socket, Peer>()

/** Looked at once a connection, not once a request. */
export function peerOf(socket: Socket, authorities: PeerAuthorities | undefined): Peer {
  if (!authorities || !(socket instanceof TLSSocket)) return NOBODY
  const seen = known.get(socket)
  if (seen) return seen
  const peer = inspect(socket, authorities)
  known.set(socket, peer)
  return peer
}

function inspect(socket: TLSSocket, authorities: PeerAuthorities): Peer {
  const certificate = socket.getPeerX509Certificate()
  if (!certificate) return NOBODY
  if (!socket.authorized) return { problem: `the client certificate was not taken: ${socket.authorizationError}` }
  const { commonName, organizations = [] } = subjectOf(certificate)
  if (!commonName) return { problem: 'the client certificate names nobody' }
  if (authorities.frontProxyCa && isSignedBy(certificate, authorities.frontProxyCa)) return { frontProxy: commonName }
  return { identity: asAuthenticated({ name: commonName, groups: [...organizations] }) }
}

function isSignedBy(certificate: X509Certificate, ca: string): boolean {
  const authority = new X509Certificate(ca)
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey)
}

const EXPLICIT_VERSION = 0xa0
const SUBJECT_AFTER_VERSION = 4

/** Read from the bytes: the texts that node makes of a subject can be made to say something else. */
function subjectOf(certificate: X509Certificate): Subject {
  const [body] = decodeAll(decodeOne(certificate.raw).body)
  const fields = decodeAll(body!.body)
  const first = fields[0]!.tag === EXPLICIT_VERSION ? 1 : 0
  return decodeSubject(fields[first + SUBJECT_AFTER_VERSION]!)
}
