import { isReason } from '../api/errors.ts'
import type { ResourceRef } from '../api/objects.ts'
import type { Client } from '../client/client.ts'

interface ApiResource {
  name: string
  kind: string
  namespaced: boolean
  verbs: string[]
}

export interface Discovered extends ResourceRef {
  verbs: readonly string[]
}

/** Every kind that the server stores, each in the version that its group prefers. Groups that do not answer are named. */
export async function discover(client: Client): Promise<{ resources: Discovered[]; failed: string[] }> {
  const groups = await client.read<{ groups: { name: string; versions: { groupVersion: string }[] }[] }>('/apis')
  const resources = await discoverVersion(client, '/api/v1', '', 'v1')
  const failed: string[] = []
  for (const { name, versions } of groups.groups) {
    const known = new Set<string>()
    for (const { groupVersion } of versions) {
      const version = groupVersion.slice(name.length + 1)
      try {
        for (const found of await discoverVersion(client, `/apis/${groupVersion}`, name, version)) {
          if (!known.has(found.plural)) resources.push(found)
          known.add(found.plural)
        }
      } catch (error) {
        // A group may vanish between the two questions; anything else leaves a gap that others must know of.
        if (!isReason(error, 'NotFound')) failed.push(groupVersion)
      }
    }
  }
  return { resources, failed }
}

async function discoverVersion(client: Client, path: string, group: string, version: string): Promise<Discovered[]> {
  const { resources } = await client.read<{ resources: ApiResource[] }>(path)
  return resources
    .filter(({ name, verbs }) => !name.includes('/') && verbs.includes('list') && verbs.includes('watch'))
    .map(({ name, kind, namespaced, verbs }) => ({ group, version, plural: name, kind, namespaced, verbs }))
}
