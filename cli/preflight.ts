import { DockerRuntime } from '../kubelet/docker/runtime.ts'
import { describeProblems, type Problem, preflight } from '../kubelet/preflight/preflight.ts'
import { checkSwap, fixSwap } from '../kubelet/preflight/swap.ts'
import { clockOffset } from './clock-offset.ts'
import { type ClusterRanges, machineRoutes, rangeProblems } from './init/ranges.ts'
import { UserError } from './output.ts'
import type { Tools } from './tools.ts'

export interface MachineRequest {
  failSwapOn: boolean
  fixSwap: boolean
  ports: number[]
  /** Whose clock this machine's is compared with: the API server that it joins. */
  master?: string
  /** Of a new cluster: a joining machine has no say in them. */
  ranges?: ClusterRanges
}

/** Refuses a machine that a node could not live on, with every reason at once and the way out of each. */
export async function checkMachine(request: MachineRequest, tools: Tools): Promise<void> {
  const { disk, processes, output } = tools
  if (request.fixSwap) await fixSwap(disk, processes, command => output.line(`  ${command}`))
  await output.step('checking this machine', () => refuseUnready(request, tools))
}

async function refuseUnready(request: MachineRequest, { disk, clock, layout, processes }: Tools): Promise<void> {
  const runtime = new DockerRuntime(clock)
  const { master } = request
  const problems = await preflight({
    ...{ ...request, disk, runtime, rootDirectory: layout.root },
    clockOffset: master === undefined ? undefined : () => clockOffset(master, clock),
  })
  // Without an engine nobody can tell which of the networks an earlier cluster made.
  const engineRuns = await runtime.info().then(Boolean, () => false)
  if (request.ranges && engineRuns) problems.push(...rangeProblems(request.ranges, await machineRoutes(processes)))
  refuse(problems)
}

/** Swap may be back after a reboot: looked at whenever an agent starts. */
export async function checkNoSwap({ disk }: Tools): Promise<void> {
  refuse(await checkSwap(disk))
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UserError(`this machine is not ready:\n${describeProblems(problems)}`)
}
