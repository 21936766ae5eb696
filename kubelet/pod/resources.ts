import type { Container, PodSpec } from '../../api/types/core-v1.ts'
import { amountOf, milliOf } from '../amount.ts'
import type { ContainerResources } from '../runtime.ts'
import { oomScoreAdjust } from './oom.ts'

export interface NodeLimits {
  memoryCapacity: number
  /** Processes in one container; undefined: no limit. */
  podPidsLimit?: number
  /** Without CAP_SYS_RESOURCE the engine cannot protect a process from the kernel's memory killer, only expose it. */
  lowestOomScore: number
}

const MINIMUM_SHARES = 2
/** The kernel takes no more. */
const MAXIMUM_SHARES = 262_144
const QUOTA_PERIOD_US = 100_000
const MINIMUM_QUOTA_US = 1000

/** Requests and limits as what the kernel knows: shares, quota, bytes. Memory and swap together never exceed memory. */
export function engineResources(spec: PodSpec, container: Container, node: NodeLimits): ContainerResources {
  const { requests, limits } = container.resources ?? {}
  const memory = amountOf(limits?.memory)
  const quota = cpuQuota(milliOf(limits?.cpu))
  return {
    cpuShares: cpuShares(milliOf(requests?.cpu ?? limits?.cpu) ?? 0),
    ...(quota === undefined ? {} : { cpuQuota: quota, cpuPeriod: QUOTA_PERIOD_US }),
    ...(memory ? { memory: Math.ceil(memory), memorySwap: Math.ceil(memory) } : {}),
    ...(node.podPidsLimit ? { pidsLimit: node.podPidsLimit } : {}),
    oomScoreAdj: Math.max(node.lowestOomScore, oomScoreAdjust(spec, container, node.memoryCapacity)),
  }
}

export function cpuShares(milli: number): number {
  return Math.min(MAXIMUM_SHARES, Math.max(MINIMUM_SHARES, Math.floor((milli * 1024) / 1000)))
}

export function cpuQuota(milli: number | undefined): number | undefined {
  if (!milli) return undefined
  return Math.max(MINIMUM_QUOTA_US, Math.floor((milli * QUOTA_PERIOD_US) / 1000))
}

export type Adjustable = Pick<ContainerResources, 'cpuShares' | 'cpuQuota' | 'cpuPeriod' | 'memory' | 'memorySwap'>

/** What a running container's resources are to become, as far as they can change while it runs; undefined: they are so. */
export function adjustment(wanted: ContainerResources, actual: ContainerResources): Adjustable | undefined {
  const { cpuShares, cpuQuota, cpuPeriod, memory, memorySwap } = wanted
  const same =
    (actual.cpuShares ?? 0) === (cpuShares ?? 0) &&
    (actual.cpuQuota ?? 0) === (cpuQuota ?? 0) &&
    (actual.memory ?? 0) === (memory ?? 0)
  return same ? undefined : { cpuShares, cpuQuota, cpuPeriod, memory, memorySwap }
}
