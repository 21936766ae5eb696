import type { Container, ContainerPort } from '../../api/types/core-v1.ts'
import { expandAll } from '../env/expand.ts'
import type { ContainerConfig, ImageDetail, Mount } from '../runtime.ts'
import { SANDBOX_IMAGE } from '../sandbox/image.ts'
import { type Attempt, containerLabels, engineName, sandboxLabels } from './labels.ts'
import type { LivePod } from './pod.ts'
import { podTitle } from './pod.ts'
import { engineResources, type NodeLimits } from './resources.ts'
import { checkAppArmor, checkNonRoot, effectiveSecurity, engineSecurity, userOf } from './security.ts'

/** What of the node goes into every container's configuration. */
export interface NodeSettings {
  nodeName: string
  network: string
  clusterDomain: string
  limits: NodeLimits
  /** The kernel knows AppArmor. Docker on one that does not leaves profiles away without a word. */
  appArmor: boolean
  logOptions: { maxSize: string; maxFiles: number }
}

const SANDBOX_OOM_SCORE = -998
const LONGEST_HOSTNAME = 63

/** The container that holds a pod's namespaces. */
export function sandboxConfig(pod: LivePod, attempt: number, node: NodeSettings): ContainerConfig {
  const { hostNetwork, hostPID, hostIPC, securityContext } = pod.spec
  return {
    name: engineName('POD', pod, attempt),
    image: SANDBOX_IMAGE,
    labels: sandboxLabels(node.nodeName, pod, attempt),
    env: [],
    mounts: [],
    ...(hostNetwork
      ? { networkMode: 'host', utsMode: 'host' }
      : { networkMode: node.network, hostname: hostnameOf(pod, node) }),
    ipcMode: hostIPC ? 'host' : 'shareable',
    ...(hostPID ? { pidMode: 'host' } : {}),
    portBindings: hostNetwork ? undefined : portBindings(pod),
    resources: { cpuShares: 2, oomScoreAdj: Math.max(node.limits.lowestOomScore, SANDBOX_OOM_SCORE) },
    security: { securityOpt: ['no-new-privileges'] },
    sysctls: sysctlsOf(securityContext?.sysctls),
    logOptions: node.logOptions,
  }
}

function sysctlsOf(sysctls: { name: string; value: string }[] | undefined): Record<string, string> | undefined {
  return sysctls && Object.fromEntries(sysctls.map(({ name, value }) => [name.replaceAll('/', '.'), value]))
}

function portBindings(pod: LivePod): ContainerConfig['portBindings'] {
  const ports = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].flatMap(one => one.ports ?? [])
  const bound = ports.filter((port): port is ContainerPort & { hostPort: number } => Boolean(port.hostPort))
  if (bound.length === 0) return undefined
  return bound.map(({ containerPort, hostPort, hostIP, protocol = 'TCP' }) => ({
    containerPort,
    hostPort,
    hostIp: hostIP,
    protocol: protocol.toLowerCase() as 'tcp' | 'udp' | 'sctp',
  }))
}

/** The name a pod has for itself. */
export function hostnameOf(pod: LivePod, node: Pick<NodeSettings, 'clusterDomain'>): string {
  if (pod.spec.hostnameOverride) return pod.spec.hostnameOverride
  const short = (pod.spec.hostname ?? pod.metadata.name).slice(0, LONGEST_HOSTNAME).replace(/[-.]+$/, '')
  return pod.spec.setHostnameAsFQDN ? (fullHostname(pod, short, node) ?? short) : short
}

/** The name under a headless service; undefined for a pod without subdomain. */
export function fullHostname(
  pod: LivePod,
  hostname: string,
  node: Pick<NodeSettings, 'clusterDomain'>,
): string | undefined {
  if (!pod.spec.subdomain) return undefined
  return `${hostname}.${pod.spec.subdomain}.${pod.metadata.namespace}.svc.${node.clusterDomain}`
}

/** What has been looked up for one container before its configuration can be written down. */
export interface ContainerParts {
  env: Map<string, string>
  mounts: Mount[]
  image: ImageDetail
  seccompProfiles: Map<string, string>
  /** The container whose processes a debugger wants to see. */
  targetId?: string
}

export function containerConfig(
  pod: LivePod,
  spec: Container,
  made: Attempt,
  parts: ContainerParts,
  node: NodeSettings,
): ContainerConfig {
  const security = effectiveSecurity(pod.spec, spec)
  checkAppArmor(security, node.appArmor)
  checkNonRoot(security, parts.image, `pod: "${podTitle(pod)}", container: ${spec.name}`)
  return {
    name: engineName(spec.name, pod, made.attempt),
    image: parts.image.id,
    labels: containerLabels(node.nodeName, pod, spec, made),
    entrypoint: spec.command && expandAll(spec.command, parts.env),
    command: spec.args && expandAll(spec.args, parts.env),
    env: [...parts.env].map(([name, value]) => `${name}=${value}`),
    workingDir: spec.workingDir,
    user: userOf(security, parts.image),
    supplementalGroups: groupsOf(pod),
    tty: spec.tty,
    openStdin: spec.stdin,
    stdinOnce: spec.stdinOnce,
    mounts: parts.mounts,
    ...namespaces(pod, made.sandboxId, parts.targetId),
    resources: engineResources(pod.spec, spec, node.limits),
    security: engineSecurity(security, parts.seccompProfiles),
    stopSignal: spec.lifecycle?.stopSignal,
    logOptions: node.logOptions,
  }
}

function groupsOf(pod: LivePod): string[] | undefined {
  const { supplementalGroups = [], fsGroup } = pod.spec.securityContext ?? {}
  const groups = [...supplementalGroups, ...(fsGroup === undefined ? [] : [fsGroup])]
  return groups.length > 0 ? groups.map(String) : undefined
}

/** One IP address, one hostname and one shared memory for all; processes only where the pod asks for it. */
function namespaces(pod: LivePod, sandboxId: string, targetId?: string): Partial<ContainerConfig> {
  const joined = `container:${sandboxId}`
  const { hostNetwork, hostPID, hostIPC, shareProcessNamespace } = pod.spec
  return {
    networkMode: joined,
    ...(hostNetwork ? { utsMode: 'host' } : {}),
    ipcMode: hostIPC ? 'host' : joined,
    ...(hostPID ? { pidMode: 'host' } : shareProcessNamespace ? { pidMode: joined } : targetPid(targetId)),
  }
}

function targetPid(targetId: string | undefined): Partial<ContainerConfig> {
  return targetId ? { pidMode: `container:${targetId}` } : {}
}
