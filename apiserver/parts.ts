import type { ApiRequest, ApiResponse, Identity } from '../api/exchange.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/objects.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import type { Random } from '../platform/random.ts'
import type { Admission } from './admission/admission.ts'
import type { RbacAuthorizer } from './auth/rbac.ts'
import type { ServiceAccountTokens } from './auth/service-accounts.ts'
import type { Catalog } from './catalog.ts'
import type { Companions } from './companions.ts'
import type { Encoder, EntryList } from './encoding/encoder.ts'
import type { KubeletClient } from './options.ts'
import type { RequestInfo } from './request.ts'
import type { Authentication } from './stages/authenticate.ts'
import type { Authorization } from './stages/authorize.ts'
import type { ObjectStore } from './stages/store.ts'
import type { Cache } from './storage/cache.ts'
import type { Entry } from './storage/entry.ts'
import type { EventLeases } from './storage/leases.ts'
import type { Handlers } from './verbs/virtual.ts'

/** What the stages and verbs work with: made once by app.ts, handed to everyone. */
export interface Parts {
  catalog: Catalog
  cache: Cache
  objects: ObjectStore
  admission: Admission
  leases: EventLeases
  handlers: Handlers
  companions: Companions
  authentication: Authentication
  authorization: Authorization
  rbac: RbacAuthorizer
  serviceAccounts: ServiceAccountTokens
  kubeletClient?: KubeletClient
  clock: Clock
  random: Random
  log: Log
}

/** One request on its way through the stages. */
export interface Call {
  request: ApiRequest
  info: RequestInfo
  user: Identity
  /** Sentences for the `Warning` header: kubectl shows them. */
  warnings: string[]
}

/** A call for a resource that exists. */
export interface ResourceCall extends Call {
  kind: Kind
}

/** What a verb has to say; the answer stage puts it into the form that was asked for. */
export type Result =
  | { type: 'stored'; kind: Kind; entry: Entry; status?: number }
  | { type: 'object'; object: KubeObject; kind?: Kind; status?: number }
  | { type: 'list'; list: EntryList }
  | { type: 'watch'; kind: Kind; lines: WatchLines }
  | { type: 'response'; response: ApiResponse }

/** Opened by the answer stage once it knows the form: nothing is watched before somebody reads. */
export type WatchLines = (encoder: Encoder) => AsyncIterable<Uint8Array>
