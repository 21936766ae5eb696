import { apiVersionOf } from '../../api/objects.ts'
import type { DiscoveredResource, DiscoverySource } from '../aggregation/resources.ts'
import type { ServedGroup } from '../catalog.ts'

/** Discovery as it always was: the groups, and one document for each group version. */
export function apiVersions(serverAddress: string) {
  const serverAddressByClientCIDRs = [{ clientCIDR: '0.0.0.0/0', serverAddress }]
  return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs }
}

export function apiGroupList(source: DiscoverySource) {
  const groups = source.groups().filter(group => group.name !== '')
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups.map(describeGroup) }
}

export function apiGroup(source: DiscoverySource, name: string) {
  const group = source.groups().find(other => other.name === name && name !== '')
  return group && { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group) }
}

function describeGroup({ name, versions }: ServedGroup) {
  const described = versions.map(version => ({ groupVersion: `${name}/${version}`, version }))
  return { name, versions: described, preferredVersion: described[0] }
}

export function apiResourceList(source: DiscoverySource, group: string, version: string) {
  const kinds = source.inVersion(group, version)
  if (kinds.length === 0) return undefined
  const resources = kinds.flatMap(kind => [describeResource(kind), ...describeSubresources(kind)])
  return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion: apiVersionOf({ group, version }), resources }
}

function describeResource(kind: DiscoveredResource) {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.verbs.includes('list') && kind.storage
      ? { storageVersionHash: storageVersionHash(kind.kind, kind.storage.version) }
      : {}),
  }
}

function describeSubresources(kind: DiscoveredResource) {
  return kind.subresources.map(({ name, kind: target, verbs }) => {
    const foreign = target.group !== kind.group || target.version !== kind.version
    return {
      name: `${kind.plural}/${name}`,
      singularName: '',
      namespaced: kind.namespaced,
      ...(foreign ? { group: target.group, version: target.version } : {}),
      kind: target.kind,
      verbs,
    }
  })
}

/** Changes when the stored version does: migration tools compare it. */
function storageVersionHash(kind: string, { group, version }: { group: string; version: string }): string {
  let hash = 0xcbf29ce484222325n
  for (const byte of Buffer.from(`${group}/${version}/${kind}`)) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n)
  }
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(hash)
  return bytes.toString('base64')
}
