import { type KeyObject, X509Certificate } from 'node:crypto'
import type { Clock } from '../platform/clock.ts'
import type { Random } from '../platform/random.ts'
import { issueCertificate, type Usage } from './certificate.ts'
import { generateKey, privateKeyPem, publicKeyHash, readPrivateKey } from './keys.ts'
import type { AlternativeNames, Subject } from './subject.ts'

const HOUR = 3_600_000
export const DAY = 24 * HOUR
export const YEAR = 365 * DAY

// A VM that was suspended may lag behind: a certificate signed now is valid for clocks that are a bit late.
const BACKDATE = HOUR

/** A certificate with its private key, both as PEM. */
export interface KeyPair {
  certificate: string
  key: string
}

export interface IssueRequest extends AlternativeNames {
  subject: Subject
  usage: Usage
  validForMs?: number
}

/** Signs in the name of one certificate authority. */
export class Authority {
  readonly certificatePem: string
  readonly certificate: X509Certificate
  readonly #key: KeyObject
  readonly #clock: Clock
  readonly #random: Random

  constructor(pair: KeyPair, clock: Clock, random: Random) {
    this.certificatePem = pair.certificate
    this.certificate = new X509Certificate(pair.certificate)
    this.#key = readPrivateKey(pair.key)
    this.#clock = clock
    this.#random = random
    if (!this.certificate.checkPrivateKey(this.#key)) {
      throw new Error(`the key of the authority ${this.certificate.subject} does not belong to its certificate`)
    }
  }

  /** `sha256:...`, what a joining node pins. */
  get publicKeyHash(): string {
    return publicKeyHash(this.certificate.publicKey)
  }

  /** A certificate for somebody else's public key. */
  sign(publicKey: KeyObject, request: IssueRequest): string {
    const now = this.#clock.now()
    // Never outlive the authority: a chain is only as long as its shortest link.
    const end = Math.min(now + (request.validForMs ?? YEAR), this.certificate.validToDate.getTime())
    const validity = { notBefore: new Date(now - BACKDATE), notAfter: new Date(end) }
    const issuer = { key: this.#key, certificate: this.certificate }
    return issueCertificate({ ...request, ...validity, publicKey }, issuer, this.#random)
  }

  /** A new key and its certificate. */
  issue(request: IssueRequest): KeyPair {
    const key = generateKey()
    return { certificate: this.sign(key, request), key: privateKeyPem(key) }
  }
}

/** A new authority that signs itself, good for ten years. */
export function createAuthority(commonName: string, clock: Clock, random: Random): KeyPair {
  return signItself({ subject: { commonName }, usage: 'authority', validForMs: 10 * YEAR }, clock, random)
}

/** A certificate that nobody vouches for: an authority, or a stand-in until a real one is signed. */
export function signItself(request: IssueRequest, clock: Clock, random: Random): KeyPair {
  const key = generateKey()
  const now = clock.now()
  const validity = { notBefore: new Date(now - BACKDATE), notAfter: new Date(now + (request.validForMs ?? YEAR)) }
  const certificate = issueCertificate({ ...request, ...validity, publicKey: key }, { key }, random)
  return { certificate, key: privateKeyPem(key) }
}
