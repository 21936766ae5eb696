import { formatQuantity } from '../../api/quantity.ts'
import type { NodeMetrics, PodMetrics } from '../../api/types/metrics-v1beta1.ts'

/** What an agent answers at /stats/summary, as far as it is needed here. */
export interface Summary {
  node: Measured
  pods?: { podRef: { name: string; namespace: string }; containers?: (Measured & { name: string })[] }[]
}

interface Measured {
  cpu?: { time?: string; usageNanoCores?: number }
  memory?: { time?: string; workingSetBytes?: number }
}

/** Rates are taken between two answers of the agent, this far apart. */
const WINDOW = '15s'

type Named = { name: string; labels?: Record<string, string> }

/** undefined: the agent has measured only once, and a rate needs two. */
export function nodeMetrics(node: Named, { node: measured }: Summary): NodeMetrics | undefined {
  const usage = usageOf(measured)
  if (!usage) return undefined
  const metadata = { name: node.name, labels: node.labels }
  return {
    kind: 'NodeMetrics',
    apiVersion: 'metrics.k8s.io/v1beta1',
    metadata,
    timestamp: timeOf(measured),
    window: WINDOW,
    usage,
  }
}

/** All pods of a node of which every container was measured. */
export function podMetrics(
  { pods = [] }: Summary,
  labelsOf: (key: string) => Record<string, string> | undefined,
): PodMetrics[] {
  return pods.flatMap(({ podRef: { name, namespace }, containers = [] }) => {
    const measured = containers.map(container => ({ name: container.name, usage: usageOf(container) }))
    const known = measured.filter(
      (container): container is { name: string; usage: Usage } => container.usage !== undefined,
    )
    if (containers.length === 0 || known.length < containers.length) return []
    const metadata = { name, namespace, labels: labelsOf(`${namespace}/${name}`) }
    const timestamp = timeOf(containers[0]!)
    return [
      {
        kind: 'PodMetrics',
        apiVersion: 'metrics.k8s.io/v1beta1',
        metadata,
        timestamp,
        window: WINDOW,
        containers: known,
      },
    ]
  })
}

type Usage = { cpu: string; memory: string }

function usageOf({ cpu, memory }: Measured): Usage | undefined {
  if (cpu?.usageNanoCores === undefined || memory?.workingSetBytes === undefined) return undefined
  return {
    cpu: `${Math.round(cpu.usageNanoCores)}n`,
    memory: formatQuantity({
      nano: BigInt(Math.floor(memory.workingSetBytes / 1024) * 1024) * 1_000_000_000n,
      format: 'BinarySI',
    }),
  }
}

function timeOf({ cpu, memory }: Measured): string {
  return cpu?.time ?? memory?.time ?? ''
}
