import { generateKeyPairSync } from 'node:crypto'
import type { ApiRequest, ApiResponse, Identity } from '../api/exchange.ts'
import { builtinKinds } from '../api/kinds/registry.ts'
import { FakeClock } from '../platform/clock.ts'
import { MemoryLog } from '../platform/log.ts'
import { seededRandom } from '../platform/random.ts'
import { createApiServer } from './app.ts'
import type { ApiServerOptions, VersionInfo } from './options.ts'
import { createMemoryStore } from './storage/memory.ts'

/** A whole API server in memory, for tests: no port, no disk, a clock that stands still until it is moved. */

export const TEST_VERSION: VersionInfo = {
  ...{ major: '1', minor: '33', gitVersion: 'v1.33.0+kubox', gitCommit: '', gitTreeState: 'clean' },
  ...{ buildDate: '2026-01-01T00:00:00Z', goVersion: 'none', compiler: 'none', platform: 'linux/amd64' },
}

export const ADMIN: Identity = { name: 'kubernetes-admin', groups: ['system:masters', 'system:authenticated'] }

const signingKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

export interface Answer {
  status: number
  headers: ApiResponse['headers']
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape
  json: any
}

export interface RequestParts {
  body?: unknown
  raw?: Uint8Array | string
  headers?: Record<string, string>
  as?: Identity | null
  certificate?: Identity
  signal?: AbortSignal
}

export async function startTestServer(options: Partial<ApiServerOptions> = {}) {
  const clock = (options.clock as FakeClock | undefined) ?? new FakeClock()
  const log = new MemoryLog()
  const store = options.store ?? createMemoryStore(clock)
  const server = createApiServer({
    ...{ store, clock, log, random: seededRandom(1), kinds: builtinKinds(), version: TEST_VERSION },
    ...{ advertiseAddress: '10.0.0.1:6443', serviceAccounts: { issuer: 'https://kubernetes.default.svc', signingKey } },
    ...options,
  })
  await server.start()

  function send(method: string, target: string, parts: RequestParts = {}): Promise<ApiResponse> {
    const { path, query } = splitTarget(target)
    const body = parts.raw ?? (parts.body === undefined ? undefined : JSON.stringify(parts.body))
    return server.handle({
      method: method as ApiRequest['method'],
      path,
      query,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...parts.headers },
      body: typeof body === 'string' ? Buffer.from(body) : body,
      signal: parts.signal ?? new AbortController().signal,
      trusted: parts.as === null ? undefined : (parts.as ?? (parts.certificate ? undefined : ADMIN)),
      certificate: parts.certificate,
    })
  }

  async function call(method: string, target: string, parts: RequestParts = {}): Promise<Answer> {
    const response = await send(method, target, parts)
    const text = await readAll(response)
    const isJson = String(response.headers['content-type']).startsWith('application/json')
    return { status: response.status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined }
  }

  return { server, store, clock, log, send, call }
}

export type TestServer = Awaited<ReturnType<typeof startTestServer>>

function splitTarget(target: string) {
  const at = target.indexOf('?')
  return at < 0
    ? { path: target, query: new URLSearchParams() }
    : { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}

async function readAll({ body = new Uint8Array() }: ApiResponse): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString()
  const chunks: Uint8Array[] = []
  for await (const chunk of body) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

/** Does something with a server that is closed afterwards, however that went. */
export async function withServer(work: (server: TestServer) => Promise<void>): Promise<void> {
  const server = await startTestServer()
  try {
    await work(server)
  } finally {
    await server.server.close()
  }
}
