import type { Random } from '../../platform/random.ts'
import {
  CIPHERS,
  KEY_LENGTHS,
  type Keys,
  type Provider,
  type ProviderConfiguration,
  providersOf,
} from './seal/providers.ts'
import type { Transformer } from './transform.ts'

/** apiserver.config.k8s.io/v1 EncryptionConfiguration: what is encrypted in the store, and by which keys. */
export interface EncryptionConfiguration {
  kind?: string
  apiVersion?: string
  resources: readonly EncryptedResources[]
}

export interface EncryptedResources {
  /** `secrets`, `configmaps`, `widgets.example.com`, `*.*` */
  resources: readonly string[]
  /** The first one writes; all of them read. */
  providers: readonly ProviderConfiguration[]
}

const MARK = Buffer.from('k8s:enc:')
const LONGEST_PREFIX = 512

interface Rule {
  resources: string[]
  providers: Provider[]
}

/** Between server and store. Its keys may be exchanged while it works: `use` takes a new configuration, or refuses it. */
export class Encryption implements Transformer {
  readonly #random: Random
  #rules: Rule[] = []

  constructor(configuration: unknown, random: Random) {
    this.#random = random
    this.use(configuration)
  }

  use(configuration: unknown): void {
    const problems = checkEncryption(configuration)
    if (problems.length > 0) throw new Error(`the encryption configuration is wrong: ${problems.join('; ')}`)
    this.#rules = (configuration as EncryptionConfiguration).resources.map(({ resources, providers }) => ({
      resources: resources.map(resource => resource.trim()),
      providers: providers.flatMap(provider => providersOf(provider, this.#random)),
    }))
  }

  toStore(value: Uint8Array, key: string): Uint8Array {
    const writer = this.#ruleFor(key)?.providers[0]
    return writer ? Buffer.concat([writer.prefix, writer.seal(value, key)]) : value
  }

  fromStore(value: Uint8Array, key: string): Uint8Array {
    const bytes = asBuffer(value)
    if (!startsWith(bytes, MARK)) return value
    const reader = this.#ruleFor(key)?.providers.find(({ prefix }) => prefix.length > 0 && startsWith(bytes, prefix))
    if (!reader) throw new Error(`no key for ${sealName(bytes)}: is it missing from the encryption configuration?`)
    return reader.open(bytes.subarray(reader.prefix.length), key)
  }

  sealOf(value: Uint8Array): string {
    const bytes = asBuffer(value)
    return startsWith(bytes, MARK) ? sealName(bytes) : ''
  }

  sealFor(key: string): string {
    return this.#ruleFor(key)?.providers[0]?.prefix.toString('latin1') ?? ''
  }

  #ruleFor(key: string): Rule | undefined {
    return this.#rules.find(rule => rule.resources.some(resource => isStoredUnder(key, resource)))
  }
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
}

function startsWith(bytes: Buffer, head: Buffer): boolean {
  return bytes.subarray(0, head.length).equals(head)
}

/** `k8s:enc:aesgcm:v1:key1:`, also for the log; never what follows. */
function sealName(bytes: Buffer): string {
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

/** What is wrong with a configuration, with the path of each fault and never with a key. */
export function checkEncryption(configuration: unknown): string[] {
  const { kind, apiVersion, resources } = (configuration ?? {}) as Partial<EncryptionConfiguration>
  const problems: string[] = []
  if (kind !== undefined && kind !== 'EncryptionConfiguration')
    problems.push(`kind: ${kind} is not EncryptionConfiguration`)
  if (apiVersion !== undefined && apiVersion !== 'apiserver.config.k8s.io/v1')
    problems.push(`apiVersion: ${apiVersion} is not apiserver.config.k8s.io/v1`)
  if (!Array.isArray(resources) || resources.length === 0) return [...problems, 'resources: Required value']
  return [...problems, ...resources.flatMap((one, index) => checkResources(one, `resources[${index}]`))]
}

function checkResources({ resources, providers }: Partial<EncryptedResources>, path: string): string[] {
  const problems: string[] = []
  if (!resources?.length) problems.push(`${path}.resources: Required value`)
  if (!providers?.length) problems.push(`${path}.providers: Required value`)
  return [
    ...problems,
    ...(providers ?? []).flatMap((provider, index) => checkProvider(provider, `${path}.providers[${index}]`)),
  ]
}

function checkProvider(provider: ProviderConfiguration, path: string): string[] {
  const names = Object.keys(provider ?? {})
  if (names.length !== 1) return [`${path}: exactly one provider has to be given, not ${names.length}`]
  const [name = ''] = names
  if (name === 'identity') return []
  if (name === 'kms') return [`${path}.kms: kubox asks no key service; give aesgcm, aescbc or secretbox`]
  const cipher = CIPHERS.find(one => one === name)
  if (!cipher) return [`${path}.${name}: unknown; one of ${[...CIPHERS, 'identity'].join(', ')}`]
  return checkKeys(provider[cipher], KEY_LENGTHS[cipher], `${path}.${cipher}.keys`)
}

function checkKeys(given: Keys | undefined, lengths: readonly number[], path: string): string[] {
  const keys = given?.keys ?? []
  if (keys.length === 0) return [`${path}: Required value`]
  return keys.flatMap(({ name, secret }, index) => {
    const problems: string[] = []
    if (!name || name.includes(':')) problems.push(`${path}[${index}].name: a name without colons is needed`)
    if (keys.findIndex(other => other.name === name) < index)
      problems.push(`${path}[${index}].name: ${name} stands twice`)
    const { length } = Buffer.from(secret ?? '', 'base64')
    if (!lengths.includes(length))
      problems.push(`${path}[${index}].secret: ${length} bytes of base64, where ${lengths.join(', ')} are expected`)
    return problems
  })
}
