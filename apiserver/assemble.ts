import { Admission } from './admission/admission.ts'
import { createLister } from './admission/lister.ts'
import { createPlugins } from './admission/plugins.ts'
import { Aggregator, REFRESH_EVERY_MS } from './aggregation/aggregator.ts'
import { AuditLog } from './audit/audit-log.ts'
import { createAuthorization } from './auth/modes.ts'
import { createAuthentication } from './auth/setup.ts'
import { bootstrap } from './bootstrap/bootstrap.ts'
import { type Chore, Chores } from './bootstrap/chores.ts'
import { ANNOUNCE_EVERY_MS, KubernetesService } from './bootstrap/kubernetes-service.ts'
import { watchFiles } from './bootstrap/watched-files.ts'
import { Catalog } from './catalog.ts'
import { Conversion } from './crd/conversion.ts'
import { CustomResources } from './crd/custom-resources.ts'
import type { Routes } from './discovery/routes.ts'
import { FlowObjects, MAINTAIN_EVERY_MS } from './flow/maintain.ts'
import { createFront } from './front.ts'
import type { ApiServerOptions } from './options.ts'
import type { Parts } from './parts.ts'
import { REPAIR_EVERY_MS, repairPools } from './services/repair.ts'
import { createCompanions, createPortPool, serviceRanges } from './services/setup.ts'
import type { Authentication } from './stages/authenticate.ts'
import type { Authorization } from './stages/authorize.ts'
import { ObjectStore } from './stages/store.ts'
import { Cache } from './storage/cache.ts'
import { Compaction } from './storage/compaction.ts'
import { EventLeases } from './storage/leases.ts'
import { timedStore } from './storage/timed.ts'
import { plainTransformer } from './storage/transform.ts'
import { createHandlers } from './subresources/handlers.ts'
import { LastingMetrics } from './traffic/lasting-metrics.ts'
import { Metrics } from './traffic/metrics.ts'
import { Labeller } from './traffic/request-labels.ts'
import type { Traffic } from './traffic/traffic.ts'
import { WebhookClient } from './webhook/client.ts'

const EVENT_TTL_SECONDS = 3600
const COMPACT_EVERY_MS = 300_000

export interface Assembled {
  parts: Parts
  authentication: Authentication
  authorization: Authorization
  routes: Routes
  traffic: Traffic
  aggregator: Aggregator
  start(): Promise<void>
  close(): Promise<void>
}

/** Puts the server together: who is handed to whom stands here and nowhere else. */
export function assemble(options: ApiServerOptions): Assembled {
  const { clock, random, log } = options
  const transformer = options.transformer ?? plainTransformer
  const metrics = new Metrics()
  const store = timedStore(options.store, metrics, clock)
  const catalog = new Catalog(options.kinds)
  const cache = new Cache({ store, clock, log: log.child('cache'), transformer })
  const objects = new ObjectStore({ store, cache, transformer })
  const leases = new EventLeases(store, clock, options.eventTtlSeconds ?? EVENT_TTL_SECONDS)
  const webhookClient = new WebhookClient({ lister: createLister(catalog, objects), clock, random })
  const { authentication, serviceAccounts } = createAuthentication(options, { catalog, objects, webhookClient })
  const authorizers = createAuthorization(options, { catalog, cache, webhookClient })
  const { authorization, rbac } = authorizers
  const access = { authorization, authentication, serviceAccounts, rbac }
  const shared = { catalog, cache, objects, leases, clock, random, log, ...access }
  const conversion = new Conversion(webhookClient, random)
  const plugins = createPlugins(options, { ...shared, webhookClient, conversion, metrics })
  const admission = new Admission(plugins, { clock, metrics })
  const labeller = new Labeller(catalog)
  const lasting = new LastingMetrics(metrics, labeller)
  const handlers = createHandlers(options)
  const ports = createPortPool(options)
  const companions = createCompanions(options, ports, () => parts)
  const { kubeletClient } = options
  const parts: Parts = { ...shared, admission, handlers, companions, conversion, lasting, kubeletClient }

  const ranges = serviceRanges(options)
  const kubernetes = new KubernetesService(parts, { store, ranges, advertiseAddress: options.advertiseAddress })
  const customResources = new CustomResources(parts)
  const flowObjects = new FlowObjects(parts)
  const chores = new Chores(clock, log.child('chores'))

  let ready = false
  const aggregator = new Aggregator(parts, options.proxyClient, options.neighbours)
  const audit = options.audit && new AuditLog(options.audit, { clock, random, log, metrics, webhookClient })
  const { routes, traffic } = createFront(options, parts, {
    ...{ aggregator, audit, metrics, labeller, isReady: () => ready },
  })

  return {
    parts,
    authentication,
    authorization,
    routes,
    traffic,
    aggregator,
    async start() {
      await cache.start()
      await bootstrap(parts)
      flowObjects.start()
      await flowObjects.maintain()
      customResources.start()
      await kubernetes.announce().catch(error => log.error('This server could not announce itself', { error }))
      chores.start([
        { name: 'announce this server', everyMs: ANNOUNCE_EVERY_MS, run: () => kubernetes.announce() },
        { name: 'ask extension servers', everyMs: REFRESH_EVERY_MS, run: () => aggregator.refresh() },
        { name: 'maintain flow schemas', everyMs: MAINTAIN_EVERY_MS, run: () => flowObjects.maintain() },
        ...watchFiles(options.watchedFiles ?? [], authorizers, {
          ...{ clock, log, metrics, address: options.advertiseAddress },
        }),
        ...compaction(options),
        { name: 'repair service pools', everyMs: REPAIR_EVERY_MS, run: () => repairPools(parts, ports) },
      ])
      ready = true
    },
    async close() {
      ready = false
      await chores.close()
      await customResources.close()
      await flowObjects.close()
      await kubernetes.leave().catch(error => log.warn('This server could not say goodbye', { error }))
      await audit?.close()
      await webhookClient.close()
      await cache.close()
    },
  }
}

function compaction({ store, compactionIntervalMs: everyMs = COMPACT_EVERY_MS }: ApiServerOptions): Chore[] {
  const compaction = new Compaction(store)
  return everyMs > 0 ? [{ name: 'compact the store', everyMs, run: () => compaction.turn() }] : []
}
