import type { ApiResponse } from '../../api/exchange.ts'
import type { Call } from '../call.ts'

/** Answers a path that is no resource; undefined: there is nothing here. `rest` is what follows a route's prefix. */
export type Route = (call: Call, rest: string) => ApiResponse | undefined | Promise<ApiResponse | undefined>

/** Paths that are no resources: exact ones, and prefixes that end with a slash. */
export class Routes {
  readonly #exact = new Map<string, Route>()
  readonly #prefixes: { prefix: string; route: Route }[] = []

  add(path: string, route: Route): this {
    if (path.length > 1 && path.endsWith('/')) this.#prefixes.push({ prefix: path, route })
    else this.#exact.set(path, route)
    return this
  }

  async answer(call: Call): Promise<ApiResponse | undefined> {
    const { path } = call.request
    const bare = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
    const exact = this.#exact.get(bare)
    if (exact) return exact(call, '')
    const below = this.#prefixes.find(({ prefix }) => path.startsWith(prefix) && path !== prefix)
    return below?.route(call, path.slice(below.prefix.length))
  }

  /** What `/` lists. */
  paths(): string[] {
    return [...this.#exact.keys()].filter(path => path !== '/')
  }
}

export function jsonResponse(body: unknown, headers: Record<string, string> = {}): ApiResponse {
  return {
    status: 200,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-cache, private', ...headers },
    body: Buffer.from(JSON.stringify(body)),
  }
}
