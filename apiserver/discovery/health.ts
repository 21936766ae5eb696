import type { ApiResponse } from '../../api/exchange.ts'
import { isTrue } from '../request.ts'

/** One thing that must be well; rejects with the reason when it is not. */
export interface HealthCheck {
  name: string
  check(): Promise<void> | void
  /** Which of the three endpoints ask it. */
  of: readonly ('healthz' | 'livez' | 'readyz')[]
}

export type HealthEndpoint = HealthCheck['of'][number]

/** `/readyz`, `/readyz/etcd`, `?verbose`, `?exclude=etcd`: as plain text, since people and load balancers read it. */
export async function answerHealth(
  checks: readonly HealthCheck[],
  endpoint: HealthEndpoint,
  only: string,
  query: URLSearchParams,
): Promise<ApiResponse | undefined> {
  const excluded = new Set(query.getAll('exclude'))
  const asked = checks.filter(check => check.of.includes(endpoint) && (only === '' || check.name === only))
  if (only !== '' && asked.length === 0) return undefined
  const lines = await Promise.all(asked.map(check => describe(check, excluded)))
  const failed = lines.some(line => line.startsWith('[-]'))
  const unknown = [...excluded].filter(name => !checks.some(check => check.name === name))
  const warnings = unknown.map(name => `warn: some health checks cannot be excluded: no matches for "${name}"`)
  const verbose = isTrue(query.get('verbose')) || query.get('verbose') === ''
  if (failed) return text(500, [...lines, ...warnings, `${endpoint} check failed`, ''].join('\n'))
  if (verbose) return text(200, [...lines, ...warnings, `${endpoint} check passed`, ''].join('\n'))
  return text(200, 'ok')
}

async function describe(check: HealthCheck, excluded: Set<string>): Promise<string> {
  if (excluded.has(check.name)) return `[+]${check.name} excluded: ok`
  try {
    await check.check()
    return `[+]${check.name} ok`
  } catch {
    // Whoever may ask without a token learns that something is wrong, not what.
    return `[-]${check.name} failed: reason withheld`
  }
}

function text(status: number, body: string): ApiResponse {
  const headers = {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
    'cache-control': 'no-cache, private',
  }
  return { status, headers, body: Buffer.from(body) }
}
