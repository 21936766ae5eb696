import type Docker from 'dockerode'
import type { ContainerStats, ImageDetail, RuntimeInfo } from '../runtime.ts'

/** What the engine tells about itself, images and use, in the runtime's terms. */
export function readInfo(info: Record<string, unknown>, version: Docker.DockerVersion): RuntimeInfo {
  return {
    name: 'docker',
    version: version.Version,
    apiVersion: version.ApiVersion,
    cgroupDriver: info.CgroupDriver === 'systemd' ? 'systemd' : 'cgroupfs',
    cgroupVersion: info.CgroupVersion === '2' ? '2' : '1',
    rootDirectory: String(info.DockerRootDir),
    operatingSystem: String(info.OperatingSystem),
    kernelVersion: String(info.KernelVersion),
    architecture: version.Arch,
    cpus: Number(info.NCPU),
    memoryBytes: Number(info.MemTotal),
    liveRestore: info.LiveRestoreEnabled === true,
  }
}

export function readImage(image: Docker.ImageInspectInfo): ImageDetail {
  return {
    id: image.Id,
    tags: image.RepoTags ?? [],
    digests: image.RepoDigests ?? [],
    size: image.Size,
    user: image.Config?.User ?? '',
    entrypoint: asList(image.Config?.Entrypoint),
    command: asList(image.Config?.Cmd),
    layers: layersOf(image.GraphDriver),
    createdAt: Date.parse(image.Created),
  }
}

function layersOf(driver: Docker.ImageInspectInfo['GraphDriver'] | undefined): string[] {
  const { UpperDir, LowerDir } = (driver?.Data ?? {}) as { UpperDir?: string; LowerDir?: string }
  return [UpperDir, ...(LowerDir?.split(':') ?? [])].filter(path => path !== undefined)
}

function asList(value: string | string[] | undefined | null): string[] {
  if (!value) return []
  return Array.isArray(value) ? value : [value]
}

interface EngineStats {
  read: string
  cpu_stats?: { cpu_usage?: { total_usage?: number } }
  memory_stats?: { usage?: number; stats?: Record<string, number> }
  pids_stats?: { current?: number }
}

export function readStats(stats: EngineStats, now: number): ContainerStats {
  const usage = stats.memory_stats?.usage ?? 0
  const detail = stats.memory_stats?.stats ?? {}
  const reclaimable = detail.total_inactive_file ?? detail.inactive_file ?? 0
  return {
    at: Date.parse(stats.read) || now,
    cpuNanoseconds: stats.cpu_stats?.cpu_usage?.total_usage ?? 0,
    memoryBytes: usage,
    workingSetBytes: Math.max(0, usage - reclaimable),
    pids: stats.pids_stats?.current ?? 0,
  }
}
