import { RESOURCES_TEXT } from '../generated/resources.ts'
import type { Subresource } from '../kind.ts'

/**
 * What Kubernetes serves where, from generated/resources.ts, a line a resource:
 *
 *     apps v1 deployments Deployment namespaced create,delete,... scale=autoscaling/v1/Scale:get,patch status=:get
 *
 * A subresource with nothing before its colon is of the resource's own kind.
 */
export interface ResourceFacts {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  verbs: readonly string[]
  subresources: readonly Subresource[]
}

/** The resources of a group version, by kind. */
export function resourcesOf(group: string, version: string): Map<string, ResourceFacts> {
  const start = `${group || 'core'} ${version} `
  const lines = RESOURCES_TEXT.split('\n').filter(line => line.startsWith(start))
  return new Map(lines.map(parseResource).map(resource => [resource.kind, resource]))
}

function parseResource(line: string): ResourceFacts {
  const [label, version = '', plural = '', kind = '', scope, verbs = '', ...subresources] = line.split(' ')
  const group = label === 'core' ? '' : label!
  return {
    group,
    version,
    plural,
    kind,
    namespaced: scope === 'namespaced',
    verbs: verbs.split(','),
    subresources: subresources.map(text => parseSubresource(text, { group, version, kind })),
  }
}

function parseSubresource(text: string, own: Subresource['kind']): Subresource {
  const [, name = '', target = '', verbs = ''] = /^(.*)=(.*):(.*)$/.exec(text) ?? []
  const [group = '', version = '', kind = ''] = target.split('/')
  return { name, kind: target ? { group, version, kind } : own, verbs: verbs.split(',') }
}
