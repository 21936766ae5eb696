import type { WatchEvent } from './objects.ts'

/**
 * One request and its answer, free of any socket. The API server answers these, the in-process transport hands them
 * over, the HTTP adapter translates them: so the whole server can be used and tested without a port.
 */
export interface Identity {
  name: string
  uid?: string
  groups: string[]
  extra?: Record<string, string[]>
}

export interface ApiRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | 'HEAD' | 'OPTIONS'
  /** Path as it came, still percent-encoded, without the query. */
  path: string
  query: URLSearchParams
  /** Names in lower case. */
  headers: Record<string, string | undefined>
  body?: Uint8Array
  /** Aborts when the client has gone: watches and log streams end. */
  signal: AbortSignal
  /** The subject of a verified client certificate: CN is the name, O the groups. */
  certificate?: Identity
  /** Why the certificate that the client showed was not taken. */
  certificateProblem?: string
  /** Common name of the client certificate when the front-proxy authority signed it: it may speak for others. */
  frontProxy?: string
  /** Set only by the in-process transport: a component of our own, already known. */
  trusted?: Identity
  /** Set only by the in-process transport: a watch may answer with objects in the place of their text. */
  takesObjects?: boolean
  remoteAddress?: string
}

export interface ApiResponse {
  status: number
  headers: Record<string, string | string[]>
  /** Whole, or a stream whose headers are sent before its first byte. */
  body?: Uint8Array | AsyncIterable<Uint8Array>
  /** In the place of a body, for somebody in this process: what a watch tells, as objects that many share and none may change. */
  events?: AsyncIterable<readonly WatchEvent[]>
}

export type ApiHandler = (request: ApiRequest) => Promise<ApiResponse>
