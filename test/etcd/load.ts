import { Channel } from '../../etcd/client/channel.ts'
import { PutRequest, PutResponse, RangeRequest, RangeResponse } from '../../etcd/proto/messages.ts'
import { systemClock } from '../../platform/clock.ts'

const PUT = [PutRequest, PutResponse] as const
const RANGE = [RangeRequest, RangeResponse] as const

/** Writes for as long as it is let, and remembers what was acknowledged: what must never be lost. */
export class WriteLoad {
  /** Key to the highest number that was acknowledged. */
  readonly acknowledged = new Map<string, number>()
  /** Longest time between two acknowledgements, in milliseconds. */
  longestGap = 0
  /** Answers that were errors; each may or may not have taken effect. */
  failed = 0
  #last = performance.now()
  #stopped = false
  readonly #endpoints: () => readonly string[]
  readonly #writers: Promise<void>[]

  constructor(endpoints: () => readonly string[], writers: number) {
    this.#endpoints = endpoints
    this.#writers = Array.from({ length: writers }, (_, i) => this.#write(`load/${i}`))
  }

  get total(): number {
    return [...this.acknowledged.values()].reduce((sum, count) => sum + count, 0)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.all(this.#writers)
  }

  async #write(key: string): Promise<void> {
    let channel = new Channel({ endpoints: this.#endpoints(), clock: systemClock })
    for (let number = 1; !this.#stopped; number++) {
      try {
        await channel.unary('/etcdserverpb.KV/Put', PUT, { key, value: Buffer.from(String(number)) }, 3000)
        this.acknowledged.set(key, number)
        this.longestGap = Math.max(this.longestGap, performance.now() - this.#last)
        this.#last = performance.now()
      } catch {
        // Refused or lost: the check counts on nothing that was not acknowledged.
        this.failed++
        channel.close()
        await new Promise(resolve => systemClock.after(20, () => resolve(undefined)))
        channel = new Channel({ endpoints: this.#endpoints(), clock: systemClock })
      }
    }
    channel.close()
  }

  /** Keys that a store shows older than what it had acknowledged. */
  async lost(endpoint: string): Promise<string[]> {
    const channel = new Channel({ endpoints: [endpoint], clock: systemClock })
    try {
      const missing: string[] = []
      for (const [key, number] of this.acknowledged) {
        const { kvs } = await channel.unary('/etcdserverpb.KV/Range', RANGE, RangeRequest.of({ key }))
        const shown = Number(Buffer.from(kvs[0]?.value ?? []).toString() || 0)
        if (shown < number) missing.push(`${key}: ${number} was acknowledged, ${shown} is there`)
      }
      return missing
    } finally {
      channel.close()
    }
  }
}
