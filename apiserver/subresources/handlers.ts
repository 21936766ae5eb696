import type { ApiServerOptions } from '../options.ts'
import { type Handler, type Handlers, handlerKey } from '../verbs/virtual.ts'
import { serveBinding } from './binding.ts'
import { refusePlain, serveLog } from './streams.ts'

/** Everything that is not one of the plain verbs over a stored kind. */
export function createHandlers(_options: ApiServerOptions): Handlers {
  const table: [string, string, string, Handler][] = [
    ['', 'pods', 'log', serveLog],
    ['', 'pods', 'exec', refusePlain],
    ['', 'pods', 'attach', refusePlain],
    ['', 'pods', 'portforward', refusePlain],
    ['', 'pods', 'binding', serveBinding],
    ['', 'bindings', '', serveBinding],
  ]
  return new Map(
    table.map(([group, plural, subresource, handler]) => [handlerKey(group, plural, subresource), handler]),
  )
}
