import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { nothing, oid, sequence } from './der.ts'

/**
 * pki/ is identity: keys, certificates, signing requests, service-account tokens, bootstrap tokens, and the set of files
 * that kubeadm's users know under /etc/kubernetes/pki. Start with authority.ts, then cluster.ts. It imports platform.
 */

/** ECDSA on P-256: made in a millisecond, small, understood by everything since TLS 1.2. */
export function generateKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey
}

export function privateKeyPem(key: KeyObject): string {
  return key.export({ type: key.asymmetricKeyType === 'ec' ? 'sec1' : 'pkcs8', format: 'pem' }) as string
}

export function publicKeyPem(key: KeyObject): string {
  return publicOf(key).export({ type: 'spki', format: 'pem' }) as string
}

export function readPrivateKey(pem: string): KeyObject {
  return createPrivateKey(pem)
}

/** Also reads the public half out of a private key's PEM. */
export function readPublicKey(pem: string): KeyObject {
  return createPublicKey(pem)
}

/** The public half; a public key is its own. */
export function publicOf(key: KeyObject): KeyObject {
  return key.type === 'private' ? createPublicKey(key) : key
}

export function publicKeyDer(key: KeyObject): Buffer {
  return publicOf(key).export({ type: 'spki', format: 'der' })
}

/** `sha256:...` of a public key: what `--discovery-token-ca-cert-hash` pins. */
export function publicKeyHash(key: KeyObject): string {
  return `sha256:${createHash('sha256').update(publicKeyDer(key)).digest('hex')}`
}

/** The algorithm identifier of what `signBytes` makes with this key. */
export function signatureAlgorithm(key: KeyObject): Buffer {
  switch (key.asymmetricKeyType) {
    case 'ec':
      return sequence(oid('1.2.840.10045.4.3.2'))
    case 'rsa':
      return sequence(oid('1.2.840.113549.1.1.11'), nothing())
    case 'ed25519':
      return sequence(oid('1.3.101.112'))
    default:
      throw new Error(`keys of type ${key.asymmetricKeyType} cannot sign certificates here`)
  }
}

export function signBytes(key: KeyObject, bytes: Uint8Array): Buffer {
  return sign(key.asymmetricKeyType === 'ed25519' ? null : 'sha256', bytes, key)
}
