import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { Admission } from './admission/admission.ts'
import type { RbacAuthorizer } from './auth/rbac.ts'
import type { ServiceAccountTokens } from './auth/service-accounts.ts'
import type { ResourceCall, Result } from './call.ts'
import type { Catalog } from './catalog.ts'
import type { Companions } from './companions.ts'
import type { Conversion } from './crd/conversion.ts'
import type { KubeletClient } from './options.ts'
import type { Authentication } from './stages/authenticate.ts'
import type { Authorization } from './stages/authorize.ts'
import type { ObjectStore } from './stages/store.ts'
import type { Cache } from './storage/cache.ts'
import type { EventLeases } from './storage/leases.ts'
import type { LastingMetrics } from './traffic/lasting-metrics.ts'

/** What the stages and verbs work with: made once by app.ts, handed to everyone. */
export interface Parts {
  catalog: Catalog
  cache: Cache
  objects: ObjectStore
  admission: Admission
  leases: EventLeases
  handlers: Handlers
  companions: Companions
  conversion: Conversion
  lasting: LastingMetrics
  authentication: Authentication
  authorization: Authorization
  rbac: RbacAuthorizer
  serviceAccounts: ServiceAccountTokens
  kubeletClient?: KubeletClient
  clock: Clock
  random: Random
  log: Log
}

/** Answers a call by itself: kinds that are never stored, and subresources with a life of their own. */
export type Handler = (parts: Parts, call: ResourceCall) => Promise<Result>

/** Kinds that are only computed (reviews), by `group/plural`, and subresources, by `group/plural/subresource`. */
export type Handlers = ReadonlyMap<string, Handler>
