import type { RequestOptions } from 'node:https'
import { ApiError } from '../../api/errors.ts'
import type { Clock } from '../../platform/clock.ts'
import { errorCode } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'

/** Where a request goes on to: an agent, or for the proxies a pod. */
export interface StreamTarget {
  host: string
  port: number
  /** With its query. */
  path: string
  /** Absent: plain HTTP, as pods mostly speak. */
  tls?: TargetTls
  /** Added to the client's own, names and values in turn: whom the server speaks for, where the target wants to know. */
  headers?: readonly string[]
}

export interface TargetTls {
  /** PEM of the CA that must have signed the target's certificate; absent only where nobody can say which. */
  ca?: string
  /** The API server's own client certificate and key, for agents. */
  cert?: string
  key?: string
  /** The name that the certificate must be for; by default the host. */
  serverName?: string
}

export interface Surroundings {
  clock: Clock
  log: Log
}

/** A machine that is switched off does not answer at all. */
export const DIAL_WITHIN_MS = 10_000
const KEEP_ALIVE_MS = 30_000

/** What node:http and node:https need to make this one connection, used for nothing else afterwards. */
export function connectionOptions({ host, port, path, tls }: StreamTarget): RequestOptions {
  const plain = { host, port, path, agent: false as const, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }
  if (!tls) return plain
  const { ca, cert, key, serverName } = tls
  return {
    ...plain,
    ca,
    cert,
    key,
    servername: serverName,
    rejectUnauthorized: ca !== undefined,
    minVersion: 'TLSv1.2',
  }
}

const WORDS: Record<string, string> = {
  ECONNREFUSED: 'connect: connection refused',
  EHOSTUNREACH: 'connect: no route to host',
  ENETUNREACH: 'connect: network is unreachable',
  ETIMEDOUT: 'i/o timeout',
  ECONNRESET: 'read: connection reset by peer',
}

/** "error dialing backend: dial tcp 10.0.0.5:10250: connect: connection refused" */
export function dialError(error: unknown, { host, port }: StreamTarget): ApiError {
  const code = errorCode(error) ?? ''
  const why = WORDS[code] ?? (error instanceof Error ? error.message : String(error))
  const message = `error dialing backend: dial tcp ${host.includes(':') ? `[${host}]` : host}:${port}: ${why}`
  return new ApiError('InternalError', message, { causes: [{ message }] })
}
