import type Docker from 'dockerode'
import { type Clock, sleep } from '../../platform/clock.ts'
import { type PodNetwork, RuntimeError } from '../runtime.ts'

/** Makes the bridge network of the pods, or finds it as it should be; one that differs is refused, not replaced. */
export async function ensureNetwork(docker: Docker, wanted: PodNetwork): Promise<void> {
  const found = (await docker.listNetworks({ filters: { name: [wanted.name] } })).find(one => one.Name === wanted.name)
  if (found) return checkNetwork(found, wanted)
  try {
    await docker.createNetwork(networkBody(wanted))
  } catch (error) {
    // Another agent on this machine was faster: what counts is that it is there.
    if ((error as { statusCode?: number }).statusCode !== 409) throw error
  }
}

function checkNetwork(found: Docker.NetworkInspectInfo, wanted: PodNetwork): void {
  const subnet = found.IPAM?.Config?.[0]?.Subnet
  if (wanted.subnet === undefined || wanted.subnet === subnet) return
  const remedy = `remove the pods on it and run: docker network rm ${wanted.name}`
  throw new RuntimeError(
    'Conflict',
    `network ${wanted.name} has subnet ${subnet}, not ${wanted.subnet}; ${remedy}`,
    false,
  )
}

export function networkBody(wanted: PodNetwork): Docker.NetworkCreateOptions {
  const options: Record<string, string> = {}
  if (wanted.bridge) options['com.docker.network.bridge.name'] = wanted.bridge
  if (wanted.mtu) options['com.docker.network.driver.mtu'] = String(wanted.mtu)
  const ipam = wanted.subnet ? { Config: [{ Subnet: wanted.subnet, Gateway: wanted.gateway }] } : undefined
  return {
    Name: wanted.name,
    Driver: 'bridge',
    CheckDuplicate: true,
    Options: options,
    Labels: { 'io.kubox.network': 'pods' },
    ...(ipam ? { IPAM: ipam as Docker.IPAM } : {}),
  }
}

/** The engine forgets the end points of removed containers a moment later: until then it says that they are active. */
const ENDPOINTS_LINGER_MS = 10_000
const LOOK_AGAIN_MS = 100

export async function removeNetwork(docker: Docker, name: string, clock: Clock): Promise<void> {
  const deadline = clock.monotonic() + ENDPOINTS_LINGER_MS
  for (;;) {
    try {
      await docker.getNetwork(name).remove()
      return
    } catch (error) {
      const { statusCode, message = '' } = error as { statusCode?: number; message?: string }
      if (statusCode === 404) return
      if (!message.includes('active endpoints')) throw error
      if (clock.monotonic() > deadline) throw miscounted(name)
    }
    await sleep(clock, LOOK_AGAIN_MS)
  }
}

/**
 * Docker 20.10 counts end points apart from the list of them, and the count can stay behind when containers come and go
 * quickly. Nothing but a restart of the engine sets it right.
 */
function miscounted(name: string): RuntimeError {
  const remedy = `systemctl restart docker && docker network rm ${name}`
  return new RuntimeError(
    'Conflict',
    `Docker takes network ${name} for used though no container is on it: ${remedy}`,
    true,
  )
}
