import type { Identity } from '../../api/exchange.ts'
import type { Pod } from '../../api/types/core-v1.ts'
import type { Cache } from '../storage/cache.ts'
import type { Entry } from '../storage/entry.ts'
import { prefixEnd } from '../storage/keys.ts'
import { type Attributes, type Authorizer, type Decision, UNKNOWN } from './attributes.ts'

const PODS = '/registry/pods/'
const NODE_PREFIX = 'system:node:'

/** The name of the node that a subject is, if it is one. */
export function nodeNameOf(user: Identity): string | undefined {
  if (!user.groups.includes('system:nodes') || !user.name.startsWith(NODE_PREFIX)) return undefined
  return user.name.slice(NODE_PREFIX.length) || undefined
}

/** `secrets/default/web-tls`: what the pods of a node refer to, and so the node may read. */
export function referencesOf(pod: Pod): string[] {
  const namespace = pod.metadata?.namespace ?? ''
  const { spec } = pod
  const found = new Set<string>()
  const add = (plural: string, name: string | undefined) => name && found.add(`${plural}/${namespace}/${name}`)
  add('serviceaccounts', spec?.serviceAccountName)
  for (const { name } of spec?.imagePullSecrets ?? []) add('secrets', name)
  const containers = [
    ...(spec?.containers ?? []),
    ...(spec?.initContainers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ]
  for (const { env = [], envFrom = [] } of containers) {
    for (const { valueFrom } of env) {
      add('secrets', valueFrom?.secretKeyRef?.name)
      add('configmaps', valueFrom?.configMapKeyRef?.name)
    }
    for (const source of envFrom) {
      add('secrets', source.secretRef?.name)
      add('configmaps', source.configMapRef?.name)
    }
  }
  for (const volume of spec?.volumes ?? []) {
    add('secrets', volume.secret?.secretName)
    add('configmaps', volume.configMap?.name)
    add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName)
    if (volume.ephemeral) add('persistentvolumeclaims', `${pod.metadata?.name}-${volume.name}`)
    for (const source of volume.projected?.sources ?? []) {
      add('secrets', source.secret?.name)
      add('configmaps', source.configMap?.name)
    }
  }
  return [...found]
}

interface PodFacts {
  node: string
  references: readonly string[]
}

/** A node may read what its own pods need, write its own status, lease and events, and nothing of anybody else's. */
export class NodeAuthorizer implements Authorizer {
  readonly #cache: Cache
  #pods = new Map<string, PodFacts>()
  #byNode = new Map<string, Set<string>>()

  constructor(cache: Cache) {
    this.#cache = cache
    cache.onChange([PODS], change => {
      if (!change) this.#rebuild()
      else if (change.type === 'put') this.#put(change.entry)
      else this.#remove(change.entry.key)
    })
  }

  authorize(attributes: Attributes): Decision {
    const node = nodeNameOf(attributes.user)
    if (!node || !attributes.isResource) return UNKNOWN
    const question = this.#question(node, attributes)
    if (question === undefined) return UNKNOWN
    if (question === '') return { verdict: 'allow', reason: '' }
    return { verdict: 'unknown', reason: question }
  }

