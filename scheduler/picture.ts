import type { Labels } from '../api/placement.ts'
import type { Node, PersistentVolume, PersistentVolumeClaim } from '../api/types/core-v1.ts'
import type { StorageClass } from '../api/types/storage-v1.ts'
import { deepEqual } from '../api/values.ts'
import type { PodFacts, Selection } from './facts.ts'
import { type Amounts, addTo, emptyAmounts, podCapacity, toAmounts } from './resources.ts'

/** A node with what stands on it, summed up as pods come and go. */
export class NodeInfo {
  readonly name: string
  node: Node
  allocatable: Amounts
  maxPods: number
  images: ReadonlyMap<string, number> = new Map()
  readonly pods = new Map<string, PodFacts>()
  readonly requested = emptyAmounts()
  readonly scoredRequested = emptyAmounts()
  /** How many pods use a host port, by `protocol/port/ip`. */
  readonly hostPorts = new Map<string, number>()
  withAffinity = 0
  withRequiredAntiAffinity = 0

  /** `like`: the same node, whose amounts need not be read again. */
  constructor(name: string, node: Node, like?: NodeInfo) {
    this.name = name
    this.node = node
    this.allocatable = like?.allocatable ?? emptyAmounts()
    this.maxPods = like?.maxPods ?? 0
    if (like) this.images = like.images
    else this.setNode(node)
  }

  setNode(node: Node): void {
    this.node = node
    this.allocatable = toAmounts(node.status?.allocatable)
    this.maxPods = podCapacity(node)
    const images = node.status?.images ?? []
    this.images = new Map(images.flatMap(({ names = [], sizeBytes = 0 }) => names.map(name => [name, sizeBytes])))
  }

  add(pod: PodFacts): void {
    this.pods.set(pod.uid, pod)
    this.#count(pod, 1)
  }

  remove(uid: string): void {
    const pod = this.pods.get(uid)
    if (!pod) return
    this.pods.delete(uid)
    this.#count(pod, -1)
  }

  /** The same node without some pods and with others: what would be, asked without touching what is. */
  changed(gone: Iterable<PodFacts>, come: Iterable<PodFacts>): NodeInfo {
    const copy = new NodeInfo(this.name, this.node, this)
    const without = new Set(gone)
    for (const pod of this.pods.values()) if (!without.has(pod)) copy.add(pod)
    for (const pod of come) copy.add(pod)
    return copy
  }

  #count(pod: PodFacts, sign: 1 | -1): void {
    addTo(this.requested, pod.requests, sign)
    addTo(this.scoredRequested, pod.scoredRequests, sign)
    for (const { ip, protocol, port } of pod.hostPorts) {
      const key = `${protocol}/${port}/${ip}`
      const users = (this.hostPorts.get(key) ?? 0) + sign
      if (users > 0) this.hostPorts.set(key, users)
      else this.hostPorts.delete(key)
    }
    if (pod.affinity || pod.antiAffinity) this.withAffinity += sign
    if (pod.antiAffinity?.required.length) this.withRequiredAntiAffinity += sign
  }
}

/** Claims and volumes, as far as decisions ask for them. */
export interface StorageView {
  claim(namespace: string, name: string): PersistentVolumeClaim | undefined
  volume(name: string): PersistentVolume | undefined
  volumesOf(className: string): Iterable<PersistentVolume>
  storageClass(name: string): StorageClass | undefined
}

const NO_STORAGE: StorageView = {
  claim: () => undefined,
  volume: () => undefined,
  volumesOf: () => [],
  storageClass: () => undefined,
}

