import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Access } from './access.ts'
import type { StreamBackend } from './backend.ts'
import type { Route } from './routes.ts'

/** What the agent's server works with. */
export interface KubeletServerOptions {
  nodeName: string
  backend: StreamBackend
  access: Access
  clock: Clock
  log: Log
}

/** A request that may go on: who asks is known and allowed, and what for. */
export interface Admitted {
  route: Route
  query: URLSearchParams
}
