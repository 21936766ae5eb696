import { pause } from '../../platform/clock.ts'
import { runHook } from './hooks.ts'
import { liveSandbox, type PodPicture } from './picture.ts'
import { findContainer, type LivePod } from './pod.ts'
import type { PodServices } from './services.ts'
import { podTeller } from './tell.ts'

export interface Stop {
  pod: LivePod
  picture: PodPicture
  name: string
  id: string
  graceSeconds: number
  why: string
  signal: AbortSignal
}

/** Whatever its hook used up, a program gets this long to react to the signal. */
const LEAST_GRACE_SECONDS = 1

/** preStop hook, signal, grace, SIGKILL. */
export async function stopContainer(services: PodServices, stop: Stop): Promise<void> {
  const { pod, name, id, graceSeconds, why } = stop
  const tell = podTeller(services.events, pod, name)
  tell('Normal', 'Killing', why.startsWith('Container ') ? why : `Stopping container ${name}`)
  const began = services.clock.monotonic()
  if (graceSeconds > 0) await preStop(services, stop)
  const used = (services.clock.monotonic() - began) / 1000
  await services.runtime.stop(id, graceSeconds > 0 ? Math.max(LEAST_GRACE_SECONDS, graceSeconds - used) : 0)
}

async function preStop(services: PodServices, stop: Stop): Promise<void> {
  const { pod, name, id, graceSeconds } = stop
  const spec = findContainer(pod, name)?.spec
  const hook = spec?.lifecycle?.preStop
  if (!spec || !hook) return
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, stop.signal])
  const podIp = pod.spec.hostNetwork ? services.nodeIp() : (liveSandbox(stop.picture)?.ipAddress ?? '')
  const outOfGrace = pause(services.clock, graceSeconds * 1000, over.signal)
  const run = runHook(services, hook, { pod, spec, id, podIp, signal }).catch(error => {
    // The container is stopped all the same.
    if (!signal.aborted) podTeller(services.events, pod, name)('Warning', 'FailedPreStopHook', hookFailure(error))
  })
  await Promise.race([run, outOfGrace])
  over.abort()
  await run
}

function hookFailure(error: unknown): string {
  return `PreStopHook failed: ${error instanceof Error ? error.message : String(error)}`
}
