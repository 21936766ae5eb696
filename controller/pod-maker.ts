import type { KubeObject } from '../api/objects.ts'
import type { Pod } from '../api/types/core-v1.ts'
import type { Live, ResourceClient } from '../client/client.ts'
import type { EventRecorder } from '../client/events.ts'
import type { Informer } from '../client/informer.ts'
import { deleteExactly } from './context.ts'
import { Expectations } from './expectations.ts'

/** Makes and removes the pods of sets, remembers what is still under way, and tells of it. */
export class PodMaker {
  readonly #client: ResourceClient<Pod>
  readonly #expectations: Expectations<Pod>
  readonly #events: EventRecorder

  constructor(client: ResourceClient<Pod>, pods: Informer<Pod>, events: EventRecorder) {
    this.#client = client
    this.#expectations = new Expectations<Pod>(pods)
    this.#events = events
  }

  /** Whether all that was done for this key is seen: before that, nothing may be decided about it. */
  isSettled(key: string): boolean {
    return this.#expectations.met(key)
  }

  async create(key: string, owner: Live<KubeObject>, pod: Pod): Promise<void> {
    try {
      const made = await this.#client.create(pod)
      this.#expectations.made(key, made)
      this.#events.event(owner, 'Normal', 'SuccessfulCreate', `Created pod: ${made.metadata.name}`)
    } catch (error) {
      this.#events.event(owner, 'Warning', 'FailedCreate', `Error creating: ${(error as Error).message}`)
      throw error
    }
  }

  async remove(key: string, owner: Live<KubeObject>, pod: Live<Pod>): Promise<void> {
    await deleteExactly(this.#client, pod)
    this.#expectations.removed(key, pod)
    this.#events.event(owner, 'Normal', 'SuccessfulDelete', `Deleted pod: ${pod.metadata.name}`)
  }
}
