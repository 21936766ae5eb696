import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'
import { hostNetworkHosts, podHosts } from '../files/hosts.ts'
import { formatResolv, isLoopbackOnly, parseResolv, podResolv } from '../files/resolv.ts'
import { hostsFile, resolvFile } from '../paths.ts'
import { type ContainerDetail, RuntimeError } from '../runtime.ts'
import { fullHostname, hostnameOf, sandboxConfig } from './config.ts'
import type { LivePod } from './pod.ts'
import type { PodServices } from './services.ts'

/**
 * Makes and starts the container that holds the pod's namespaces, and the files that tell of its name and address.
 * Returns its id.
 */
export async function startSandbox(services: PodServices, pod: LivePod, attempt: number): Promise<string> {
  const { runtime, settings } = services
  const id = await runtime.create(sandboxConfig(pod, attempt, settings))
  try {
    await runtime.start(id)
    const detail = await runtime.inspect(id)
    if (!detail) throw new Error('the sandbox was removed while it started')
    await writeHosts(services, pod, detail)
    return id
  } catch (error) {
    // A sandbox whose pod lacks its files would look usable to the next look at it.
    await runtime.remove(id)
    // While no pod runs nobody uses the pods' network, and who tidies up takes it away: the next try finds it again.
    if (error instanceof RuntimeError && error.reason === 'NotFound') await services.ensureNetwork()
    throw error
  }
}

async function writeHosts({ paths, settings }: PodServices, pod: LivePod, sandbox: ContainerDetail): Promise<void> {
  const aliases = pod.spec.hostAliases ?? []
  const hostname = hostnameOf(pod, settings)
  const text = pod.spec.hostNetwork
    ? hostNetworkHosts(await fs.readFile('/etc/hosts', 'utf8'), aliases)
    : podHosts(sandbox.ipAddress, hostname, fullHostname(pod, hostname, settings), aliases)
  await writeFile(hostsFile(paths, pod.metadata.uid), text)
}

/** The pod's resolv.conf, which needs nothing of the sandbox. */
export async function writeResolv({ paths, dns }: PodServices, pod: LivePod): Promise<void> {
  const settings = podResolv(pod.spec, pod.metadata.namespace, dns, await nodeResolver())
  await writeFile(resolvFile(paths, pod.metadata.uid), formatResolv(settings))
}

async function nodeResolver() {
  const own = parseResolv(await readIfAny('/etc/resolv.conf'))
  if (!isLoopbackOnly(own)) return own
  const behind = parseResolv(await readIfAny('/run/systemd/resolve/resolv.conf'))
  return behind.nameservers.length > 0 ? behind : own
}

async function readIfAny(path: string): Promise<string> {
  return (await ifPresent(fs.readFile(path, 'utf8'))) ?? ''
}

/** In place: the files are mounted into containers one by one, a renamed one would not be seen there. */
async function writeFile(path: string, text: string): Promise<void> {
  await fs.mkdir(dirname(path), { recursive: true, mode: 0o750 })
  await fs.writeFile(path, text, { mode: 0o644 })
}
