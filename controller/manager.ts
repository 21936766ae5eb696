import { ApiError } from '../api/errors.ts'
import type { ApiHandler } from '../api/exchange.ts'
import type { Node } from '../api/types/core-v1.ts'
import type { Client } from '../client/client.ts'
import { leadWithLease } from '../client/lease.ts'
import { NODES } from '../client/resources.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { nameSuffix, type Random } from '../platform/random.ts'
import { autoscalingController } from './autoscaling/controller.ts'
import { bootstrapController } from './bootstrap.ts'
import { certificateController } from './certificates/controller.ts'
import { type Context, type Controller, type ControllerOptions, together } from './context.ts'
import { cronJobController } from './cron/controller.ts'
import { daemonSetController } from './daemons/controller.ts'
import { deploymentController } from './deployments/controller.ts'
import { disruptionController } from './disruption.ts'
import { endpointController } from './endpoints/controller.ts'
import { endpointMirroringController } from './endpoints/mirroring.ts'
import { garbageController } from './garbage/controller.ts'
import { SharedInformers } from './informers.ts'
import { jobController } from './jobs/controller.ts'
import { ttlController } from './jobs/ttl.ts'
import { createMetricsApi } from './metrics/api.ts'
import { accountTokenController, rootCaController, serviceAccountController } from './namespaces/accounts.ts'
import { namespaceController } from './namespaces/deletion.ts'
import { taintEvictionController } from './nodes/eviction.ts'
import { nodeIpamController } from './nodes/ipam.ts'
import { nodeLifecycleController } from './nodes/lifecycle.ts'
import { agentReachabilityController } from './nodes/reachability.ts'
import { podGarbageController } from './pod-garbage.ts'
import { sharedPods } from './pods.ts'
import { quotaController } from './quota.ts'
import { replicaSetController, replicationController } from './replicas/controller.ts'
import { clusterRoleController } from './roles.ts'
import { statefulSetController } from './stateful/controller.ts'
import { volumeController } from './volumes/controller.ts'
import { volumeProtectionController } from './volumes/protection.ts'

/**
 * controller/ makes the world match the objects: one file or small folder a controller, all of one shape (observe by
 * informers, decide by pure functions, act through clients). Start with context.ts (that shape), then replicas/ as the
 * plainest example; this file lists and runs them all. It imports platform, api, client and pki.
 */
const CONTROLLERS: Readonly<Record<string, (context: Context) => Controller>> = {
  'node-lifecycle': nodeLifecycleController,
  'taint-eviction': taintEvictionController,
  'node-ipam': nodeIpamController,
  'agent-reachability': agentReachabilityController,
  certificates: certificateController,
  namespace: namespaceController,
  serviceaccount: serviceAccountController,
  'serviceaccount-token': accountTokenController,
  'root-ca-certificate-publisher': rootCaController,
  'bootstrap-tokens': bootstrapController,
  'pod-garbage-collector': podGarbageController,
  replicaset: replicaSetController,
  replicationcontroller: replicationController,
  deployment: deploymentController,
  daemonset: daemonSetController,
  statefulset: statefulSetController,
  job: jobController,
  cronjob: cronJobController,
  'ttl-after-finished': ttlController,
  disruption: disruptionController,
  horizontalpodautoscaling: autoscalingController,
  resourcequota: quotaController,
  'clusterrole-aggregation': clusterRoleController,
  'persistentvolume-binder': volumeController,
  'persistentvolume-protection': volumeProtectionController,
  endpoint: endpointController,
  'endpointslice-mirroring': endpointMirroringController,
  'garbage-collector': garbageController,
}

export interface ManagerOptions extends ControllerOptions {
  client: Client
  clock: Clock
  random: Random
  log: Log
  /** Work only while holding the lease kube-system/kube-controller-manager. */
  leaderElect?: boolean
  identity?: string
}

export interface ControllerManager {
  /** Resolves when the controllers work, or stand by for the lease. */
  start(): Promise<void>
  stop(): Promise<void>
  /** Serves metrics.k8s.io while the controllers work; mounted by whoever runs them beside an API server. */
  readonly metrics: ApiHandler
}

export function createControllerManager(options: ManagerOptions): ControllerManager {
  const { client, clock, random, log } = options
  const stopping = new AbortController()
  let running: Promise<void> | undefined
  let current: Running | undefined
  const setCurrent = (controllers: Running | undefined) => {
    current = controllers
  }
  return {
    metrics: async request => (current ? current.metrics(request) : NOT_RUNNING),
    async start() {
      if (!options.leaderElect) {
        current = new Running(options)
        return current.start()
      }
      const identity = options.identity ?? `controller-manager-${nameSuffix(random, 10)}`
      const lease = { client, clock, random, log, name: 'kube-controller-manager', identity }
      running = leadWithLease(lease, signal => lead(options, signal, setCurrent), stopping.signal)
    },
    async stop() {
      stopping.abort()
      await running
      await current?.stop()
    },
  }
}

const NOT_RUNNING = {
  status: 503,
  headers: { 'content-type': 'application/json' },
  body: Buffer.from(
    JSON.stringify(new ApiError('ServiceUnavailable', 'the controllers stand by, or start').toStatus()),
  ),
}

async function lead(
  options: ManagerOptions,
  signal: AbortSignal,
  setCurrent: (controllers: Running | undefined) => void,
): Promise<void> {
  const controllers = new Running(options)
  setCurrent(controllers)
  const ended = new Promise<void>(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  await Promise.race([controllers.start(), ended])
  await ended
  setCurrent(undefined)
  await controllers.stop()
}

/** All controllers of one term of office. */
class Running {
  readonly metrics: ApiHandler
  readonly #informers: SharedInformers
  readonly #controllers: Controller
  #stopped = false

  constructor(options: ManagerOptions) {
    const { client, clock, random, log } = options
    this.#informers = new SharedInformers(client, { clock, random, log })
    const context: Context = { client, clock, random, log, informers: this.#informers, options }
    const pods = sharedPods(this.#informers)
    this.metrics = createMetricsApi({ client, clock, log, nodes: this.#informers.of<Node>(NODES), pods })
    const unknown = options.disabled?.find(name => !(name in CONTROLLERS))
    if (unknown) throw new Error(`there is no controller named ${unknown}`)
    const chosen = Object.entries(CONTROLLERS).filter(([name]) => !options.disabled?.includes(name))
    this.#controllers = together(...chosen.map(([, create]) => create(context)))
  }

  async start(): Promise<void> {
    await this.#informers.start()
    if (!this.#stopped) this.#controllers.start()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#controllers.stop()
    await this.#informers.stop()
  }
}
