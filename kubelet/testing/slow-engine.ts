import { type Clock, sleep } from '../../platform/clock.ts'
import type { ContainerRuntime } from '../runtime.ts'

/** An engine on a busy machine: every question and every order takes so long before it is even looked at. */
export function slowEngine(runtime: ContainerRuntime, clock: Clock, ms: number): ContainerRuntime {
  return new Proxy(runtime, {
    get(target, name: keyof ContainerRuntime) {
      const call = target[name] as unknown as (...words: unknown[]) => unknown
      if (typeof call !== 'function') return call
      if (name === 'events') return call.bind(target)
      return async (...words: unknown[]) => {
        await sleep(clock, ms)
        return call.apply(target, words)
      }
    },
  })
}
