import type { Node } from '../api/types/core-v1.ts'
import type { Client } from '../client/client.ts'
import { Informer } from '../client/informer.ts'
import { WorkQueue } from '../client/queue.ts'
import { NODES } from '../client/resources.ts'
import type { Clock } from '../platform/clock.ts'
import type { Log } from '../platform/log.ts'
import { type Processes, runChecked } from '../platform/processes.ts'
import type { Random } from '../platform/random.ts'
import type { PacketFilter } from './filter/filter.ts'
import {
  FORWARD_CHAIN,
  forwardRules,
  parseRoutes,
  podRanges,
  type RouteChange,
  routeChanges,
  routesToOtherNodes,
} from './pods/rules.ts'

/**
 * network/ connects the pods of all nodes: one flat address space, no translation between pods. Start here, then
 * pods/rules.ts (pure: objects to routes and rules) and filter/ (the packet filter's one door). It imports api, client
 * and platform.
 */
export interface NetworkOptions {
  client: Client
  processes: Processes
  filter: PacketFilter
  clock: Clock
  random: Random
  log: Log
  nodeName: string
}

export interface Network {
  start(): Promise<void>
  stop(): Promise<void>
}

// Routes of ours carry this protocol number, so that we find and remove no others.
const OUR_PROTOCOL = '107'
const RECHECK_MS = 30_000

/** Keeps the routes to the other nodes' pods, and the way through this node's own filter, as they should be. */
export function createNetwork(options: NetworkOptions): Network {
  const { client, clock, log, nodeName } = options
  const nodes = new Informer<Node>(client.resource<Node>(NODES), {
    clock,
    random: options.random,
    log: log.child('nodes'),
  })
  const queue = new WorkQueue({
    name: 'network',
    clock,
    log,
    workers: 1,
    async work() {
      // Docker rewrites its chains when it restarts, and an interface that comes back has lost its routes: look again.
      queue.addAfter('node', RECHECK_MS)
      await openForwarding(options, nodes.list())
      await keepRoutes(options, nodes.list())
    },
  })
  const look = () => queue.add('node')
  nodes.addHandler({ added: look, updated: look, deleted: look })
  return {
    async start() {
      nodes.start()
      await nodes.synced()
      queue.start()
      look()
      log.info('keeping routes to the pods of other nodes', { node: nodeName })
    },
    async stop() {
      await queue.stop()
      await nodes.stop()
    },
  }
}

async function openForwarding({ filter }: NetworkOptions, nodes: readonly Node[]): Promise<void> {
  await filter.apply(forwardRules(podRanges(nodes)))
  await filter.jump('filter', 'DOCKER-USER', FORWARD_CHAIN)
}

async function keepRoutes({ processes, nodeName, log }: NetworkOptions, nodes: readonly Node[]): Promise<void> {
  const present = parseRoutes(await runChecked(processes, 'ip', ['-4', 'route', 'show', 'proto', OUR_PROTOCOL]))
  for (const change of routeChanges(present, routesToOtherNodes(nodes, nodeName))) {
    await runChecked(processes, 'ip', routeArguments(change))
    log.info(`route ${change.action}d`, { ...change.route })
  }
}

function routeArguments({ action, route }: RouteChange): string[] {
  return ['-4', 'route', action, route.range, 'via', route.gateway, 'proto', OUR_PROTOCOL]
}
