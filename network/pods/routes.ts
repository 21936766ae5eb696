import type { Node } from '../../api/types/core-v1.ts'
import type { Log } from '../../platform/log.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'
import { parseRoutes, type RouteChange, routeChanges, routesToOtherNodes } from './rules.ts'

// Routes of ours carry this protocol number, so that we find and remove no others.
const OUR_PROTOCOL = '107'

/** Makes this machine's routes to the pods of other nodes what they should be. */
export async function keepRoutes(
  { processes, nodeName, log }: { processes: Processes; nodeName: string; log: Log },
  nodes: readonly Node[],
): Promise<void> {
  const present = parseRoutes(await runChecked(processes, 'ip', ['-4', 'route', 'show', 'proto', OUR_PROTOCOL]))
  for (const change of routeChanges(present, routesToOtherNodes(nodes, nodeName))) {
    await runChecked(processes, 'ip', routeArguments(change))
    log.info(`route ${change.action}d`, { ...change.route })
  }
}

function routeArguments({ action, route }: RouteChange): string[] {
  return ['-4', 'route', action, route.range, 'via', route.gateway, 'proto', OUR_PROTOCOL]
}