/** What decisions may ask. Filters see this much of the world and no more. */
export interface View {
  /** In the order of turns: neighbours are of different zones. */
  readonly nodes: readonly NodeInfo[]
  node(name: string): NodeInfo | undefined
  namespaceLabels(namespace: string): Labels
  /** Nodes on which pods with affinity rules of their own stand. */
  readonly nodesWithAffinity: Iterable<NodeInfo>
  /** How many pods of a namespace are selected on each node; absent: none. Kept up as pods come and go. */
  counts(namespace: string, selection: Selection): ReadonlyMap<string, number>
  /** The same in each domain of a topology key, of all domains that there are, and kept up as well. */
  domainCounts(namespace: string, selection: Selection, topologyKey: string): ReadonlyMap<string, number>
  /** Whether every node has a value for this label. */
  isEverywhere(topologyKey: string): boolean
  /** On how many nodes an image is. */
  imageSpread(image: string): number
  /** How many nodes have a taint, or are cordoned: where none has, nobody need ask. */
  readonly traits: Readonly<Traits>
  /** Pods that are promised a place on a node, once its victims are gone. */
  nominated(nodeName: string): readonly PodFacts[]
  /** The node on which a pod is promised a place. */
  promisedTo(uid: string): string | undefined
  readonly storage: StorageView
}

export interface Traits {
  tainted: number
  cordoned: number
  nominated: number
}

interface Counter {
  namespace: string
  selects(pod: PodFacts): boolean
  byNode: Map<string, number>
  /** By topology key, then by value; a key is there once it was asked for. */
  byDomain: Map<string, Map<string, number>>
}

const MAX_COUNTERS = 500

/** The world as the scheduler knows it: filled by informers, and by what it has itself decided a moment ago. */
export class Picture implements View {
  readonly #byName = new Map<string, NodeInfo>()
  /** Pods whose node is not (or no longer) known, by node: they count again when it comes. */
  readonly #strays = new Map<string, Map<string, PodFacts>>()
  readonly #namespaces = new Map<string, Labels>()
  readonly #nodesWithAffinity = new Set<NodeInfo>()
  readonly #counters = new Map<string, Counter>()
  readonly #imageNodes = new Map<string, number>()
  readonly #nominated = new Map<string, PodFacts[]>()
  readonly #promises = new Map<string, string>()
  /** Values of a label, and whether each node has one; forgotten when nodes change. */
  readonly #labels = new Map<string, { values: Set<string>; isEverywhere: boolean }>()
  readonly storage: StorageView
  readonly traits: Traits = { tainted: 0, cordoned: 0, nominated: 0 }
  #ordered: NodeInfo[] | undefined

  constructor(storage: StorageView = NO_STORAGE) {
    this.storage = storage
  }

  get nodes(): readonly NodeInfo[] {
    this.#ordered ??= inTurns([...this.#byName.values()])
    return this.#ordered
  }

  node(name: string): NodeInfo | undefined {
    return this.#byName.get(name)
  }

  namespaceLabels(namespace: string): Labels {
    return this.#namespaces.get(namespace)
  }

  get nodesWithAffinity(): Iterable<NodeInfo> {
    return this.#nodesWithAffinity
  }

  imageSpread(image: string): number {
    return this.#imageNodes.get(image) ?? 0
  }

  counts(namespace: string, selection: Selection): ReadonlyMap<string, number> {
    return this.#counter(namespace, selection).byNode
  }

