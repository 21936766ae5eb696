import type { Kind } from '../../api/kind.ts'

/** All keys of the API server stand under this one, as in Kubernetes' own etcd. */
export const REGISTRY = '/registry/'

/** The first key after all keys that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)
}

const prefixes = new WeakMap<Kind, string>()

/** `/registry/pods/` */
export function shelfPrefix(kind: Kind): string {
  const known = prefixes.get(kind)
  if (known) return known
  const prefix = `${REGISTRY}${kind.storage.prefix}/`
  prefixes.set(kind, prefix)
  return prefix
}

/** `/registry/pods/default/web`, or the prefix of a namespace or of the whole kind when parts are missing. */
export function storageKey(kind: Kind, namespace: string | undefined, name = ''): string {
  const prefix = shelfPrefix(kind)
  if (!kind.namespaced) return prefix + name
  return namespace ? `${prefix}${namespace}/${name}` : prefix
}

/**
 * The shelf a key belongs to, told from the key alone, so that kinds unknown yet (custom resources at start-up) find
 * their place: prefixes have one segment, or two where the first is an API group or `services`.
 */
export function shelfPrefixOf(key: string): string {
  const first = key.indexOf('/', REGISTRY.length)
  if (first < 0) return key
  const segment = key.slice(REGISTRY.length, first)
  if (segment !== 'services' && !segment.includes('.')) return key.slice(0, first + 1)
  const second = key.indexOf('/', first + 1)
  return second < 0 ? key.slice(0, first + 1) : key.slice(0, second + 1)
}
