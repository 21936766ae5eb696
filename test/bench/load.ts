import type { Node, Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { Informer } from '../../client/informer.ts'
import { NODES, PODS } from '../../client/resources.ts'
import { systemClock as clock } from '../../platform/clock.ts'
import { MemoryLog } from '../../platform/log.ts'
import { seededRandom } from '../../platform/random.ts'

/** What benchmarks do to a cluster as its users do: from outside, many requests at once. */

export async function inParallel(count: number, run: (index: number) => Promise<unknown>, width = 100): Promise<void> {
  let next = 0
  const worker = async () => {
    while (next < count) await run(next++)
  }
  await Promise.all(Array.from({ length: Math.min(width, count) }, worker))
}

/** Nodes as their agents would report them; what admission taints new nodes with is taken away. */
export async function createNodes(client: Client, count: number, make: (index: number) => Node): Promise<void> {
  const nodes = client.resource<Node>(NODES)
  await inParallel(count, async i => {
    const wanted = make(i)
    const { name } = (await nodes.create(wanted)).metadata
    // Patches, since controllers may be at work on the same nodes.
    const settled = await nodes.patch(name, 'merge', { status: wanted.status }, { subresource: 'status' })
    if (settled.spec.taints?.length) await nodes.patch(name, 'merge', { spec: { taints: wanted.spec?.taints ?? null } })
  })
}

/** Counts bindings, also of pods that are gone since. */
export class BoundCounter {
  total = 0
  readonly #informer: Informer<Pod>
  #waiting: { count: number; resolve: () => void } | undefined

  constructor(client: Client) {
    this.#informer = new Informer(client.resource<Pod>(PODS), { clock, random: seededRandom(1), log: new MemoryLog() })
    this.#informer.addHandler({
      updated: (now, old) => {
        if (!now.spec.nodeName || old.spec.nodeName) return
        this.total++
        if (this.#waiting && this.total >= this.#waiting.count) this.#waiting.resolve()
      },
    })
  }

  async start(): Promise<void> {
    this.#informer.start()
    await this.#informer.synced()
  }

  reached(count: number): Promise<void> {
    if (this.total >= count) return Promise.resolve()
    return new Promise(resolve => {
      this.#waiting = { count, resolve }
    })
  }

  stop(): Promise<void> {
    return this.#informer.stop()
  }
}
