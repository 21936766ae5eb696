import { type ContainerRuntime, type PullProgress, type RegistryAuth, RuntimeError } from '../runtime.ts'

interface Pull {
  done: Promise<void>
  listeners: Set<(progress: PullProgress) => void>
  users: number
  abort: AbortController
}

/** Pulls of this node: one at a time per image whoever asks for it, and not too many at once. */
export class Pulls {
  readonly #runtime: ContainerRuntime
  readonly #parallel: number
  readonly #running = new Map<string, Pull>()
  readonly #queue: (() => void)[] = []
  #active = 0

  constructor(runtime: ContainerRuntime, parallel = 3) {
    this.#runtime = runtime
    this.#parallel = parallel
  }

  /** Resolves when the image is there. The pull goes on as long as anyone waits for it. */
  async pull(
    image: string,
    auths: readonly (RegistryAuth | undefined)[],
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const pull = this.#running.get(image) ?? this.#begin(image, auths)
    pull.users++
    pull.listeners.add(onProgress)
    try {
      await Promise.race([pull.done, aborted(signal)])
    } finally {
      pull.listeners.delete(onProgress)
      if (--pull.users === 0) pull.abort.abort()
    }
  }

  #begin(image: string, auths: readonly (RegistryAuth | undefined)[]): Pull {
    const abort = new AbortController()
    const listeners = new Set<(progress: PullProgress) => void>()
    const tell = (progress: PullProgress) => {
      for (const listener of listeners) listener(progress)
    }
    const done = this.#inTurn(() => this.#tryAll(image, auths, tell, abort.signal)).finally(() => {
      this.#running.delete(image)
    })
    // Whoever waits is told; when all have gone nobody is there to be told.
    done.catch(() => {})
    const pull = { done, listeners, users: 0, abort }
    this.#running.set(image, pull)
    return pull
  }

  async #tryAll(
    image: string,
    auths: readonly (RegistryAuth | undefined)[],
    tell: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    let refusal: unknown
    for (const auth of auths) {
      try {
        return await this.#runtime.pull(image, auth, tell, signal)
      } catch (error) {
        // The first refusal is that of the login meant for it: a later "anonymous" one would only hide it.
        refusal ??= error
        if (!(error instanceof RuntimeError) || !['Unauthorized', 'NotFound'].includes(error.reason)) throw error
      }
    }
    throw refusal
  }

  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#active >= this.#parallel) await new Promise<void>(resolve => this.#queue.push(resolve))
    else this.#active++
    try {
      return await run()
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#active--
    }
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new RuntimeError('Unavailable', 'the pull is no longer wanted', true))
    if (signal.aborted) stop()
    signal.addEventListener('abort', stop, { once: true })
  })
}
