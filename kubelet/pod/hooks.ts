import type { Container, LifecycleHandler } from '../../api/types/core-v1.ts'
import { sleep } from '../../platform/clock.ts'
import { runExec } from '../probe/exec.ts'
import { httpRequest } from '../probe/http.ts'
import { portNumber } from '../probe/ports.ts'
import type { LivePod } from './pod.ts'
import type { PodServices } from './services.ts'

export interface HookTarget {
  pod: LivePod
  spec: Container
  id: string
  podIp: string
  signal: AbortSignal
}

/** Runs a postStart or preStop hook to its end; throws when it fails. */
export async function runHook(services: PodServices, hook: LifecycleHandler, target: HookTarget): Promise<void> {
  if (hook.sleep) return sleep(services.clock, hook.sleep.seconds * 1000, target.signal)
  if (hook.exec) return runExecHook(services, hook.exec.command ?? [], target)
  if (hook.httpGet) return runHttpHook(hook.httpGet, target)
  throw new Error('the hook has no handler that is supported: exec, httpGet and sleep are')
}

async function runExecHook(services: PodServices, command: string[], { id, signal }: HookTarget): Promise<void> {
  const { exitCode, output } = await runExec(services.runtime, id, command, signal)
  if (exitCode === 0) return
  const said = output ? `, message: ${JSON.stringify(output)}` : ''
  throw new Error(`command '${command.join(' ')}' exited with ${exitCode}:${said}`)
}

async function runHttpHook(
  action: NonNullable<LifecycleHandler['httpGet']>,
  { spec, podIp, signal }: HookTarget,
): Promise<void> {
  // Any answer will do: what the program makes of the request is its own affair.
  await httpRequest(action, action.host || podIp, portNumber(action.port, spec), signal)
}
