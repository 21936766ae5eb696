import type { ApiResponse } from '../api/exchange.ts'

/**
 * client/ is how a component knocks on the API server's door: transport, typed client, informer, work queue, leader
 * lease, events. Start here, then client.ts and informer.ts. It imports api and platform.
 */
export interface TransportRequest {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With its query. */
  path: string
  headers?: Record<string, string>
  body?: string | Uint8Array
  signal?: AbortSignal
}

/** Carries one request to the API server and its answer back; any status is an answer, no answer is a TransportError. */
export interface Transport {
  request(request: TransportRequest): Promise<ApiResponse>
  close(): Promise<void>
}

/** The API server could not be reached, or the connection broke before the answer was complete. */
export class TransportError extends Error {
  override name = 'TransportError'
}

/** Code of the cause when a connection could not even be made in time. */
export const CONNECT_TIMEOUT = 'CONNECT_TIMEOUT'
