import type { DiscoveredResource, DiscoverySource } from '../aggregation/resources.ts'

/** All of discovery in one document, in the version that the client named in its Accept header. */
export function aggregatedDiscovery(source: DiscoverySource, version: string, core: boolean) {
  const groups = source.groups().filter(group => (group.name === '') === core)
  const items = groups.map(({ name, versions }) => ({
    metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
    versions: versions.map(one => ({
      version: one,
      resources: source.inVersion(name, one).map(describeResource),
      freshness: 'Current',
    })),
  }))
  return { kind: 'APIGroupDiscoveryList', apiVersion: `apidiscovery.k8s.io/${version}`, metadata: {}, items }
}

function describeResource(kind: DiscoveredResource) {
  return {
    resource: kind.plural,
    responseKind: { group: kind.group, version: kind.version, kind: kind.kind },
    scope: kind.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: kind.singular,
    verbs: kind.verbs,
    ...(kind.shortNames.length > 0 ? { shortNames: kind.shortNames } : {}),
    ...(kind.categories.length > 0 ? { categories: kind.categories } : {}),
    ...(kind.subresources.length > 0 ? { subresources: kind.subresources.map(describeSubresource) } : {}),
  }
}

function describeSubresource({ name, kind, verbs }: DiscoveredResource['subresources'][number]) {
  return { subresource: name, responseKind: kind, verbs }
}

const VERSIONS = ['v2', 'v2beta1']

/** The aggregated version a client prefers; undefined when it wants (or only understands) plain discovery. */
export function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const part of (accept ?? '').split(',')) {
    const parameters = new Map(
      part
        .split(';')
        .slice(1)
        .map(text => text.trim().split('=', 2) as [string, string]),
    )
    const wanted = parameters.get('as') === 'APIGroupDiscoveryList' && parameters.get('g') === 'apidiscovery.k8s.io'
    if (wanted && VERSIONS.includes(parameters.get('v') ?? '')) return parameters.get('v')
    if (!wanted && part.trim().startsWith('application/json')) return undefined
  }
  return undefined
}

export function aggregatedContentType(version: string): string {
  return `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`
}