  domainCounts(namespace: string, selection: Selection, topologyKey: string): ReadonlyMap<string, number> {
    const { byNode, byDomain } = this.#counter(namespace, selection)
    const known = byDomain.get(topologyKey)
    if (known) return known
    const counts = new Map(Array.from(this.#label(topologyKey).values, value => [value, 0]))
    for (const [name, amount] of byNode) {
      const value = this.#byName.get(name)?.node.metadata?.labels?.[topologyKey]
      if (value !== undefined) counts.set(value, counts.get(value)! + amount)
    }
    byDomain.set(topologyKey, counts)
    return counts
  }

  isEverywhere(topologyKey: string): boolean {
    return this.#label(topologyKey).isEverywhere
  }

  #label(key: string): { values: Set<string>; isEverywhere: boolean } {
    const known = this.#labels.get(key)
    if (known) return known
    const found = [...this.#byName.values()].map(info => info.node.metadata?.labels?.[key])
    const values = found.filter(value => value !== undefined)
    const label = { values: new Set(values), isEverywhere: values.length === found.length }
    this.#labels.set(key, label)
    return label
  }

  #counter(namespace: string, selection: Selection): Counter {
    const key = `${namespace}\n${selection.key}`
    const known = this.#counters.get(key)
    const counter = known ?? { namespace, selects: selection.selects, byNode: new Map(), byDomain: new Map() }
    this.#counters.delete(key)
    this.#counters.set(key, counter) // now the freshest
    if (known) return known
    for (const node of this.#byName.values()) for (const pod of node.pods.values()) count(counter, node, pod, 1)
    if (this.#counters.size > MAX_COUNTERS) this.#counters.delete(this.#counters.keys().next().value!)
    return counter
  }

  nominated(nodeName: string): readonly PodFacts[] {
    return this.#nominated.get(nodeName) ?? []
  }

  nominate(pod: PodFacts, nodeName: string): void {
    this.withdraw(pod.uid)
    this.#promises.set(pod.uid, nodeName)
    this.#nominated.set(nodeName, [...this.nominated(nodeName), pod])
    this.traits.nominated = this.#nominated.size
  }

  promisedTo(uid: string): string | undefined {
    return this.#promises.get(uid)
  }

  withdraw(uid: string): void {
    const nodeName = this.#promises.get(uid)
    if (nodeName === undefined) return
    this.#promises.delete(uid)
    const left = this.nominated(nodeName).filter(pod => pod.uid !== uid)
    if (left.length === 0) this.#nominated.delete(nodeName)
    else this.#nominated.set(nodeName, left)
    this.traits.nominated = this.#nominated.size
  }

  setNamespace(name: string, labels: Labels): void {
    this.#namespaces.set(name, labels)
  }

  removeNamespace(name: string): void {
    this.#namespaces.delete(name)
  }

  setNode(node: Node): void {
    const name = node.metadata?.name ?? ''
    const known = this.#byName.get(name)
    if (known) {
      const moved = zoneOf(known.node) !== zoneOf(node)
      if (!deepEqual(known.node.metadata?.labels, node.metadata?.labels)) this.#forgetDomains()
      this.#countTraits(known, -1)
      known.setNode(node)
      this.#countTraits(known, 1)
      if (moved) this.#ordered = undefined
      return
    }
    const info = new NodeInfo(name, node)
    this.#byName.set(name, info)
    this.#countTraits(info, 1)
    this.#ordered = undefined
    this.#forgetDomains()
    const strays = this.#strays.get(name)
    this.#strays.delete(name)
    for (const pod of strays?.values() ?? []) this.addPod(pod, name)
  }

  removeNode(name: string): void {
    const info = this.#byName.get(name)
    if (!info) return
    for (const pod of [...info.pods.values()]) {
      this.removePod(pod.uid, name)
      this.#addStray(pod, name)
    }
    this.#countTraits(info, -1)
    this.#byName.delete(name)
    this.#ordered = undefined
    this.#forgetDomains()
  }

  #forgetDomains(): void {
    this.#labels.clear()
    for (const counter of this.#counters.values()) counter.byDomain.clear()
  }

  addPod(pod: PodFacts, nodeName: string): void {
    const node = this.#byName.get(nodeName)
    if (!node) {
      this.#addStray(pod, nodeName)
      return
    }
    if (node.pods.has(pod.uid)) this.removePod(pod.uid, nodeName)
    node.add(pod)
    this.#noteAffinity(node)
    for (const counter of this.#counters.values()) count(counter, node, pod, 1)
  }

  removePod(uid: string, nodeName: string): void {
    this.#strays.get(nodeName)?.delete(uid)
    const node = this.#byName.get(nodeName)
    const pod = node?.pods.get(uid)
    if (!node || !pod) return
    node.remove(uid)
    this.#noteAffinity(node)
    for (const counter of this.#counters.values()) count(counter, node, pod, -1)
  }

  #noteAffinity(node: NodeInfo): void {
    if (node.withAffinity > 0) this.#nodesWithAffinity.add(node)
    else this.#nodesWithAffinity.delete(node)
  }

  #addStray(pod: PodFacts, nodeName: string): void {
    const strays = this.#strays.get(nodeName) ?? new Map()
    strays.set(pod.uid, pod)
    this.#strays.set(nodeName, strays)
  }

  #countTraits(node: NodeInfo, sign: 1 | -1): void {
    if (node.node.spec?.taints?.length) this.traits.tainted += sign
    if (node.node.spec?.unschedulable) this.traits.cordoned += sign
    for (const image of node.images.keys()) this.#imageNodes.set(image, this.imageSpread(image) + sign)
  }
}

function count(counter: Counter, { name, node }: NodeInfo, pod: PodFacts, sign: 1 | -1): void {
  if (pod.isTerminating || pod.namespace !== counter.namespace || !counter.selects(pod)) return
  const next = (counter.byNode.get(name) ?? 0) + sign
  if (next > 0) counter.byNode.set(name, next)
  else counter.byNode.delete(name)
  for (const [topologyKey, counts] of counter.byDomain) {
    const value = node.metadata?.labels?.[topologyKey]
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + sign)
  }
}

function selectedOn(info: NodeInfo, namespace: string, { selects }: Selection): number {
  const isMeant = (pod: PodFacts) => !pod.isTerminating && pod.namespace === namespace && selects(pod)
  return [...info.pods.values()].filter(isMeant).length
}

/** The picture with one node replaced: what preemption and nominated pods ask about. */
export function withNode(view: View, changed: NodeInfo): View {
  return {
    get nodes() {
      return view.nodes.map(node => (node.name === changed.name ? changed : node))
    },
    node: name => (name === changed.name ? changed : view.node(name)),
    namespaceLabels: namespace => view.namespaceLabels(namespace),
    get nodesWithAffinity() {
      const others = [...view.nodesWithAffinity].filter(node => node.name !== changed.name)
      return changed.withAffinity > 0 ? [...others, changed] : others
    },
    counts(namespace, selection) {
      const byNode = new Map(view.counts(namespace, selection))
      const amount = selectedOn(changed, namespace, selection)
      if (amount > 0) byNode.set(changed.name, amount)
      else byNode.delete(changed.name)
      return byNode
    },
    domainCounts(namespace, selection, topologyKey) {
      const counts = view.domainCounts(namespace, selection, topologyKey)
      const value = changed.node.metadata?.labels?.[topologyKey]
      const before = view.counts(namespace, selection).get(changed.name) ?? 0
      const difference = selectedOn(changed, namespace, selection) - before
      if (value === undefined || difference === 0) return counts
      return new Map(counts).set(value, (counts.get(value) ?? 0) + difference)
    },
    isEverywhere: topologyKey => view.isEverywhere(topologyKey),
    imageSpread: image => view.imageSpread(image),
    nominated: nodeName => view.nominated(nodeName),
    promisedTo: uid => view.promisedTo(uid),
    traits: view.traits,
    storage: view.storage,
  }
}

function zoneOf(node: Node): string {
  const labels = node.metadata?.labels ?? {}
  return `${labels['topology.kubernetes.io/region'] ?? ''}/${labels['topology.kubernetes.io/zone'] ?? ''}`
}

/** One of each zone after the other, so that looking at some nodes only still sees all zones. */
function inTurns(nodes: readonly NodeInfo[]): NodeInfo[] {
  const zones = [...Map.groupBy(nodes, info => zoneOf(info.node)).values()]
  if (zones.length === 1) return [...nodes]
  const longest = Math.max(0, ...zones.map(zone => zone.length))
  const turns = Array.from({ length: longest }, (_, turn) => zones.flatMap(zone => zone[turn] ?? []))
  return turns.flat()
}