  /** '' for yes, a reason for no, undefined where this authorizer has nothing to say. */
  #question(node: string, attributes: Attributes): string | undefined {
    const { group, plural, verb, name, namespace, subresource } = attributes
    switch (`${group}/${plural}`) {
      case '/secrets':
      case '/configmaps':
        return this.#readsReference(node, attributes)
      case '/persistentvolumeclaims':
        if (subresource === '' && verb === 'get') return this.#readsReference(node, attributes)
        return undefined
      case '/serviceaccounts':
        if (subresource === 'token' && verb === 'create') return this.#refers(node, 'serviceaccounts', namespace, name)
        return verb === 'get' ? this.#readsReference(node, attributes) : undefined
      case '/nodes':
        return nodeRule(node, attributes)
      case '/pods':
        return podRule(attributes)
      case 'coordination.k8s.io/leases':
        return leaseRule(node, attributes)
      case 'storage.k8s.io/csinodes':
        return name === node || verb === 'create' ? '' : 'can only access the CSINode of the same name'
      default:
        return generalRule(attributes)
    }
  }

  #readsReference(node: string, { plural, verb, namespace, name }: Attributes): string {
    if (verb !== 'get' && verb !== 'list' && verb !== 'watch') return `can only read resources of this type`
    if (name === '') return 'No Object name found'
    return this.#refers(node, plural, namespace, name)
  }

  #refers(node: string, plural: string, namespace: string, name: string): string {
    const wanted = `${plural}/${namespace}/${name}`
    for (const key of this.#byNode.get(node) ?? []) if (this.#pods.get(key)?.references.includes(wanted)) return ''
    return `no relationship found between node '${node}' and this object`
  }

  #rebuild(): void {
    this.#pods = new Map()
    this.#byNode = new Map()
    for (const entry of this.#cache.shelf(PODS).range(PODS, prefixEnd(PODS))) this.#put(entry)
  }

  #put(entry: Entry): void {
    // Asked of every change of every pod: most need not be parsed for it. A pod's node is said once and never changes.
    if (!mentions(entry, this.#pods.has(entry.key) ? EPHEMERAL : NODE_NAME)) return
    const pod = entry.lent<Pod>()
    const node = pod.spec?.nodeName ?? ''
    this.#remove(entry.key)
    if (node === '') return
    this.#pods.set(entry.key, { node, references: referencesOf(pod) })
    const keys = this.#byNode.get(node) ?? new Set()
    this.#byNode.set(node, keys.add(entry.key))
  }

  #remove(key: string): void {
    const known = this.#pods.get(key)
    if (!known) return
    this.#pods.delete(key)
    this.#byNode.get(known.node)?.delete(key)
  }
}

const NODE_NAME = '"nodeName":"'
const EPHEMERAL = '"ephemeralContainers":['

function mentions({ value }: Entry, text: string): boolean {
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).includes(text, 0, 'latin1')
}

function nodeRule(node: string, { verb, name, subresource }: Attributes): string | undefined {
  if (subresource !== '' && subresource !== 'status') return undefined
  if (verb === 'get' || verb === 'list' || verb === 'watch') {
    return name === '' || name === node ? '' : `node '${node}' cannot read '${name}', only its own Node object`
  }
  if (verb === 'create' && subresource === '') return ''
  if (verb === 'update' || verb === 'patch') return ''
  return verb === 'delete' ? `node '${node}' cannot delete Node objects` : undefined
}

const READS = ['get', 'list', 'watch']

function podRule({ verb, subresource }: Attributes): string | undefined {
  if (subresource === '') return [...READS, 'create', 'delete'].includes(verb) ? '' : undefined
  if (subresource === 'status') return ['update', 'patch', 'get'].includes(verb) ? '' : undefined
  if (subresource === 'eviction') return verb === 'create' ? '' : undefined
  return undefined
}

const NODE_LEASES = 'kube-node-lease'

function leaseRule(node: string, { verb, namespace, name, subresource }: Attributes): string {
  if (subresource !== '') return 'cannot access a lease subresource'
  if (namespace !== NODE_LEASES) return `can only access leases in the "${NODE_LEASES}" system namespace`
  if (!['get', 'create', 'update', 'patch', 'delete'].includes(verb)) {
    return 'can only get, create, update, patch, or delete a node lease'
  }
  return verb === 'create' || name === node
    ? ''
    : 'can only access node lease with the same name as the requesting node'
}

/** What every node needs besides; finer limits are NodeRestriction's. */
function generalRule({ group, plural, verb, subresource }: Attributes): string | undefined {
  const what = `${group}/${plural}${subresource ? `/${subresource}` : ''}`
  return GENERAL[what]?.includes(verb) ? '' : undefined
}

const GENERAL: Record<string, readonly string[]> = {
  '/services': READS,
  '/endpoints': READS,
  '/namespaces': READS,
  '/events': ['create', 'update', 'patch'],
  'events.k8s.io/events': ['create', 'update', 'patch'],
  '/persistentvolumes': ['get'],
  'discovery.k8s.io/endpointslices': READS,
  'certificates.k8s.io/certificatesigningrequests': ['create', ...READS],
  'authentication.k8s.io/tokenreviews': ['create'],
  'authorization.k8s.io/subjectaccessreviews': ['create'],
  'authorization.k8s.io/localsubjectaccessreviews': ['create'],
  'storage.k8s.io/volumeattachments': ['get'],
  'storage.k8s.io/csidrivers': READS,
  'node.k8s.io/runtimeclasses': READS,
}
