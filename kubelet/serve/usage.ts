import type { Pod } from '../../api/types/core-v1.ts'
import type { ContainerStats } from '../runtime.ts'
import type { FilesystemUsage, NodeUsage, PodUsage } from './backend.ts'
import type { Metric, MetricSample } from './exposition.ts'

/** What pods and the node use, in the three forms that others of Kubernetes read. Pure but for CpuRates. */

/** Turns CPU time that only grows into the present use, from one question to the next. */
export class CpuRates {
  #seen = new Map<string, CpuSample>()

  /** Cores in billionths, as a mean since the question before; undefined when there was none. */
  rate(key: string, { at, cpuNanoseconds }: ContainerStats): number | undefined {
    const before = this.#seen.get(key)
    if (before && at - before.at < SHORTEST_MS) return before.rate
    const grown = before && cpuNanoseconds >= before.cpuNanoseconds
    const rate = grown ? Math.round(((cpuNanoseconds - before.cpuNanoseconds) * 1000) / (at - before.at)) : undefined
    this.#seen.set(key, { at, cpuNanoseconds, rate })
    return rate
  }

  /** Forgets what has not been asked for since then. */
  forgetBefore(at: number): void {
    for (const [key, sample] of this.#seen) if (sample.at < at) this.#seen.delete(key)
  }
}

interface CpuSample {
  at: number
  cpuNanoseconds: number
  rate: number | undefined
}

/** Over less than this, a rate says more about the scheduler than about the program. */
const SHORTEST_MS = 1000
const REMEMBERED_MS = 600_000

/** /stats/summary */
export function statsSummary(nodeName: string, usage: NodeUsage, rates: CpuRates) {
  rates.forgetBefore(usage.stats.at - REMEMBERED_MS)
  return {
    node: {
      nodeName,
      startTime: iso(usage.startedAt),
      cpu: cpu('node', usage.stats, rates),
      memory: { ...memory(usage.stats), availableBytes: usage.memoryAvailableBytes },
      ...(usage.filesystem ? { fs: filesystem(usage.filesystem, usage.stats.at) } : {}),
      rlimit: { time: iso(usage.stats.at), curproc: usage.stats.pids },
    },
    pods: usage.pods.map(pod => podSummary(pod, rates)),
  }
}

function podSummary(pod: PodUsage, rates: CpuRates) {
  const { name, namespace, uid } = pod
  const total = podTotal(pod)
  return {
    podRef: { name, namespace, uid },
    startTime: iso(pod.startedAt),
    containers: pod.containers.map(container => ({
      name: container.name,
      startTime: iso(container.startedAt),
      cpu: cpu(`${uid}/${container.name}/${container.startedAt}`, container.stats, rates),
      memory: memory(container.stats),
    })),
    ...(total
      ? { cpu: cpu(uid, total, rates), memory: memory(total), process_stats: { process_count: total.pids } }
      : {}),
  }
}

/** Undefined for a pod of which nothing runs. */
function podTotal({ containers }: PodUsage): ContainerStats | undefined {
  if (containers.length === 0) return undefined
  const sum = (of: (stats: ContainerStats) => number) => containers.reduce((total, { stats }) => total + of(stats), 0)
  return {
    at: Math.max(...containers.map(({ stats }) => stats.at)),
    cpuNanoseconds: sum(stats => stats.cpuNanoseconds),
    memoryBytes: sum(stats => stats.memoryBytes),
    workingSetBytes: sum(stats => stats.workingSetBytes),
    pids: sum(stats => stats.pids),
  }
}

function cpu(key: string, stats: ContainerStats, rates: CpuRates) {
  const usageNanoCores = rates.rate(key, stats)
  return {
    time: iso(stats.at),
    ...(usageNanoCores === undefined ? {} : { usageNanoCores }),
    usageCoreNanoSeconds: stats.cpuNanoseconds,
  }
}

function memory(stats: ContainerStats) {
  return { time: iso(stats.at), usageBytes: stats.memoryBytes, workingSetBytes: stats.workingSetBytes }
}

function filesystem({ capacityBytes, availableBytes, usedBytes, inodes, inodesFree }: FilesystemUsage, at: number) {
  const inodesUsed = inodes - inodesFree
  return { time: iso(at), availableBytes, capacityBytes, usedBytes, inodesFree, inodes, inodesUsed }
}

function iso(at: number): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`
}

/** /metrics/resource: what a metrics server reads. */
export function resourceMetrics(usage: NodeUsage): Metric[] {
  const containers = usage.pods.flatMap(pod =>
    pod.containers.map(each => ({
      labels: { container: each.name, namespace: pod.namespace, pod: pod.name },
      startedAt: each.startedAt,
      stats: each.stats,
    })),
  )
  const pods = usage.pods.flatMap(pod => {
    const stats = podTotal(pod)
    return stats ? [{ labels: { namespace: pod.namespace, pod: pod.name }, stats }] : []
  })
  const started = containers.map(({ labels, startedAt }) => ({ labels, value: startedAt / 1000 }))
  const about = { container: 'the container', node: 'the node', pod: 'the pod' }
  const pairs = (['container', 'node', 'pod'] as const).flatMap(scope => {
    const measured = { container: containers, node: [{ labels: {}, stats: usage.stats }], pod: pods }[scope]
    return [
      cpuMetric(`${scope}_cpu_usage_seconds_total`, about[scope], measured),
      memoryMetric(`${scope}_memory_working_set_bytes`, about[scope], measured),
    ]
  })
  return [
    ...pairs,
    gauge('container_start_time_seconds', 'Start time of the container since unix epoch in seconds', started),
    gauge('resource_scrape_error', '1 if there was an error while getting container metrics, 0 otherwise', [
      { value: 0 },
    ]),
  ]
}

type Measured = { labels: Record<string, string>; stats: ContainerStats }[]

function cpuMetric(name: string, whose: string, measured: Measured): Metric {
  const samples = measured.map(({ labels, stats }) => ({ labels, value: stats.cpuNanoseconds / 1e9, at: stats.at }))
  return { name, type: 'counter', help: `Cumulative cpu time consumed by ${whose} in core-seconds`, samples }
}

function memoryMetric(name: string, whose: string, measured: Measured): Metric {
  const samples = measured.map(({ labels, stats }) => ({ labels, value: stats.workingSetBytes, at: stats.at }))
  return gauge(name, `Current working set of ${whose} in bytes`, samples)
}

function gauge(name: string, help: string, samples: MetricSample[]): Metric {
  return { name, type: 'gauge', help, samples }
}

export interface ProcessUsage {
  cpuSeconds: number
  residentBytes: number
  startedAt: number
}

/** /metrics: the agent about itself. */
export function agentMetrics(nodeName: string, pods: readonly Pod[], self: ProcessUsage): Metric[] {
  const states = pods.flatMap(({ status }) => status?.containerStatuses ?? []).map(({ state }) => stateName(state))
  const containers = ['created', 'exited', 'running'].map(name => ({
    labels: { container_state: name },
    value: states.filter(state => state === name).length,
  }))
  const runningPods = pods.filter(pod => pod.status?.phase === 'Running').length
  return [
    gauge('kubelet_node_name', "The node's name. The count is always 1.", [{ labels: { node: nodeName }, value: 1 }]),
    gauge('kubelet_running_pods', 'Number of pods that have a running pod sandbox', [{ value: runningPods }]),
    gauge('kubelet_running_containers', 'Number of containers currently running', containers),
    {
      name: 'process_cpu_seconds_total',
      type: 'counter',
      help: 'Total user and system CPU time spent in seconds.',
      samples: [{ value: self.cpuSeconds }],
    },
    gauge('process_resident_memory_bytes', 'Resident memory size in bytes.', [{ value: self.residentBytes }]),
    gauge('process_start_time_seconds', 'Start time of the process since unix epoch in seconds.', [
      { value: self.startedAt / 1000 },
    ]),
  ]
}

function stateName(state: { running?: unknown; terminated?: unknown } | undefined): string {
  if (state?.running) return 'running'
  return state?.terminated ? 'exited' : 'created'
}
