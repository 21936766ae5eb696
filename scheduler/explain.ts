import { formatQuantity } from '../api/quantity.ts'
import type { Refused } from './decide.ts'
import type { PodFacts } from './facts.ts'
import type { NodeInfo } from './picture.ts'
import { amountOf } from './resources.ts'

/** `0/3 nodes are available: 1 Insufficient memory, 2 node(s) were unschedulable.` */
export function explain(refused: Refused, nodeCount: number, preemption?: string): string {
  if (nodeCount === 0) return 'no nodes available to schedule pods'
  const reasons = refused.hopeless ? [refused.hopeless.message] : countReasons(refused)
  const after = preemption ? ` preemption: ${preemption}` : ''
  return `0/${nodeCount} nodes are available: ${reasons.join(', ')}.${after}`
}

function countReasons(refused: Refused): string[] {
  return countTexts(refused.refusals.values().flatMap(refusal => refusal.reasons))
}

/** `2 Insufficient cpu`, sorted as text, as Kubernetes does. */
export function countTexts(texts: Iterable<string>): string[] {
  const counts = new Map<string, number>()
  for (const text of texts) counts.set(text, (counts.get(text) ?? 0) + 1)
  return [...counts].map(([text, count]) => `${count} ${text}`).sort()
}

const MAX_NODES_TOLD = 8

/** Node by node and with amounts: `needs 2Gi memory: worker1 has 700Mi left`. Undefined where amounts are not the trouble. */
export function explainAmounts(pod: PodFacts, refused: Refused): string | undefined {
  const lines = [...refused.refusals].flatMap(([info, { reasons }]) => {
    const lacking = reasons.filter(reason => reason.startsWith('Insufficient ')).map(reason => reason.slice(13))
    return lacking.map(resource => ({ resource, text: `${info.name} has ${leftOf(info, resource)} left` }))
  })
  if (lines.length === 0) return undefined
  const byResource = Map.groupBy(lines, line => line.resource)
  const sentences = [...byResource].map(([resource, found]) => {
    const told = found.slice(0, MAX_NODES_TOLD).map(line => line.text)
    const more = found.length > told.length ? `, and ${found.length - told.length} more nodes have too little` : ''
    return `needs ${show(amountOf(pod.requests, resource), resource)} ${resource}: ${told.join(', ')}${more}`
  })
  return sentences.join('; ')
}

function leftOf(info: NodeInfo, resource: string): string {
  const left = amountOf(info.allocatable, resource) - amountOf(info.requested, resource)
  return `${show(Math.max(0, left), resource)} of ${show(amountOf(info.allocatable, resource), resource)}`
}

function show(amount: number, resource: string): string {
  if (resource === 'cpu') return formatQuantity({ nano: BigInt(amount) * 1_000_000n, format: 'DecimalSI' })
  if (resource !== 'memory' && resource !== 'ephemeral-storage') return String(amount)
  const mebibytes = Math.floor(amount / 1024 ** 2)
  return mebibytes >= 10_240 ? `${(mebibytes / 1024).toFixed(1)}Gi` : `${mebibytes}Mi`
}
