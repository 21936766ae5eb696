import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../../../platform/random.ts'
import { openBox, SECRETBOX_NONCE, sealBox } from './secretbox.ts'

export interface NamedKey {
  name: string
  /** Base64. */
  secret: string
}

export interface Keys {
  keys: readonly NamedKey[]
}

/** One entry of `providers`: exactly one of these. */
export interface ProviderConfiguration {
  aesgcm?: Keys
  aescbc?: Keys
  secretbox?: Keys
  identity?: Record<string, never>
}

/** Writes and reads values behind one prefix; no prefix: as they are. */
export interface Provider {
  prefix: Buffer
  seal(plain: Uint8Array, key: string): Uint8Array
  open(sealed: Buffer, key: string): Uint8Array
}

export type Cipher = 'aesgcm' | 'aescbc' | 'secretbox'

const MAKERS: Record<Cipher, (key: Buffer, random: Random) => Omit<Provider, 'prefix'>> = {
  aesgcm: gcm,
  aescbc: cbc,
  secretbox: box,
}

export const CIPHERS = Object.keys(MAKERS) as Cipher[]

export const KEY_LENGTHS: Record<Cipher, readonly number[]> = {
  aesgcm: [16, 24, 32],
  aescbc: [16, 24, 32],
  secretbox: [32],
}

/** One provider a key. */
export function providersOf(configuration: ProviderConfiguration, random: Random): Provider[] {
  for (const cipher of CIPHERS) {
    const keys = configuration[cipher]?.keys
    if (keys) return keys.map(({ name, secret }) => providerOf(cipher, name, Buffer.from(secret, 'base64'), random))
  }
  return [{ prefix: Buffer.alloc(0), seal: plain => plain, open: sealed => sealed }]
}

/** Kubernetes' own form, so that a store may change hands: `k8s:enc:aesgcm:v1:KEY:` and then the sealed bytes. */
function providerOf(cipher: Cipher, name: string, key: Buffer, random: Random): Provider {
  return { prefix: Buffer.from(`k8s:enc:${cipher}:v1:${name}:`), ...MAKERS[cipher](key, random) }
}

const NONCE = 12
const TAG = 16

/** Sealed to its key in the store: a value that is copied to another place does not open there. */
function gcm(key: Buffer, random: Random): Omit<Provider, 'prefix'> {
  const algorithm = `aes-${key.length * 8}-gcm` as 'aes-256-gcm'
  return {
    seal(plain, path) {
      const nonce = Buffer.from(random.bytes(NONCE))
      const cipher = createCipheriv(algorithm, key, nonce).setAAD(Buffer.from(path))
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, path) {
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, NONCE)).setAAD(Buffer.from(path))
      decipher.setAuthTag(sealed.subarray(-TAG))
      return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()])
    },
  }
}

const BLOCK = 16

function cbc(key: Buffer, random: Random): Omit<Provider, 'prefix'> {
  const algorithm = `aes-${key.length * 8}-cbc`
  return {
    seal(plain) {
      const vector = Buffer.from(random.bytes(BLOCK))
      const cipher = createCipheriv(algorithm, key, vector)
      return Buffer.concat([vector, cipher.update(plain), cipher.final()])
    },
    open(sealed) {
      const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, BLOCK))
      return Buffer.concat([decipher.update(sealed.subarray(BLOCK)), decipher.final()])
    },
  }
}

function box(key: Buffer, random: Random): Omit<Provider, 'prefix'> {
  return {
    seal(plain) {
      const nonce = Buffer.from(random.bytes(SECRETBOX_NONCE))
      return Buffer.concat([nonce, sealBox(plain, nonce, key)])
    },
    open(sealed) {
      const message = openBox(sealed.subarray(SECRETBOX_NONCE), sealed.subarray(0, SECRETBOX_NONCE), key)
      if (!message) throw new Error('a value sealed by secretbox does not open: wrong key, or it has been changed')
      return message
    },
  }
}
