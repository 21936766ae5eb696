import { type Clock, sleep } from '../../platform/clock.ts'
import { EtcdError, errors } from '../errors.ts'
import type { PeerNetwork } from '../peer/network.ts'
import { NotLeaderError } from '../raft/errors.ts'

export interface LeaderLineOptions {
  self: string
  /** '' while there is none. */
  leader(): string
  network: PeerNetwork | undefined
  clock: Clock
}

/** As etcd: five seconds and two elections. */
export const REQUEST_MS = 7000
const LOOK_AGAIN_MS = 20

/** Has the leader do something, whoever that is; waits while there is none. */
export class LeaderLine {
  readonly #options: LeaderLineOptions

  constructor(options: LeaderLineOptions) {
    this.#options = options
  }

  /** `here` is done where this member leads, else the leader is called. */
  async run<T>(here: () => Promise<T>, method: string, content: Uint8Array, decode: (answer: Buffer) => T): Promise<T> {
    const { self, clock } = this.#options
    const deadline = clock.monotonic() + REQUEST_MS
    for (;;) {
      try {
        const leader = this.#options.leader()
        if (leader === self) return await here()
        if (leader !== '') return decode(await this.#call(leader, method, content, deadline))
      } catch (error) {
        if (!nothingHappened(error)) throw error
      }
      if (clock.monotonic() >= deadline) throw errors.timeout
      await sleep(clock, LOOK_AGAIN_MS)
    }
  }

  #call(leader: string, method: string, content: Uint8Array, deadline: number): Promise<Buffer> {
    const { network, clock } = this.#options
    if (!network) throw errors.noLeader
    return network.call(leader, method, content, Math.max(1, deadline - clock.monotonic()))
  }
}

/** Whoever was asked does not lead (any more): another try does no harm. */
function nothingHappened(error: unknown): boolean {
  return error instanceof NotLeaderError || (error instanceof EtcdError && error.message === errors.noLeader.message)
}
