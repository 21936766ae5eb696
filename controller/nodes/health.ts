import type { Node, NodeCondition, Taint } from '../../api/types/core-v1.ts'

const MONITORED = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure']
const PREFIX = 'node.kubernetes.io/'

/** Conditions of a node that has been silent for too long; undefined: they are as they should be. */
export function conditionsOfSilentNode(node: Node, time: string): NodeCondition[] | undefined {
  const conditions = node.status?.conditions ?? []
  if (MONITORED.every(type => conditions.some(known => known.type === type && known.status === 'Unknown')))
    return undefined
  return MONITORED.map(type => {
    const known = conditions.find(condition => condition.type === type)
    if (known?.status === 'Unknown') return known
    return {
      type,
      status: 'Unknown',
      reason: known ? 'NodeStatusUnknown' : 'NodeStatusNeverUpdated',
      message: known ? 'Kubelet stopped posting node status.' : 'Kubelet never posted node status.',
      lastTransitionTime: time,
      ...(known?.lastHeartbeatTime ? { lastHeartbeatTime: known.lastHeartbeatTime } : {}),
    }
  })
}

export function readyStatusOf(node: Node): string | undefined {
  return node.status?.conditions?.find(condition => condition.type === 'Ready')?.status
}

const BY_CONDITION: readonly { type: string; status: string; taints: readonly [string, string][] }[] = [
  {
    type: 'Ready',
    status: 'False',
    taints: [
      ['not-ready', 'NoSchedule'],
      ['not-ready', 'NoExecute'],
    ],
  },
  {
    type: 'Ready',
    status: 'Unknown',
    taints: [
      ['unreachable', 'NoSchedule'],
      ['unreachable', 'NoExecute'],
    ],
  },
  { type: 'MemoryPressure', status: 'True', taints: [['memory-pressure', 'NoSchedule']] },
  { type: 'DiskPressure', status: 'True', taints: [['disk-pressure', 'NoSchedule']] },
  { type: 'PIDPressure', status: 'True', taints: [['pid-pressure', 'NoSchedule']] },
  { type: 'NetworkUnavailable', status: 'True', taints: [['network-unavailable', 'NoSchedule']] },
]

const MANAGED = new Set([
  ...BY_CONDITION.flatMap(({ taints }) => taints.map(([key, effect]) => `${PREFIX}${key}:${effect}`)),
  `${PREFIX}unschedulable:NoSchedule`,
])

/**
 * The taints a node should have by its conditions; undefined: it has them. `mayEvict` is false while no node at all is
 * healthy: then it is the network, or the master itself, that is ill, and pods stay where they are.
 */
export function decideTaints(node: Node, mayEvict: boolean, time: string): Taint[] | undefined {
  const taints = node.spec?.taints ?? []
  const nameOf = (taint: Taint) => `${taint.key}:${taint.effect}`
  const wanted = wantedTaints(node).filter(taint => mayEvict || taint.effect !== 'NoExecute')
  const names = new Set(wanted.map(nameOf))
  const kept = taints.filter(taint => !MANAGED.has(nameOf(taint)) || names.has(nameOf(taint)))
  const missing = wanted.filter(taint => !taints.some(known => nameOf(known) === nameOf(taint)))
  if (missing.length === 0 && kept.length === taints.length) return undefined
  return [...kept, ...missing.map(taint => ({ ...taint, timeAdded: time }))]
}

function wantedTaints(node: Node): Taint[] {
  const conditions = node.status?.conditions ?? []
  // A node that has said nothing yet is not ready.
  const ready = { type: 'Ready', status: readyStatusOf(node) ?? 'False' }
  const holds = ({ type, status }: { type: string; status: string }) =>
    type === 'Ready'
      ? ready.status === status
      : conditions.some(known => known.type === type && known.status === status)
  const pairs = BY_CONDITION.filter(holds).flatMap(({ taints }) => taints)
  const all = node.spec?.unschedulable ? [...pairs, ['unschedulable', 'NoSchedule'] as const] : pairs
  return all.map(([key, effect]) => ({ key: `${PREFIX}${key}`, effect }))
}

/** `9h2m`, `3m20s`: how long somebody was away. */
export function describeDuration(ms: number): string {
  const seconds = Math.round(ms / 1000)
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  if (hours > 0) return `${hours}h${minutes}m`
  return minutes > 0 ? `${minutes}m${seconds % 60}s` : `${seconds}s`
}
