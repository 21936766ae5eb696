import type { Secret } from '../../api/types/core-v1.ts'
import type { RegistryAuth } from '../runtime.ts'
import type { ImageReference } from './reference.ts'

interface DockerConfig {
  auths?: Record<string, DockerLogin>
}

interface DockerLogin {
  username?: string
  password?: string
  auth?: string
  identitytoken?: string
}

/** What a secret for image pulls holds: logins by registry. */
export function loginsOfSecret(secret: Secret): DockerConfig {
  const current = secret.data?.['.dockerconfigjson']
  if (current !== undefined) return parseConfig(Buffer.from(current, 'base64').toString())
  const old = secret.data?.['.dockercfg']
  return old === undefined ? {} : { auths: parseObject(Buffer.from(old, 'base64').toString()) as DockerConfig['auths'] }
}

/** `~/.docker/config.json`, as `docker login` writes it. */
export function parseConfig(text: string): DockerConfig {
  return parseObject(text) as DockerConfig
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : {}
  } catch {
    // A login that nobody can read is none; the registry's answer tells that one is missing.
    return {}
  }
}

/** The logins that fit an image, in the order to try them; the last try is without any. */
export function candidates(reference: ImageReference, configs: readonly DockerConfig[]): (RegistryAuth | undefined)[] {
  const fitting = configs.flatMap(config =>
    Object.entries(config.auths ?? {})
      .filter(([key]) => fits(key, reference))
      .sort(([a], [b]) => b.length - a.length)
      .map(([key, login]) => toAuth(key, login)),
  )
  return [...fitting, undefined]
}

/** A key is a registry, perhaps with scheme and a path that narrows it: `https://index.docker.io/v1/`, `host:5000/team`. */
function fits(key: string, { registry, repository }: ImageReference): boolean {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/')
  if (canonicalHost(host) !== canonicalHost(registry)) return false
  const prefix = path.filter(part => part !== '' && part !== 'v1' && part !== 'v2').join('/')
  return prefix === '' || repository === prefix || repository.startsWith(`${prefix}/`)
}

function canonicalHost(host: string): string {
  return ['index.docker.io', 'registry-1.docker.io'].includes(host) ? 'docker.io' : host
}

function toAuth(key: string, login: DockerLogin): RegistryAuth {
  const { username, password, auth, identitytoken } = login
  if (username !== undefined || auth === undefined) return { username, password, identitytoken, serveraddress: key }
  const text = Buffer.from(auth, 'base64').toString()
  const colon = text.indexOf(':')
  return { username: text.slice(0, colon), password: text.slice(colon + 1), identitytoken, serveraddress: key }
}
