import type { Duplex } from 'node:stream'
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

/** A transport that can also be upgraded (exec, attach, port-forward). */
export interface UpgradingTransport extends Transport {
  upgrade(request: TransportRequest): Promise<{ protocol: string; socket: Duplex }>
}

/** The API server could not be reached, or the connection broke before the answer was complete. */
export class TransportError extends Error {
  override name = 'TransportError'
}
