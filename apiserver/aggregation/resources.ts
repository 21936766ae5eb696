import type { Kind, Subresource } from '../../api/kind.ts'
import { byVersionPriority, type ServedGroup } from '../catalog.ts'

/** As much of a kind as discovery tells: for what other servers serve, nothing more is known. */
export type DiscoveredResource = Pick<
  Kind,
  | 'group'
  | 'version'
  | 'plural'
  | 'singular'
  | 'kind'
  | 'namespaced'
  | 'verbs'
  | 'shortNames'
  | 'categories'
  | 'subresources'
> &
  Partial<Pick<Kind, 'storage'>>

/** What discovery is made from. */
export interface DiscoverySource {
  /** Differs whenever the rest may differ. */
  readonly generation: number | string
  groups(): ServedGroup[]
  inVersion(group: string, version: string): DiscoveredResource[]
}

interface ListedResource {
  name: string
  singularName?: string
  namespaced?: boolean
  kind: string
  group?: string
  version?: string
  verbs?: string[]
  shortNames?: string[]
  categories?: string[]
}

/** The resources of an APIResourceList, each with its subresources. Throws for what is none. */
export function parseResourceList(of: { group: string; version: string }, answer: unknown): DiscoveredResource[] {
  const { kind, resources } = answer as { kind?: string; resources?: ListedResource[] }
  if (kind !== 'APIResourceList' || !Array.isArray(resources)) throw new Error('the answer is no APIResourceList')
  const own = resources.filter(({ name }) => !name.includes('/'))
  return own.map(resource => ({
    ...of,
    plural: resource.name,
    singular: resource.singularName ?? '',
    kind: resource.kind,
    namespaced: resource.namespaced ?? false,
    verbs: resource.verbs ?? [],
    shortNames: resource.shortNames ?? [],
    categories: resource.categories ?? [],
    subresources: resources.filter(({ name }) => name.startsWith(`${resource.name}/`)).map(one => subresource(of, one)),
  }))
}

function subresource(
  of: { group: string; version: string },
  { name, kind, verbs = [], group, version }: ListedResource,
): Subresource {
  return {
    name: name.slice(name.indexOf('/') + 1),
    kind: { group: group ?? of.group, version: version ?? of.version, kind },
    verbs,
  }
}

/** Our own kinds together with those of the extensions. */
export function mergedSource(
  own: DiscoverySource,
  extensions: { generation: number; resources(): DiscoveredResource[] },
): DiscoverySource {
  return {
    get generation() {
      return `${own.generation}/${extensions.generation}`
    },
    groups() {
      const groups = new Map(own.groups().map(({ name, versions }) => [name, [...versions]]))
      for (const { group, version } of extensions.resources()) {
        const versions = groups.get(group) ?? []
        if (!versions.includes(version)) versions.push(version)
        groups.set(group, versions)
      }
      return [...groups].map(([name, versions]) => ({ name, versions: versions.sort(byVersionPriority) }))
    },
    inVersion(group, version) {
      const ours = own.inVersion(group, version)
      if (ours.length > 0) return ours
      return extensions.resources().filter(resource => resource.group === group && resource.version === version)
    },
  }
}
