import type { ContainerRuntime } from '../runtime.ts'

/** Calls that change something: the points at which it matters whether the agent is killed before or after. */
const CHANGES = ['create', 'start', 'stop', 'remove', 'kill', 'list', 'inspect', 'image']

/**
 * An engine as an agent sees it that is killed with SIGKILL in the middle of its `point`-th call: that call may or may not
 * have reached the engine, and nothing the agent does afterwards has any effect.
 */
export function mortal(runtime: ContainerRuntime, point: number, reached: 'before' | 'after') {
  let calls = 0
  let dead = false
  const { promise: died, resolve: die } = Promise.withResolvers<void>()
  const forever = new Promise<never>(() => {})
  const call = async (run: () => Promise<unknown>): Promise<unknown> => {
    if (dead) return forever
    if (++calls !== point) return run()
    if (reached === 'after') await run()
    dead = true
    die()
    return forever
  }
  const handler: ProxyHandler<ContainerRuntime> = {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      if (!CHANGES.includes(String(name))) return method.bind(target)
      return (...args: unknown[]) => call(() => method.apply(target, args) as Promise<unknown>)
    },
  }
  return { runtime: new Proxy(runtime, handler), died, calls: () => calls }
}
