import { createCipheriv, createDecipheriv } from 'node:crypto'
import type { Random } from '../../platform/random.ts'
import type { Transformer } from './transform.ts'

/** apiserver.config.k8s.io/v1 EncryptionConfiguration: what is encrypted in the store, and by which keys. */
export interface EncryptionConfiguration {
  resources: readonly EncryptedResources[]
}

export interface EncryptedResources {
  /** `secrets`, `configmaps`, `widgets.example.com`, `*.*` */
  resources: readonly string[]
  /** The first one writes; all of them read. */
  providers: readonly ProviderConfiguration[]
}

export interface ProviderConfiguration {
  aesgcm?: { keys: readonly NamedKey[] }
  aescbc?: { keys: readonly NamedKey[] }
  identity?: Record<string, never>
}

export interface NamedKey {
  name: string
  /** Base64 of 16, 24 or 32 bytes. */
  secret: string
}

/** Kubernetes' own form, so that a store may change hands: `k8s:enc:aesgcm:v1:KEY:` and then the sealed bytes. */
const MARK = Buffer.from('k8s:enc:')
const LONGEST_PREFIX = 512

interface Provider {
  prefix: Buffer
  seal(plain: Uint8Array, key: string): Uint8Array
  open(sealed: Buffer, key: string): Uint8Array
}

export function encryptingTransformer(configuration: EncryptionConfiguration, random: Random): Transformer {
  const rules = configuration.resources.map(({ resources, providers }) => ({
    resources: resources.map(resource => resource.trim()),
    providers: providers.flatMap(provider => providersOf(provider, random)),
  }))
  const ruleFor = (key: string) => rules.find(rule => rule.resources.some(resource => isStoredUnder(key, resource)))
  return {
    toStore(value, key) {
      const writer = ruleFor(key)?.providers[0]
      return writer ? Buffer.concat([writer.prefix, writer.seal(value, key)]) : value
    },
    fromStore(value, key) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength)
      if (!bytes.subarray(0, MARK.length).equals(MARK)) return value
      const reader = ruleFor(key)?.providers.find(
        ({ prefix }) => prefix.length > 0 && bytes.subarray(0, prefix.length).equals(prefix),
      )
      if (!reader)
        throw new Error(`no key for ${describePrefix(bytes)}: is it missing from the encryption configuration?`)
      return reader.open(bytes.subarray(reader.prefix.length), key)
    },
  }
}

/** `k8s:enc:aesgcm:v1:key1:`, for the log; never what follows. */
function describePrefix(bytes: Buffer): string {
  const head = bytes.subarray(0, LONGEST_PREFIX).toString('latin1')
  return /^k8s:enc:[^:]*:v1:[^:]*:/.exec(head)?.[0] ?? 'a value of an unknown form'
}

function isStoredUnder(key: string, resource: string): boolean {
  if (resource === '*.*') return true
  const dot = resource.indexOf('.')
  const [plural, group] = dot < 0 ? [resource, ''] : [resource.slice(0, dot), resource.slice(dot + 1)]
  if (plural === '*') return group === '' ? !/^\/registry\/[^/]*\./.test(key) : key.startsWith(`/registry/${group}/`)
  return key.startsWith(`/registry/${plural}/`) || (group !== '' && key.startsWith(`/registry/${group}/${plural}/`))
}

function providersOf({ aesgcm, aescbc, identity }: ProviderConfiguration, random: Random): Provider[] {
  if (aesgcm) return aesgcm.keys.map(key => gcmProvider(key, random))
  if (aescbc) return aescbc.keys.map(key => cbcProvider(key, random))
  if (identity) return [{ prefix: Buffer.alloc(0), seal: plain => plain, open: sealed => sealed }]
  throw new Error('an encryption provider must be one of aesgcm, aescbc, identity')
}

const NONCE = 12
const TAG = 16

/** Sealed to its key in the store: a value that is copied to another place does not open there. */
function gcmProvider({ name, secret }: NamedKey, random: Random): Provider {
  const key = secretBytes(name, secret)
  const algorithm = `aes-${key.length * 8}-gcm` as 'aes-256-gcm'
  return {
    prefix: Buffer.from(`k8s:enc:aesgcm:v1:${name}:`),
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

function cbcProvider({ name, secret }: NamedKey, random: Random): Provider {
  const key = secretBytes(name, secret)
  const algorithm = `aes-${key.length * 8}-cbc`
  return {
    prefix: Buffer.from(`k8s:enc:aescbc:v1:${name}:`),
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

function secretBytes(name: string, secret: string): Buffer {
  const key = Buffer.from(secret, 'base64')
  if ([16, 24, 32].includes(key.length)) return key
  throw new Error(`the encryption key ${name} must be 16, 24 or 32 bytes in base64, not ${key.length}`)
}
