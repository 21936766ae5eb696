import { connect } from 'node:net'
import type { Node } from '../../api/types/core-v1.ts'
import { unlessGone } from '../../client/outcomes.ts'
import { NODES } from '../../client/resources.ts'
import { type Context, type Controller, createLoop } from '../context.ts'
import { readyStatusOf } from './health.ts'

/** Says on a node whether the master reaches its agent: REACHABLE, or why not. `kubox join` waits for it. */
export const AGENT_REACHABLE = 'kubox.io/agent-reachable'
export const REACHABLE = 'yes'

const DIAL_MS = 3000
/** A firewall that was opened is noticed after this long. */
const AGAIN_MS = 10_000

export interface Target {
  host: string
  port: number
}

/** Where the agent of a node that lives should answer. */
export function dialTarget(node: Node): Target | undefined {
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port
  return host && port && readyStatusOf(node) === 'True' ? { host, port } : undefined
}

/** Why a port cannot be reached; undefined: it can. */
export function dial({ host, port }: Target, timeoutMs = DIAL_MS): Promise<string | undefined> {
  return new Promise(resolve => {
    const socket = connect({ host, port, timeout: timeoutMs })
    const end = (problem: string | undefined) => {
      socket.destroy()
      resolve(problem)
    }
    socket.once('connect', () => end(undefined))
    socket.once('timeout', () => end(`no answer within ${timeoutMs / 1000} s`))
    socket.once('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message))
  })
}

/**
 * Calls each agent once it is there, and again when its address changes: heartbeats come from the node, so a node behind a
 * firewall is Ready, and nothing but the first `kubectl logs` would tell.
 */
export function agentReachabilityController(context: Context): Controller {
  const { client, informers } = context
  const nodes = informers.of<Node>(NODES)
  const dialled = new Map<string, string>()
  const loop = createLoop(context, 'agent-reachability-controller', step)
  loop.watch(nodes)

  async function step(name: string): Promise<void> {
    const node = nodes.get(name)
    const target = node && dialTarget(node)
    if (!node || !target) return void dialled.delete(name)
    const place = `${target.host}:${target.port}`
    if (dialled.get(name) === place) return
    const problem = await dial(target)
    if (problem) loop.queue.addAfter(name, AGAIN_MS)
    else dialled.set(name, place)
    const verdict = problem ?? REACHABLE
    if (node.metadata.annotations?.[AGENT_REACHABLE] === verdict) return
    const patch = { metadata: { annotations: { [AGENT_REACHABLE]: verdict } } }
    await unlessGone(client.resource<Node>(NODES).patch(name, 'merge', patch))
    if (problem) loop.events.event(node, 'Warning', 'AgentUnreachable', unreachableMessage(name, target, problem))
  }

  return loop
}

function unreachableMessage(name: string, { host, port }: Target, problem: string): string {
  return `The master cannot reach the agent of ${name} at ${host}:${port} (${problem}): logs, exec, port-forward and metrics of its pods fail. Open the port on the node: ufw allow ${port}/tcp`
}
