import type { Lease } from '../../api/types/coordination-v1.ts'
import type { Client, Live } from '../../client/client.ts'
import { LEASES } from '../../client/resources.ts'
import { TransportError } from '../../client/transport.ts'
import { systemClock as clock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { seededRandom } from '../../platform/random.ts'
import { makeNode } from '../support/control-plane.ts'
import { type FakeKubelet, startFakeKubelet } from '../support/fake-kubelet.ts'
import { createNodes, inParallel } from './load.ts'

export interface NodesOptions {
  count: number
  /** Each node watches its own pods over a connection of its own, as agents do; otherwise one watch plays them all. */
  ownWatches: boolean
  /** How often a node says that it lives. Agents: every 10 s. */
  renewMs?: number
  /** The first `count` that take pods; the others are cordoned. */
  open?: number
}

/** Nodes with nothing behind them: they are registered, renew their leases, and say of every pod that it runs. */
export class FakeNodes {
  readonly #client: Client
  readonly #options: NodesOptions
  readonly #leases = new Map<string, Live<Lease>>()
  readonly #kubelets = new Map<string, FakeKubelet>()
  #renewing: NodeJS.Timeout | undefined
  #round: Promise<void> = Promise.resolve()

  constructor(client: Client, options: NodesOptions) {
    this.#client = client
    this.#options = options
  }

  async start(): Promise<void> {
    const { count, ownWatches, renewMs = 10_000, open = count } = this.#options
    await createNodes(this.#client, count, i => makeNode(`n${i}`, {}, { spec: { unschedulable: i >= open } }))
    await inParallel(count, i => this.#makeLease(`n${i}`))
    this.#renewing = setInterval(() => {
      this.#round = this.#round.then(() => this.#renewAll())
    }, renewMs)
    const parts = { client: this.#client, clock, random: seededRandom(1), log: new MemoryLog() }
    if (ownWatches) {
      await inParallel(count, async i => {
        this.#kubelets.set(`n${i}`, await startFakeKubelet(parts, { nodeName: `n${i}` }))
      })
    } else this.#kubelets.set('', await startFakeKubelet(parts, { needsNode: true }))
  }

  /** It is silent from now on, and its pods are left alone. */
  async lose(name: string): Promise<void> {
    this.#leases.delete(name)
    await this.#kubelets.get(name)?.stop()
    this.#kubelets.delete(name)
  }

  async stop(): Promise<void> {
    clearInterval(this.#renewing)
    await this.#round
    await Promise.all([...this.#kubelets.values()].map(kubelet => kubelet.stop()))
  }

  async #makeLease(name: string): Promise<void> {
    const leases = this.#client.resource<Lease>(LEASES)
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime: microTime() }
    this.#leases.set(name, await leases.create({ metadata: { name, namespace: 'kube-node-lease' }, spec }))
  }

  async #renewAll(): Promise<void> {
    const leases = this.#client.resource<Lease>(LEASES)
    const names = [...this.#leases.keys()]
    await inParallel(names.length, async i => {
      const name = names[i]!
      const lease = this.#leases.get(name)
      if (!lease) return
      const renewed = await leases
        .update({ ...lease, spec: { ...lease.spec, renewTime: microTime() } })
        .catch(error => this.#asItIs(name, error))
      if (this.#leases.has(name)) this.#leases.set(name, renewed)
    })
  }

  /** As an agent does: a renewal that was lost with its connection is left to the next round. */
  #asItIs(name: string, error: unknown): Promise<Live<Lease>> {
    if (!(error instanceof TransportError)) throw error
    return this.#client.resource<Lease>(LEASES).get(name, 'kube-node-lease')
  }
}

function microTime(): string {
  return new Date().toISOString().replace('Z', '000Z')
}
