import { GROUP_VERSIONS, type RawOperation } from './facts.ts'

interface Resource {
  group: string
  version: string
  plural: string
  kind: string
  namespaced: boolean
  verbs: Set<string>
  subresources: Map<string, { kind: string; verbs: Set<string> }>
}

const GROUPS = new Set(Object.entries(GROUP_VERSIONS).map(([short, group]) => `${group}/${short.split('.')[1]}`))

/** A line a resource: group version plural kind namespaced verbs, then its subresources: `scale=autoscaling/v1/Scale:get,...`. */
export function resourcesModule(operations: RawOperation[]): string {
  const resources = new Map<string, Resource>()
  for (const operation of operations) addOperation(resources, operation)
  const lines = [...resources.values()].map(line).sort()
  return `${[
    '// Made by api/generate/main.ts. Read by api/kinds/resources.ts, which explains the form.',
    'export const RESOURCES_TEXT = `',
    lines.join('\n'),
    '`',
  ].join('\n')}\n`
}

interface Place {
  group: string
  version: string
  namespaced: boolean
  plural: string
  named: boolean
  subresource: string | undefined
}

/** `/apis/apps/v1/namespaces/{namespace}/deployments/{name}/scale` taken apart; undefined for what is no resource. */
function placeOf(path: string): Place | undefined {
  const match = /^\/(?:api|apis\/([^/]+))\/(v[^/]+)\/(.+)$/.exec(path)
  if (!match || path.includes('/watch/') || path.includes('{path}')) return undefined
  const [, group = '', version = '', rest = ''] = match
  const namespaced = rest.startsWith('namespaces/{namespace}/')
  const [plural = '', name, subresource] = (namespaced ? rest.slice('namespaces/{namespace}/'.length) : rest).split('/')
  return { group, version, namespaced, plural, named: name !== undefined, subresource }
}

function addOperation(resources: Map<string, Resource>, { method, path, action, kind }: RawOperation): void {
  const place = placeOf(path)
  if (!place || !kind || !GROUPS.has(`${place.group}/${place.version}`)) return
  const resource = resourceAt(resources, place, kind)
  resource.namespaced ||= place.namespaced
  for (const verb of verbsOf(method, action, place)) {
    if (place.subresource) subresourceAt(resource, place.subresource, kind).verbs.add(verb)
    else resource.verbs.add(verb)
  }
}

function resourceAt(resources: Map<string, Resource>, place: Place, kind: string): Resource {
  const key = `${place.group}/${place.version}/${place.plural}`
  const known = resources.get(key)
  if (known) return known
  const { group, version, plural, namespaced } = place
  const own = kind.split('/')[2]!
  const made = { group, version, plural, kind: own, namespaced, verbs: new Set<string>(), subresources: new Map() }
  resources.set(key, made)
  return made
}

function subresourceAt(resource: Resource, name: string, kind: string): { kind: string; verbs: Set<string> } {
  const known = resource.subresources.get(name)
  if (known) return known
  const own = `${resource.group}/${resource.version}/${resource.kind}`
  const made = { kind: kind === own ? '' : kind, verbs: new Set<string>() }
  resource.subresources.set(name, made)
  return made
}

/** The words of RBAC and discovery for an operation. A stream or proxy has the verb of its method. */
function verbsOf(method: string, action: string, place: Place): string[] {
  const plain: Record<string, string> = { post: 'create', put: 'update' }
  if (action === 'list') return ['list', 'watch']
  if (action !== 'connect') return [plain[action] ?? action]
  const streams: Record<string, string[]> = { GET: ['get'], POST: ['create'] }
  const proxied: Record<string, string[]> = { PUT: ['update'], PATCH: ['patch'], DELETE: ['delete'] }
  return streams[method] ?? (place.subresource === 'proxy' ? (proxied[method] ?? []) : [])
}

function line(resource: Resource): string {
  const verbs = [...resource.verbs].sort().join(',')
  const subresources = [...resource.subresources]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, { kind, verbs }]) => `${name}=${kind}:${[...verbs].sort().join(',')}`)
  const head = [resource.group || 'core', resource.version, resource.plural, resource.kind]
  return [...head, resource.namespaced ? 'namespaced' : 'cluster', verbs || '-', ...subresources].join(' ')
}
