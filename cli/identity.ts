import { X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { CertificateSigningRequest } from '../api/types/certificates-v1.ts'
import type { Client } from '../client/client.ts'
import { CERTIFICATE_SIGNING_REQUESTS } from '../client/resources.ts'
import type { KeyPair } from '../pki/authority.ts'
import { isDueForRenewal } from '../pki/certificate.ts'
import { createSigningRequest } from '../pki/csr.ts'
import { generateKey, privateKeyPem } from '../pki/keys.ts'
import type { AlternativeNames } from '../pki/subject.ts'
import { type Clock, sleep } from '../platform/clock.ts'
import { type Disk, readTextIfAny, writeFileAtomic } from '../platform/disk.ts'
import { UserError } from './output.ts'

/** A node is its key: the user `system:node:NAME` in the group `system:nodes`. */
export const nodeSubject = (nodeName: string) => ({
  commonName: `system:node:${nodeName}`,
  organizations: ['system:nodes'],
})

export const CLIENT_SIGNER = 'kubernetes.io/kube-apiserver-client-kubelet'
export const SERVING_SIGNER = 'kubernetes.io/kubelet-serving'

const USAGES: Record<string, string[]> = {
  [CLIENT_SIGNER]: ['digital signature', 'client auth'],
  [SERVING_SIGNER]: ['digital signature', 'server auth'],
}

export interface SigningWish {
  signer: typeof CLIENT_SIGNER | typeof SERVING_SIGNER
  nodeName: string
  names?: AlternativeNames
}

/** Asks the cluster for a certificate for a new key, and waits until it is signed, denied or overdue. */
export async function requestCertificate(
  client: Client,
  wish: SigningWish,
  clock: Clock,
  deadlineMs = 60_000,
): Promise<KeyPair> {
  const requests = client.resource<CertificateSigningRequest>(CERTIFICATE_SIGNING_REQUESTS)
  const key = generateKey()
  const pem = createSigningRequest(key, nodeSubject(wish.nodeName), wish.names)
  const { metadata } = await requests.create({
    metadata: { generateName: 'csr-' },
    spec: { request: Buffer.from(pem).toString('base64'), signerName: wish.signer, usages: USAGES[wish.signer]! },
  })
  const name = metadata?.name ?? ''
  const deadline = clock.monotonic() + deadlineMs
  for (;;) {
    const { status } = await requests.get(name)
    if (status?.certificate) {
      return { certificate: Buffer.from(status.certificate, 'base64').toString(), key: privateKeyPem(key) }
    }
    const refusal = status?.conditions?.find(condition => condition.type === 'Denied' || condition.type === 'Failed')
    if (refusal) throw new UserError(`the signing request ${name} was refused: ${refusal.message ?? refusal.type}`)
    if (clock.monotonic() > deadline) {
      throw new UserError(
        `nobody signed the request ${name} within ${deadlineMs / 1000} s`,
        `see 'kubectl get csr'; approve it with 'kubectl certificate approve ${name}'`,
      )
    }
    await sleep(clock, 100)
  }
}

/** A certificate and its key in one file, as kubelet keeps them, so that the two can never part. */
export class IdentityFile {
  readonly path: string
  readonly #disk: Disk

  constructor(directory: string, name: 'kubelet-client-current' | 'kubelet-server-current', disk: Disk) {
    this.path = join(directory, 'pki', `${name}.pem`)
    this.#disk = disk
  }

  async read(): Promise<KeyPair | undefined> {
    const text = await readTextIfAny(this.#disk, this.path)
    if (!text) return undefined
    const certificate = block(text, 'CERTIFICATE')
    const key = block(text, '[A-Z ]*PRIVATE KEY')
    return certificate && key ? { certificate, key } : undefined
  }

  async write(pair: KeyPair): Promise<void> {
    await this.#disk.makeDirectory(join(this.path, '..'))
    await writeFileAtomic(this.#disk, this.path, `${pair.certificate.trim()}\n${pair.key.trim()}\n`, 0o600)
  }
}

function block(text: string, label: string): string | undefined {
  return new RegExp(`-----BEGIN ${label}-----[\\s\\S]*?-----END ${label}-----\\n?`).exec(text)?.[0]
}

/** Since when a node's certificate is worth nothing; undefined while it is. A master takes nobody's word after that. */
export function ranOutAt(pair: KeyPair | undefined, now: number): Date | undefined {
  if (!pair) return undefined
  const { validToDate } = new X509Certificate(pair.certificate)
  return validToDate.getTime() < now ? validToDate : undefined
}

export const JOIN_AGAIN =
  "on the master, run 'kubox token create --print-join-command'; on this machine, run the command that it prints"

/** Whether a pair can go on serving for these addresses. */
export function servesStill(pair: KeyPair | undefined, addresses: readonly string[], now: number): pair is KeyPair {
  if (!pair) return false
  const certificate = new X509Certificate(pair.certificate)
  return !isDueForRenewal(certificate, now) && addresses.every(address => certificate.checkIP(address) !== undefined)
}
