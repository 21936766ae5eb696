import type { Namespace, Node, PersistentVolume, PersistentVolumeClaim, Pod } from '../api/types/core-v1.ts'
import type { PodDisruptionBudget } from '../api/types/policy-v1.ts'
import type { StorageClass } from '../api/types/storage-v1.ts'
import { deepEqual } from '../api/values.ts'
import { storageClassOf } from '../api/volumes.ts'
import type { Client, Live } from '../client/client.ts'
import { Informer, type InformerOptions } from '../client/informer.ts'
import * as kinds from '../client/resources.ts'
import { factsOf } from './facts.ts'
import { Picture } from './picture.ts'
import type { SchedulingQueue } from './queue.ts'

/** All that is watched, and the picture that it keeps up. */
export class Observer {
  readonly picture: Picture
  readonly pods: Informer<Pod>
  readonly claims: Informer<PersistentVolumeClaim>
  readonly volumes: Informer<PersistentVolume>
  readonly classes: Informer<StorageClass>
  readonly budgets: Informer<PodDisruptionBudget>
  readonly #nodes: Informer<Node>
  readonly #namespaces: Informer<Namespace>
  readonly #queue: SchedulingQueue
  readonly #isOurs: (pod: Pod) => boolean
  /** Where each pod stands in the picture, assumed or seen. */
  readonly #places = new Map<string, string>()
  readonly #assumed = new Set<string>()
  /** Called when a pod has gone, with its uid. */
  onGone: (uid: string) => void = () => {}

  constructor(client: Client, options: InformerOptions, queue: SchedulingQueue, isOurs: (pod: Pod) => boolean) {
    this.#queue = queue
    this.#isOurs = isOurs
    this.pods = new Informer(client.resource<Pod>(kinds.PODS), options)
    this.#nodes = new Informer(client.resource<Node>(kinds.NODES), options)
    this.#namespaces = new Informer(client.resource<Namespace>(kinds.NAMESPACES), options)
    this.claims = new Informer(client.resource<PersistentVolumeClaim>(kinds.PERSISTENT_VOLUME_CLAIMS), options)
    this.volumes = new Informer(client.resource<PersistentVolume>(kinds.PERSISTENT_VOLUMES), options)
    this.classes = new Informer(client.resource<StorageClass>(kinds.STORAGE_CLASSES), options)
    this.budgets = new Informer(client.resource<PodDisruptionBudget>(kinds.POD_DISRUPTION_BUDGETS), options)
    this.volumes.addIndex('class', volume => [storageClassOf(volume)])
    this.picture = new Picture({
      claim: (namespace, name) => this.claims.get(`${namespace}/${name}`),
      volume: name => this.volumes.get(name),
      volumesOf: className => this.volumes.byIndex('class', className),
      storageClass: name => this.classes.get(name),
    })
    this.#listen()
  }

  /** Resolves when the picture is whole for the first time. */
  async start(): Promise<void> {
    // Pods last: those that wait are decided about with everything else in sight.
    const first = [this.#nodes, this.#namespaces, this.claims, this.volumes, this.classes, this.budgets]
    for (const informer of first) informer.start()
    await Promise.all(first.map(informer => informer.synced()))
    this.pods.start()
    await this.pods.synced()
  }

  async stop(): Promise<void> {
    const { pods, claims, volumes, classes, budgets } = this
    const all = [pods, claims, volumes, classes, budgets, this.#nodes, this.#namespaces]
    await Promise.all(all.map(informer => informer.stop()))
  }

  /** Counts the pod on a node before the server says so: the next decision must see it. */
  assume(pod: Pod, nodeName: string): void {
    const facts = factsOf(pod)
    this.#assumed.add(facts.uid)
    this.#place(pod, nodeName)
    this.picture.withdraw(facts.uid)
  }

  /** The pod did not get there. */
  forget(uid: string): void {
    if (this.#assumed.delete(uid)) this.#unplace(uid)
  }

  #listen(): void {
    this.#nodes.addHandler({
      added: node => {
        this.picture.setNode(node)
        this.#queue.happened('node-added')
      },
      updated: (node, old) => {
        this.picture.setNode(node)
        if (mattersForScheduling(node, old)) this.#queue.happened('node-changed')
      },
      deleted: node => this.picture.removeNode(node.metadata.name),
    })
    const setNamespace = (namespace: Live<Namespace>) => {
      this.picture.setNamespace(namespace.metadata.name, namespace.metadata.labels)
      this.#queue.happened('namespace-changed')
    }
    this.#namespaces.addHandler({
      added: setNamespace,
      updated: setNamespace,
      deleted: namespace => this.picture.removeNamespace(namespace.metadata.name),
    })
    const storageChanged = () => this.#queue.happened('storage-changed')
    for (const informer of [this.claims, this.volumes, this.classes]) {
      informer.addHandler({ added: storageChanged, updated: storageChanged, deleted: storageChanged })
    }
    this.pods.addHandler({
      added: pod => this.#onPod(pod),
      updated: pod => this.#onPod(pod),
      deleted: pod => this.#onGone(pod),
    })
  }

  #onPod(pod: Live<Pod>): void {
    const { uid } = pod.metadata
    const { nodeName } = pod.spec
    if (pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed') this.#onGone(pod)
    else if (nodeName) this.#onPlaced(pod, nodeName)
    else if (pod.metadata.deletionTimestamp) this.#onGone(pod)
    else if (this.#isOurs(pod) && !this.#assumed.has(uid)) this.#onWaiting(pod)
  }

  #onPlaced(pod: Live<Pod>, nodeName: string): void {
    const { uid } = pod.metadata
    const isNews = this.#places.get(uid) !== nodeName || this.#assumed.has(uid)
    this.#assumed.delete(uid)
    this.#place(pod, nodeName)
    this.#queue.remove(uid)
    this.picture.withdraw(uid)
    if (isNews) this.#queue.happened('pod-placed')
  }

  #onWaiting(pod: Live<Pod>): void {
    const nominated = pod.status?.nominatedNodeName
    if (nominated) this.picture.nominate(factsOf(pod), nominated)
    this.#queue.set(pod)
  }

  #onGone(pod: Live<Pod>): void {
    const { uid } = pod.metadata
    this.#assumed.delete(uid)
    this.#queue.remove(uid)
    this.picture.withdraw(uid)
    if (this.#unplace(uid)) this.#queue.happened('pod-gone')
    this.onGone(uid)
  }

  #place(pod: Pod, nodeName: string): void {
    const facts = factsOf(pod)
    const before = this.#places.get(facts.uid)
    if (before !== undefined && before !== nodeName) this.picture.removePod(facts.uid, before)
    this.#places.set(facts.uid, nodeName)
    this.picture.addPod(facts, nodeName)
  }

  #unplace(uid: string): boolean {
    const nodeName = this.#places.get(uid)
    if (nodeName === undefined) return false
    this.#places.delete(uid)
    this.picture.removePod(uid, nodeName)
    return true
  }
}

/** Heartbeats change nodes all the time; only this much of them can help a waiting pod. */
function mattersForScheduling(node: Live<Node>, old: Live<Node>): boolean {
  return (
    !deepEqual(node.status?.allocatable, old.status?.allocatable) ||
    !deepEqual(node.metadata.labels, old.metadata.labels) ||
    !deepEqual(node.spec.taints, old.spec.taints) ||
    node.spec.unschedulable !== old.spec.unschedulable
  )
}
