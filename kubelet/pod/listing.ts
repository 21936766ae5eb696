import type { ContainerRuntime, ContainerSummary } from '../runtime.ts'
import { NODE_LABEL, POD_UID_LABEL } from './labels.ts'

interface Asked {
  uid: string
  resolve(found: ContainerSummary[]): void
  reject(error: unknown): void
}

/**
 * Asks the engine which containers pods have: one question at a time, and one for all who came while the last was being
 * answered. Fifty pods that start together would else keep the engine busy with lists.
 */
export class Listing {
  readonly #runtime: Pick<ContainerRuntime, 'list'>
  readonly #nodeName: string
  #waiting: Asked[] = []
  #isAsking = false

  constructor(runtime: Pick<ContainerRuntime, 'list'>, nodeName: string) {
    this.#runtime = runtime
    this.#nodeName = nodeName
  }

  /** Never older than the call. */
  ofPod(uid: string): Promise<ContainerSummary[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ uid, resolve, reject })
      if (!this.#isAsking) void this.#ask()
    })
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    while (this.#waiting.length > 0) {
      const asked = this.#waiting
      this.#waiting = []
      await this.#answer(asked)
    }
    this.#isAsking = false
  }

  async #answer(asked: Asked[]): Promise<void> {
    try {
      const uids = new Set(asked.map(one => one.uid))
      const labels: Record<string, string> = { [NODE_LABEL]: this.#nodeName }
      if (uids.size === 1) labels[POD_UID_LABEL] = asked[0]!.uid
      const found = await this.#runtime.list(labels)
      const byPod = Map.groupBy(found, one => one.labels[POD_UID_LABEL] ?? '')
      for (const { uid, resolve } of asked) resolve(byPod.get(uid) ?? [])
    } catch (error) {
      for (const { reject } of asked) reject(error)
    }
  }
}
