import type { KubeObject } from '../../api/objects.ts'
import type { ReplicaSet } from '../../api/types/apps-v1.ts'
import type { Pod, Service } from '../../api/types/core-v1.ts'
import { REGISTRY } from '../../apiserver/storage/keys.ts'
import { prefixEnd, type Store, type StoreEvent } from '../../apiserver/storage/store.ts'

/** One change of one object, as the store remembers it; undefined: it went. */
export interface Change {
  revision: number
  /** `pods`, `replicasets`. */
  kind: string
  key: string
  object: KubeObject | undefined
}

export interface Limits {
  /** Pods of the Deployment at any moment: never more, and once that many are ready, never fewer ready. */
  mostPods: number
  replicas: number
  fewestReady: number
  podsPerNode: number
}

/** Everything that ever happened to objects under these parts of the registry, such as `pods/default`, in order. */
export async function readHistory(store: Store, kinds: readonly string[]): Promise<Change[]> {
  const changes = await Promise.all(kinds.map(kind => changesOf(store, kind)))
  return changes.flat().sort((a, b) => a.revision - b.revision)
}

async function changesOf(store: Store, kind: string): Promise<Change[]> {
  const prefix = `${REGISTRY}${kind}/`
  const upTo = await store.revision()
  const ending = new AbortController()
  const changes: Change[] = []
  const toChange = ({ type, key, value }: StoreEvent): Change => {
    const object = type === 'put' ? (JSON.parse(Buffer.from(value.value).toString()) as KubeObject) : undefined
    return { revision: value.modRevision, kind: kind.slice(0, kind.lastIndexOf('/')), key, object }
  }
  for await (const { revision, events } of store.watch(prefix, prefixEnd(prefix), {
    fromRevision: 1,
    signal: ending.signal,
  })) {
    changes.push(...events.map(toChange))
    if (revision >= upTo) ending.abort()
  }
  return changes
}

/** What a rollout must never do, at no moment of its history: each problem with the revision at which it was there. */
export function findFaults(history: readonly Change[], limits: Limits): string[] {
  const world = new World(limits)
  return history.flatMap(change => world.take(change).map(fault => `revision ${change.revision}: ${fault}`))
}

class World {
  readonly #limits: Limits
  readonly #pods = new Map<string, Pod>()
  readonly #sets = new Map<string, ReplicaSet>()
  readonly #services = new Map<string, Service>()
  readonly #seen = new Set<string>()
  #isUp = false

  constructor(limits: Limits) {
    this.#limits = limits
  }

  take({ kind, key, object }: Change): string[] {
    if (kind === 'pods') return this.#takePod(key, object)
    if (kind === 'replicasets') return this.#takeSet(key, object)
    if (kind === 'services/specs') return this.#takeService(key, object)
    return []
  }

  #takePod(key: string, pod: Pod | undefined): string[] {
    const before = this.#pods.get(key)
    put(this.#pods, key, pod)
    if (!pod) return this.#countFaults()
    const others = [...this.#pods].filter(([other]) => other !== key).map(([, other]) => other)
    return [
      ...this.#identityFaults(key, pod, before),
      ...this.#placeFaults(key, pod, before, others),
      ...this.#countFaults(),
    ]
  }

  #countFaults(): string[] {
    const { mostPods, replicas, fewestReady } = this.#limits
    const active = [...this.#pods.values()].filter(isActive)
    const ready = active.filter(isReady).length
    this.#isUp ||= ready >= replicas
    const faults = active.length > mostPods ? [`${active.length} pods, ${mostPods} are allowed`] : []
    return this.#isUp && ready < fewestReady ? [...faults, `${ready} are ready, ${fewestReady} have to be`] : faults
  }

  /** A new name is a new pod, of a set that is there. */
  #identityFaults(key: string, pod: Pod, before: Pod | undefined): string[] {
    const uid = pod.metadata?.uid ?? ''
    if (before?.metadata?.uid === uid) return []
    const faults = this.#seen.has(uid) ? [`${key} came back from the dead`] : []
    this.#seen.add(uid)
    const owner = pod.metadata?.ownerReferences?.find(reference => reference.controller)?.uid
    const hasOwner = [...this.#sets.values()].some(set => set.metadata?.uid === owner)
    return hasOwner ? faults : [...faults, `${key} was made for a set that is not there`]
  }

  #placeFaults(key: string, pod: Pod, before: Pod | undefined, others: readonly Pod[]): string[] {
    const faults: string[] = []
    const node = pod.spec?.nodeName
    const from = before?.metadata?.uid === pod.metadata?.uid ? before?.spec?.nodeName : undefined
    if (from && from !== node) faults.push(`${key} was bound to ${from} and then to ${node}`)
    const beside = others.filter(other => node && other.spec?.nodeName === node && isUnfinished(other))
    if (node && !from && beside.length >= this.#limits.podsPerNode)
      faults.push(`${key} was bound to ${node}, which is full`)
    const ip = pod.status?.podIP
    const twin = ip && others.find(other => other.status?.podIP === ip && isUnfinished(other))
    if (twin) faults.push(`${key} has the address ${ip} of ${twin.metadata?.name}`)
    return faults
  }

  #takeSet(key: string, set: ReplicaSet | undefined): string[] {
    put(this.#sets, key, set)
    if (!set) return []
    const faults: string[] = []
    const total = [...this.#sets.values()].reduce((sum, { spec }) => sum + (spec?.replicas ?? 0), 0)
    if (total > this.#limits.mostPods) faults.push(`sets want ${total} pods, ${this.#limits.mostPods} are allowed`)
    const template = set.metadata?.labels?.['pod-template-hash']
    const same = [...this.#sets].filter(
      ([other, { metadata }]) => other !== key && metadata?.labels?.['pod-template-hash'] === template,
    )
    if (same.length > 0) faults.push(`${key} is a second set of the template of ${same[0]![0]}`)
    return faults
  }

  #takeService(key: string, service: Service | undefined): string[] {
    put(this.#services, key, service)
    if (!service) return []
    const others = [...this.#services].filter(([other]) => other !== key).map(([, other]) => other)
    const address = service.spec?.clusterIP
    const ports = service.spec?.ports?.flatMap(({ nodePort }) => nodePort ?? []) ?? []
    const faults = others.some(({ spec }) => spec?.clusterIP === address)
      ? [`${key} has a taken address ${address}`]
      : []
    const taken = others.flatMap(({ spec }) => spec?.ports?.flatMap(({ nodePort }) => nodePort ?? []) ?? [])
    const twice = ports.filter(port => taken.includes(port))
    return twice.length > 0 ? [...faults, `${key} has a taken port ${twice}`] : faults
  }
}

function put<T extends KubeObject>(map: Map<string, T>, key: string, object: KubeObject | undefined): void {
  if (object) map.set(key, object as T)
  else map.delete(key)
}

const isUnfinished = ({ status }: Pod) => status?.phase !== 'Succeeded' && status?.phase !== 'Failed'
const isActive = (pod: Pod) => !pod.metadata?.deletionTimestamp && isUnfinished(pod)
const isReady = ({ status }: Pod) => status?.conditions?.some(one => one.type === 'Ready' && one.status === 'True')
