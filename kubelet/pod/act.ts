import * as fs from 'node:fs/promises'
import { isReason } from '../../api/errors.ts'
import { hostsFile, logDirectory, podDirectory } from '../paths.ts'
import type { Ending, PodMemory } from './memory.ts'
import type { PodPicture } from './picture.ts'
import type { Action } from './plan.ts'
import { findContainer, isStatic, type LivePod } from './pod.ts'
import { startSandbox, writeResolv } from './sandbox.ts'
import type { PodServices } from './services.ts'
import { startContainer } from './start.ts'
import { stopContainer } from './stop.ts'
import { podTeller } from './tell.ts'

/** What was seen and known when the action was decided on. */
export interface Circumstances {
  pod: LivePod
  picture: PodPicture
  memory: PodMemory
  ending?: Ending
  signal: AbortSignal
}

/** Carries out one action of the plan, to its end or to an error. Says which container is not as it was before. */
export async function perform(services: PodServices, action: Action, now: Circumstances): Promise<string | undefined> {
  const { pod, picture, signal } = now
  switch (action.do) {
    case 'create sandbox':
      if (action.attempt > 0) tellSandboxChanged(services, pod)
      return startSandbox(services, pod, action.attempt)
    case 'start': {
      const spec = findContainer(pod, action.name)?.spec
      return spec && startContainer(services, { pod, spec, picture, made: action, signal })
    }
    case 'resize':
      return resize(services, pod, action)
    case 'prepare':
      await prepare(services, pod)
      return
    case 'stop':
      await stopContainer(services, { pod, picture, signal, ...action })
      return
    case 'remove':
      await services.runtime.remove(action.id)
      return
    case 'release':
      await services.volumes.release(pod.metadata.uid)
      return
    case 'finish':
      await finish(services, now)
  }
}

async function resize(services: PodServices, pod: LivePod, action: Action & { do: 'resize' }): Promise<string> {
  await services.runtime.updateResources(action.id, action.to)
  podTeller(services.events, pod, action.name)(
    'Normal',
    'ResizeCompleted',
    `Container ${action.name} was resized in place`,
  )
  return action.id
}

function tellSandboxChanged({ events }: PodServices, pod: LivePod): void {
  podTeller(events, pod)('Normal', 'SandboxChanged', 'Pod sandbox changed, it will be killed and re-created.')
}

async function prepare(services: PodServices, pod: LivePod): Promise<void> {
  await fs.mkdir(podDirectory(services.paths, pod.metadata.uid), { recursive: true, mode: 0o750 })
  await writeResolv(services, pod)
  await fs.writeFile(hostsFile(services.paths, pod.metadata.uid), '', { flag: 'a', mode: 0o644 })
  await services.volumes.prepare(pod)
}

/** Leaves nothing of the pod on the node, and then lets the API server forget it. */
async function finish(services: PodServices, { pod, ending }: Circumstances): Promise<void> {
  const { paths, volumes, reporter, pods, statusTarget } = services
  const { uid, name, namespace } = pod.metadata
  await volumes.release(uid)
  await fs.rm(podDirectory(paths, uid), { recursive: true, force: true })
  await fs.rm(logDirectory(paths, pod.metadata), { recursive: true, force: true })
  const target = statusTarget(pod)
  if (target) await reporter.settled(target.uid)
  reporter.forget(target?.uid ?? uid)
  if (ending?.why !== 'deleted' || isStatic(pod)) return
  try {
    await pods.delete(name, { namespace, gracePeriodSeconds: 0, preconditions: { uid } })
  } catch (error) {
    // Somebody was faster, or the name belongs to another pod already.
    if (!isReason(error, 'NotFound') && !isReason(error, 'Conflict')) throw error
  }
}
