import { DockerRuntime } from '../kubelet/docker/runtime.ts'
import { describeProblems, type Problem, preflight } from '../kubelet/preflight/preflight.ts'
import { checkSwap } from '../kubelet/preflight/swap.ts'
import { UserError } from './output.ts'
import type { Tools } from './tools.ts'

export interface MachineRequest {
  failSwapOn: boolean
  ports: number[]
}

/** Refuses a machine that a node could not live on, with every reason at once and the way out of each. */
export async function checkMachine(request: MachineRequest, { disk, clock, layout }: Tools): Promise<void> {
  const runtime = new DockerRuntime(clock)
  refuse(await preflight({ ...request, disk, runtime, rootDirectory: layout.root }))
}

/** Swap may be back after a reboot: looked at whenever an agent starts. */
export async function checkNoSwap({ disk }: Tools): Promise<void> {
  refuse(await checkSwap(disk))
}

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new UserError(`this machine is not ready:\n${describeProblems(problems)}`)
}
