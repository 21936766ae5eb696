import type { ContainerCreateOptions, HostConfig } from 'dockerode'
import type { ContainerConfig, ContainerResources, Mount } from '../runtime.ts'

/** The body of the engine's "create a container" call (API 1.41) for what the agent wants. */
export function createBody(config: ContainerConfig): ContainerCreateOptions {
  return {
    name: config.name,
    Image: config.image,
    Labels: config.labels,
    Entrypoint: config.entrypoint,
    Cmd: config.command,
    Env: config.env,
    WorkingDir: config.workingDir,
    User: config.user,
    Tty: config.tty ?? false,
    OpenStdin: config.openStdin ?? false,
    StdinOnce: config.stdinOnce ?? false,
    Hostname: config.hostname,
    StopSignal: config.stopSignal,
    ExposedPorts: exposedPorts(config),
    HostConfig: hostConfig(config),
  }
}

function hostConfig(config: ContainerConfig): HostConfig {
  const { security } = config
  return {
    ...resourceFields(config.resources),
    OomScoreAdj: config.resources.oomScoreAdj,
    Mounts: config.mounts.map(bindMount),
    NetworkMode: config.networkMode,
    IpcMode: config.ipcMode,
    PidMode: config.pidMode,
    UTSMode: config.utsMode,
    PortBindings: portBindings(config),
    GroupAdd: config.supplementalGroups,
    Privileged: security.privileged ?? false,
    CapAdd: security.capAdd,
    CapDrop: security.capDrop,
    ReadonlyRootfs: security.readOnlyRootfs ?? false,
    SecurityOpt: security.securityOpt,
    MaskedPaths: security.maskedPaths,
    ReadonlyPaths: security.readonlyPaths,
    Sysctls: config.sysctls,
    LogConfig: { Type: 'json-file', Config: logConfig(config) },
    // Restarting is the agent's business: it counts, backs off and tells.
    RestartPolicy: { Name: 'no' },
  } as HostConfig
}

/** The part of a container that can change while it runs. */
export function resourceFields(resources: ContainerResources) {
  return {
    CpuShares: resources.cpuShares,
    CpuQuota: resources.cpuQuota,
    CpuPeriod: resources.cpuPeriod,
    CpusetCpus: resources.cpusetCpus,
    Memory: resources.memory,
    MemorySwap: resources.memorySwap,
    PidsLimit: resources.pidsLimit,
  }
}

function bindMount(mount: Mount) {
  return {
    Type: 'bind' as const,
    Source: mount.source,
    Target: mount.target,
    ReadOnly: mount.readOnly,
    BindOptions: { Propagation: mount.propagation ?? ('rprivate' as const) },
  }
}

function exposedPorts(config: ContainerConfig): Record<string, object> | undefined {
  if (!config.portBindings) return undefined
  return Object.fromEntries(config.portBindings.map(port => [`${port.containerPort}/${port.protocol}`, {}]))
}

function portBindings(config: ContainerConfig): Record<string, { HostPort: string; HostIp: string }[]> | undefined {
  if (!config.portBindings) return undefined
  const bindings: Record<string, { HostPort: string; HostIp: string }[]> = {}
  for (const port of config.portBindings) {
    const key = `${port.containerPort}/${port.protocol}`
    bindings[key] = [...(bindings[key] ?? []), { HostPort: String(port.hostPort), HostIp: port.hostIp ?? '' }]
  }
  return bindings
}

function logConfig(config: ContainerConfig): Record<string, string> {
  if (!config.logOptions) return {}
  return { 'max-size': config.logOptions.maxSize, 'max-file': String(config.logOptions.maxFiles) }
}

/** The same, read back from a container. */
export function readResources(host: HostConfig): ContainerResources {
  return { cpuShares: host.CpuShares, cpuQuota: host.CpuQuota, cpuPeriod: host.CpuPeriod, memory: host.Memory }
}
