import type { KeyObject } from 'node:crypto'
import { publicKeySet } from '../../pki/jwt.ts'
import type { VersionInfo } from '../options.ts'
import type { Metrics } from '../traffic/metrics.ts'
import { answerHealth, type HealthCheck, type HealthEndpoint } from './health.ts'
import { jsonResponse, type Routes } from './routes.ts'

const HEALTH: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz']

export function addHealth(routes: Routes, checks: readonly HealthCheck[]): void {
  for (const endpoint of HEALTH) {
    routes.add(`/${endpoint}`, call => answerHealth(checks, endpoint, '', call.request.query))
    routes.add(`/${endpoint}/`, (call, rest) => answerHealth(checks, endpoint, rest, call.request.query))
  }
}

export function addVersion(routes: Routes, version: VersionInfo): void {
  routes.add('/version', () => jsonResponse(version))
}

/** What lets others verify the tokens of service accounts. */
export function addOpenIdConfiguration(routes: Routes, issuer: string, keys: readonly KeyObject[]): void {
  const jwks = publicKeySet(keys)
  const algorithms = [...new Set(jwks.keys.map(key => String(key.alg)))]
  const configuration = {
    issuer,
    jwks_uri: `${issuer.replace(/\/$/, '')}/openid/v1/jwks`,
    response_types_supported: ['id_token'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: algorithms,
  }
  const cached = { 'cache-control': 'public, max-age=3600' }
  routes.add('/.well-known/openid-configuration', () => jsonResponse(configuration, cached))
  routes.add('/openid/v1/jwks', () => {
    return jsonResponse(jwks, { ...cached, 'content-type': 'application/jwk-set+json' })
  })
}

export function addIndex(routes: Routes, groupVersions: () => string[]): void {
  const groupPaths = () => groupVersions().map(path => (path.includes('/') ? `/apis/${path}` : `/api/${path}`))
  routes.add('/', () => jsonResponse({ paths: [...new Set([...routes.paths(), ...groupPaths()])].sort() }))
}

export function addMetrics(routes: Routes, metrics: Metrics): void {
  routes.add('/metrics', () => {
    const headers = { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }
    return { status: 200, headers, body: Buffer.from(metrics.text()) }
  })
}
