import type { ApiRequest, ApiResponse, Identity } from '../api/exchange.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/objects.ts'
import type { EntryList, EventMaker } from './encoding/encoder.ts'
import type { CompiledSchema } from './flow/plan.ts'
import type { RequestInfo } from './request.ts'
import type { Entry } from './storage/entry.ts'

/** One request on its way through the stages. */
export interface Call {
  request: ApiRequest
  info: RequestInfo
  /** Who has shown that it is he; `user` is whom he acts as. */
  caller: Identity
  user: Identity
  /** Sentences for the `Warning` header: kubectl shows them. */
  warnings: string[]
  /** What admission and authorization have to say to the audit log; undefined where it does not listen. */
  annotations?: Record<string, string>
  /** Of its time, what it spent waiting for its turn and for webhooks. */
  elsewhere: { ms: number }
  /** Its turn did not come: the server refused it to protect itself. */
  isTurnedAway?: boolean
  /** Under which flow schema it waited for its turn. */
  flow?: CompiledSchema
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
  | { type: 'watch'; kind: Kind; events: WatchEvents }
  | { type: 'response'; response: ApiResponse }

/** Opened by the answer stage once it knows the form: nothing is watched before somebody reads. */
export type WatchEvents = <T>(maker: EventMaker<T>) => AsyncIterable<readonly T[]>
