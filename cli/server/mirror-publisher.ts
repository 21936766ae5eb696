import type { Client } from '../../client/client.ts'
import { WorkQueue } from '../../client/queue.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { type ComponentState, type Host, publishMirrorPod } from './mirror-pods.ts'

const REPEAT_MS = 60_000

/**
 * Shows the components in the API as the pods that they would be. Published again after every change and once in a
 * while, since a mirror pod may be deleted by anybody; what fails is tried again.
 */
export class MirrorPublisher {
  readonly #queue: WorkQueue
  #states = new Map<string, ComponentState>()

  constructor(options: { client: Client; host: Host; clock: Clock; log: Log }) {
    const { client, host, clock, log } = options
    this.#queue = new WorkQueue({
      name: 'mirror pods',
      clock,
      log,
      workers: 1,
      firstRetryMs: 200,
      work: async component => {
        const state = this.#states.get(component)
        if (!state) return
        await publishMirrorPod(client, state, host)
        this.#queue.addAfter(component, REPEAT_MS)
      },
    })
    this.#queue.start()
  }

  publish(states: readonly ComponentState[]): void {
    this.#states = new Map(states.map(state => [state.component, state]))
    for (const component of this.#states.keys()) this.#queue.add(component)
  }

  stop(): Promise<void> {
    return this.#queue.stop()
  }
}
