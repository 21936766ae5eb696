import { ApiError } from '../api/errors.ts'
import type { Aggregator } from './aggregation/aggregator.ts'
import { mergedSource } from './aggregation/resources.ts'
import type { AuditLog } from './audit/audit-log.ts'
import { addDiscovery } from './discovery/discovery.ts'
import type { HealthCheck, HealthEndpoint } from './discovery/health.ts'
import { addOpenApi } from './discovery/openapi.ts'
import { addHealth, addIndex, addMetrics, addOpenIdConfiguration, addVersion } from './discovery/platform-routes.ts'
import { Routes } from './discovery/routes.ts'
import { DEFAULT_LIMITS, FlowControl } from './flow/flow-control.ts'
import type { ApiServerOptions } from './options.ts'
import type { Parts } from './parts.ts'
import { AccessMetrics } from './traffic/access-metrics.ts'
import type { Metrics } from './traffic/metrics.ts'
import { addProcessMetrics } from './traffic/process-metrics.ts'
import type { Labeller } from './traffic/request-labels.ts'
import { RequestMetrics } from './traffic/request-metrics.ts'
import { Traffic } from './traffic/traffic.ts'

const ALL: readonly HealthEndpoint[] = ['healthz', 'livez', 'readyz']

interface Surroundings {
  aggregator: Aggregator
  audit: AuditLog | undefined
  metrics: Metrics
  labeller: Labeller
  isReady(): boolean
}

/** What the server shows beside the resources, and how it deals with many requests at once. */
export function createFront(
  options: ApiServerOptions,
  parts: Parts,
  { aggregator, audit, metrics, labeller, isReady }: Surroundings,
) {
  const { clock, version, advertiseAddress, openApiProse: prose, serviceAccounts } = options
  const { catalog, cache } = parts
  const flow = new FlowControl({ catalog, cache, clock, limits: { ...DEFAULT_LIMITS, ...options.limits } })
  const requests = new RequestMetrics(metrics, { labeller, catalog, cache, flow })
  addProcessMetrics(metrics, clock, version)
  metrics.gauge('aggregator_unavailable_apiservice', 'Whether an extension server does not answer.', () =>
    aggregator.unavailable(),
  )
  const routes = new Routes()
  addDiscovery(routes, mergedSource(catalog, aggregator), () => advertiseAddress)
  addOpenApi(routes, { catalog, clock, version: version.gitVersion, prose, foreign: aggregator })
  addHealth(routes, healthChecks(options, isReady))
  addMetrics(routes, metrics)
  addVersion(routes, version)
  const keys = [serviceAccounts.signingKey, ...(serviceAccounts.verificationKeys ?? [])]
  addOpenIdConfiguration(routes, serviceAccounts.issuer, keys)
  addIndex(routes, () => groupVersions(parts))
  return {
    routes,
    traffic: new Traffic({
      clock,
      flow,
      metrics: requests,
      access: new AccessMetrics(metrics),
      lasting: parts.lasting,
      audit,
    }),
  }
}

function healthChecks({ store }: ApiServerOptions, isReady: () => boolean): HealthCheck[] {
  const started = () => {
    if (!isReady()) throw new ApiError('ServiceUnavailable', 'the server is starting')
  }
  return [
    { name: 'ping', check: () => undefined, of: ALL },
    { name: 'log', check: () => undefined, of: ALL },
    { name: 'etcd', check: () => store.health(), of: ALL },
    { name: 'informer-sync', check: started, of: ['readyz'] },
    { name: 'poststarthook/rbac/bootstrap-roles', check: started, of: ALL },
    { name: 'poststarthook/start-system-namespaces-controller', check: started, of: ALL },
  ]
}

function groupVersions({ catalog }: Parts): string[] {
  return catalog
    .groups()
    .flatMap(({ name, versions }) => (name ? [name, ...versions.map(version => `${name}/${version}`)] : versions))
}
