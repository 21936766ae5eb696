import { isReason } from '../../api/errors.ts'
import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Node, NodeStatus } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Client, Live, ResourceClient } from '../../client/client.ts'
import { unlessMissing } from '../../client/outcomes.ts'
import { LEASES, NODES } from '../../client/resources.ts'
import { microTimestamp } from '../../client/times.ts'
import { type Clock, pause } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { type NodeChoices, newNode, nodeStatus, ownLabels, type StatusFacts } from './object.ts'

/** How the node is now, for its status. */
export type Measure = () => Promise<Omit<StatusFacts, 'choices' | 'before' | 'now'>>

interface Parts {
  client: Client
  clock: Clock
  log: Log
  choices: NodeChoices
  measure: Measure
  registerNode: boolean
}

const STATUS_EVERY_MS = 10_000
/** Even a status that says nothing new is sent this often. */
const STATUS_AT_LEAST_EVERY_MS = 300_000
const LEASE_SECONDS = 40
const LEASE_EVERY_MS = 10_000
const LEASE_NAMESPACE = 'kube-node-lease'
const RETRY_MS = 500

/** The node's own object and its heartbeat at the API server. */
export class NodeRegistration {
  readonly #parts: Parts
  readonly #nodes: ResourceClient<Node>
  readonly #leases: ResourceClient<Lease>
  readonly #stopping = new AbortController()
  #loops: Promise<unknown> = Promise.resolve()
  #node: Live<Node> | undefined
  #lease: Live<Lease> | undefined
  #sentAt = Number.NEGATIVE_INFINITY

  constructor(parts: Parts) {
    this.#parts = parts
    this.#nodes = parts.client.resource<Node>(NODES)
    this.#leases = parts.client.resource<Lease>(LEASES)
  }

  get node(): Live<Node> | undefined {
    return this.#node
  }

  /** Lease and status at once, whenever they were due. */
  async announce(): Promise<void> {
    this.#sentAt = Number.NEGATIVE_INFINITY
    await Promise.all([this.#renewLease(), this.syncStatus()])
  }

  /** The node's range of pod addresses, once somebody has given it one. */
  async podCidr(): Promise<string | undefined> {
    return (await this.#find())?.spec.podCIDR
  }

  start(): void {
    const heartbeat = this.#every(LEASE_EVERY_MS, 'The lease could not be renewed', () => this.#renewLease())
    const status = this.#every(STATUS_EVERY_MS, 'The node status could not be sent', () => this.syncStatus())
    this.#loops = Promise.all([heartbeat, status])
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#loops
  }

  async #every(ms: number, complaint: string, run: () => Promise<void>): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      let rest = ms
      try {
        await run()
      } catch (error) {
        this.#parts.log.warn(complaint, { error })
        rest = RETRY_MS
      }
      await pause(this.#parts.clock, rest, signal)
    }
  }

  /**
   * Measures, and sends what is not known yet. The node is read each time: others write to it as well, and one that was cut
   * off has been called silent meanwhile, or was deleted.
   */
  async syncStatus(): Promise<void> {
    const { choices, measure, clock } = this.#parts
    const measured = await measure()
    const node = (await this.#refreshed()) ?? (await this.#register(measured))
    const status = nodeStatus({ ...measured, choices, before: node.status, now: clock.now() })
    const due = clock.monotonic() - this.#sentAt >= STATUS_AT_LEAST_EVERY_MS
    if (!due && isSame(node.status, status)) return
    try {
      this.#node = await this.#nodes.patch(choices.nodeName, 'strategic', statusPatch(status), {
        subresource: 'status',
      })
      this.#sentAt = clock.monotonic()
    } catch (error) {
      // Somebody deleted the node: next time it is registered anew.
      if (isReason(error, 'NotFound')) this.#node = undefined
      throw error
    }
  }

  /** The node as it is now, if it has been registered before and is still there. */
  async #refreshed(): Promise<Live<Node> | undefined> {
    if (this.#node) this.#node = await this.#find()
    return this.#node
  }

  async #register(measured: Awaited<ReturnType<Measure>>): Promise<Live<Node>> {
    const { choices, clock, registerNode, log } = this.#parts
    const found = await this.#find()
    if (found) return this.#adopt(found, measured)
    if (!registerNode) throw new Error(`node ${choices.nodeName} does not exist and this agent may not register it`)
    const status = nodeStatus({ ...measured, choices, before: undefined, now: clock.now() })
    this.#node = await this.#nodes.create(newNode(choices, measured.facts, status))
    log.info('Registered the node', { name: choices.nodeName })
    return this.#node
  }

  #find(): Promise<Live<Node> | undefined> {
    return unlessMissing(this.#nodes.get(this.#parts.choices.nodeName))
  }

  /** A node that is known already keeps what others set; what this agent decides is brought up to date. */
  async #adopt(found: Live<Node>, measured: Awaited<ReturnType<Measure>>): Promise<Live<Node>> {
    const { choices } = this.#parts
    const labels = { ...ownLabels(choices.nodeName, measured.facts), ...choices.labels }
    const { annotations = {} } = choices
    const differs = hasOther(found.metadata.labels, labels) || hasOther(found.metadata.annotations, annotations)
    const patch = { metadata: { labels, annotations } }
    this.#node = differs ? await this.#nodes.patch(choices.nodeName, 'merge', patch) : found
    return this.#node
  }

  async #renewLease(): Promise<void> {
    const { clock, choices } = this.#parts
    const renewTime = microTimestamp(clock.now())
    try {
      this.#lease = this.#lease
        ? await this.#leases.update({ ...this.#lease, spec: { ...this.#lease.spec, renewTime } })
        : await this.#takeLease(choices.nodeName, renewTime)
    } catch (error) {
      // Read it anew next time: it was deleted, or written by somebody else.
      this.#lease = undefined
      throw error
    }
  }

  async #takeLease(name: string, renewTime: string): Promise<Live<Lease>> {
    const spec = { holderIdentity: name, leaseDurationSeconds: LEASE_SECONDS, renewTime }
    const found = await unlessMissing(this.#leases.get(name, LEASE_NAMESPACE))
    const renewed = found && (await unlessMissing(this.#leases.update({ ...found, spec: { ...found.spec, ...spec } })))
    if (renewed) return renewed
    const ownerReferences = this.#node && [{ apiVersion: 'v1', kind: 'Node', name, uid: this.#node.metadata.uid }]
    return this.#leases.create({ metadata: { name, namespace: LEASE_NAMESPACE, ownerReferences }, spec })
  }
}

function hasOther(current: Record<string, string> = {}, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).some(([key, value]) => current[key] !== value)
}

/** Equal but for the times of the heartbeats. */
function isSame(before: NodeStatus | undefined, now: NodeStatus): boolean {
  const still = (status: NodeStatus | undefined) => ({
    ...status,
    conditions: status?.conditions?.map(condition => ({ ...condition, lastHeartbeatTime: '' })),
  })
  const keys = Object.keys(now) as (keyof NodeStatus)[]
  const [a, b] = [still(before), still(now)]
  return keys.every(key => deepEqual(a[key], b[key]))
}

/** Lists that are the agent's alone are replaced as a whole. */
function statusPatch(status: NodeStatus): object {
  return { status: { ...status, addresses: [...(status.addresses ?? []), { $patch: 'replace' }] } }
}
