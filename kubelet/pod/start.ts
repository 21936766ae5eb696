import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'
import type { Container } from '../../api/types/core-v1.ts'
import { environment } from '../env/environment.ts'
import { loginsFor } from '../image/logins.ts'
import { hostsFile, resolvFile, terminationFile } from '../paths.ts'
import { type ImageDetail, type Mount, RuntimeError } from '../runtime.ts'
import { type ContainerParts, containerConfig } from './config.ts'
import { ConfigError, StartError } from './errors.ts'
import { runHook } from './hooks.ts'
import type { Attempt } from './labels.ts'
import { liveSandbox, newest, type PodPicture } from './picture.ts'
import type { LivePod } from './pod.ts'
import { containerRefusals } from './refusals.ts'
import type { PodServices } from './services.ts'
import { podTeller } from './tell.ts'

export interface Start {
  pod: LivePod
  spec: Container
  picture: PodPicture
  made: Attempt
  signal: AbortSignal
}

/**
 * Image, configuration, creation, start, postStart hook: everything between "it should run" and "it has started". Returns
 * its id.
 */
export async function startContainer(services: PodServices, start: Start): Promise<string> {
  const { pod, spec, made, signal } = start
  const refusals = made.kind === 'ephemeral' ? containerRefusals(spec) : []
  if (refusals.length > 0) throw new ConfigError(refusals.join('; '))
  const tell = podTeller(services.events, pod, spec.name)
  const image = await services.images.ensure({
    image: spec.image ?? '',
    policy: spec.imagePullPolicy,
    logins: reference => loginsFor(services.references, pod, reference),
    tell,
    signal,
  })
  signal.throwIfAborted()
  const id = await create(services, start, await gatherParts(services, start, image))
  tell('Normal', 'Created', `Created container: ${spec.name}`)
  // Never started, it need not be stopped either, which takes a program that takes no notice its whole grace.
  signal.throwIfAborted()
  await startCreated(services, id)
  tell('Normal', 'Started', `Started container ${spec.name}`)
  if (spec.lifecycle?.postStart) await postStart(services, start, id)
  return id
}

async function create(services: PodServices, { pod, spec, made }: Start, parts: ContainerParts): Promise<string> {
  try {
    return await services.runtime.create(containerConfig(pod, spec, made, parts, services.settings))
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.temporary) throw error
    throw new StartError('CreateContainerError', error.message, { cause: error })
  }
}

async function startCreated({ runtime }: PodServices, id: string): Promise<void> {
  try {
    await runtime.start(id)
  } catch (error) {
    if (!(error instanceof RuntimeError) || error.reason === 'Unavailable') throw error
    throw new StartError('RunContainerError', error.message, { cause: error })
  }
}

async function gatherParts(services: PodServices, start: Start, image: ImageDetail): Promise<ContainerParts> {
  const { pod, spec, picture } = start
  const podIp = pod.spec.hostNetwork ? services.nodeIp() : (liveSandbox(picture)?.ipAddress ?? '')
  const downward = { pod, podIp, nodeIp: services.nodeIp(), allocatable: services.allocatable() }
  const { references } = services
  const env = await environment(spec, { references, services: services.services(), downward })
  const target = (spec as { targetContainerName?: string }).targetContainerName
  return {
    env,
    image,
    mounts: [...(await services.volumes.mounts(pod, spec, env)), ...(await ownMounts(services, start))],
    seccompProfiles: await readProfiles(services, start),
    targetId: target === undefined ? undefined : newest(picture, target)?.id,
  }
}

/** Files of the agent's making that every container gets, unless the pod mounts something of its own there. */
async function ownMounts({ paths }: PodServices, { pod, spec, made }: Start): Promise<Mount[]> {
  const { uid } = pod.metadata
  const lastWords = terminationFile(paths, uid, spec.name, made.attempt)
  await fs.mkdir(dirname(lastWords), { recursive: true, mode: 0o750 })
  await fs.writeFile(lastWords, '', { mode: 0o666 })
  await fs.chmod(lastWords, 0o666)
  const own: Mount[] = [
    { source: hostsFile(paths, uid), target: '/etc/hosts', readOnly: false },
    { source: resolvFile(paths, uid), target: '/etc/resolv.conf', readOnly: false },
    { source: lastWords, target: spec.terminationMessagePath ?? '/dev/termination-log', readOnly: false },
  ]
  const taken = new Set((spec.volumeMounts ?? []).map(mount => mount.mountPath))
  return own.filter(mount => !taken.has(mount.target))
}

async function readProfiles({ paths }: PodServices, { pod, spec }: Start): Promise<Map<string, string>> {
  const profile = spec.securityContext?.seccompProfile ?? pod.spec.securityContext?.seccompProfile
  if (profile?.type !== 'Localhost' || !profile.localhostProfile) return new Map()
  try {
    const text = await fs.readFile(`${paths.root}/seccomp/${profile.localhostProfile}`, 'utf8')
    return new Map([[profile.localhostProfile, text]])
  } catch (error) {
    throw new ConfigError(`cannot load seccomp profile "${profile.localhostProfile}": ${(error as Error).message}`)
  }
}

async function postStart(services: PodServices, { pod, spec, picture, signal }: Start, id: string): Promise<void> {
  try {
    const podIp = pod.spec.hostNetwork ? services.nodeIp() : (liveSandbox(picture)?.ipAddress ?? '')
    await runHook(services, spec.lifecycle!.postStart!, { pod, spec, id, podIp, signal })
  } catch (error) {
    if (signal.aborted) throw error
    const tell = podTeller(services.events, pod, spec.name)
    tell('Warning', 'FailedPostStartHook', `PostStartHook failed: ${(error as Error).message}`)
    tell('Normal', 'Killing', 'FailedPostStartHook')
    await services.runtime.stop(id, pod.spec.terminationGracePeriodSeconds ?? 30)
    throw new StartError('PostStartHookError', (error as Error).message, { cause: error })
  }
}
