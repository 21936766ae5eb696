import type { ContainerImage, Node, NodeCondition, NodeStatus, Taint } from '../../api/types/core-v1.ts'
import { timestamp } from '../../client/times.ts'
import { amountOf } from '../amount.ts'
import type { ImageDetail } from '../runtime.ts'
import type { MachineFacts } from './facts.ts'

/** What the administrator decided about this node. */
export interface NodeChoices {
  nodeName: string
  labels: Record<string, string>
  annotations?: Record<string, string>
  taints: Taint[]
  maxPods: number
  port: number
  /** e.g. `cpu: 100m`; left out of what pods may use. */
  systemReserved: Record<string, string>
  kubeReserved: Record<string, string>
  kubeletVersion: string
}

export interface Pressure {
  memory: boolean
  disk: boolean
  pids: boolean
}

const MOST_IMAGES = 50

/** The node's object as it is created: labels that schedulers and people select by, and what is decided at the start. */
export function newNode(choices: NodeChoices, facts: MachineFacts, status: NodeStatus): Node {
  const { nodeName, labels, annotations, taints } = choices
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: nodeName, labels: { ...ownLabels(nodeName, facts), ...labels }, annotations },
    spec: taints.length > 0 ? { taints } : {},
    status,
  }
}

export function ownLabels(nodeName: string, facts: MachineFacts): Record<string, string> {
  return {
    'kubernetes.io/hostname': nodeName,
    'kubernetes.io/os': 'linux',
    'kubernetes.io/arch': facts.architecture,
    'beta.kubernetes.io/os': 'linux',
    'beta.kubernetes.io/arch': facts.architecture,
  }
}

export interface StatusFacts {
  choices: NodeChoices
  facts: MachineFacts
  nodeIp: string
  images: readonly ImageDetail[]
  pressure: Pressure
  /** Why the node cannot run pods; empty: it can. */
  problems: string[]
  before: NodeStatus | undefined
  now: number
}

export function nodeStatus(input: StatusFacts): NodeStatus {
  const { choices, facts, nodeIp, images } = input
  const capacity = { ...capacityOf(choices, facts), ...addedByOthers(input.before) }
  return {
    addresses: [
      { type: 'InternalIP', address: nodeIp },
      { type: 'Hostname', address: choices.nodeName },
    ],
    capacity,
    allocatable: allocatableOf(capacity, choices),
    conditions: nodeConditions(input),
    daemonEndpoints: { kubeletEndpoint: { Port: choices.port } },
    images: imageList(images),
    nodeInfo: {
      architecture: facts.architecture,
      bootID: facts.bootId,
      containerRuntimeVersion: `docker://${facts.engineVersion}`,
      kernelVersion: facts.kernelVersion,
      kubeProxyVersion: choices.kubeletVersion,
      kubeletVersion: choices.kubeletVersion,
      machineID: facts.machineId,
      operatingSystem: 'linux',
      osImage: facts.osImage,
      systemUUID: facts.systemUuid,
    },
  }
}

function capacityOf(choices: NodeChoices, facts: MachineFacts): Record<string, string> {
  return {
    cpu: String(facts.cpus),
    memory: `${Math.floor(facts.memoryBytes / 1024)}Ki`,
    'ephemeral-storage': `${Math.floor(facts.storageBytes / 1024)}Ki`,
    'hugepages-1Gi': '0',
    'hugepages-2Mi': '0',
    pods: String(choices.maxPods),
  }
}

/** Such as example.com/dongle, which somebody patched into the node: passed on, for the scheduler to count. */
function addedByOthers(before: NodeStatus | undefined): Record<string, string> {
  const added = Object.entries(before?.capacity ?? {}).filter(([name]) => name.includes('/'))
  return Object.fromEntries(added.map(([name, amount]) => [name, String(amount)]))
}

/** What pods of this node may use in all. */
export function allocatable(choices: NodeChoices, facts: MachineFacts): Record<string, string> {
  return allocatableOf(capacityOf(choices, facts), choices)
}

/** What is left for pods when the system's share is set aside. */
function allocatableOf(capacity: Record<string, string>, choices: NodeChoices): Record<string, string> {
  return Object.fromEntries(
    Object.entries(capacity).map(([name, all]) => {
      const reserved = (amountOf(choices.systemReserved[name]) ?? 0) + (amountOf(choices.kubeReserved[name]) ?? 0)
      return [name, reserved === 0 ? all : formatLeft(name, Math.max(0, amountOf(all)! - reserved))]
    }),
  )
}

function formatLeft(name: string, left: number): string {
  return name === 'cpu' ? `${Math.floor(left * 1000)}m` : `${Math.floor(left / 1024)}Ki`
}

function imageList(images: readonly ImageDetail[]): ContainerImage[] {
  return [...images]
    .sort((a, b) => b.size - a.size)
    .slice(0, MOST_IMAGES)
    .map(image => ({ names: [...image.digests, ...image.tags].slice(0, 5), sizeBytes: image.size }))
    .filter(image => image.names.length > 0)
}

function nodeConditions({ pressure, problems, before, now }: StatusFacts): NodeCondition[] {
  const known = new Map((before?.conditions ?? []).map(condition => [condition.type, condition]))
  const time = timestamp(now)
  const condition = (type: string, isTrue: boolean, reason: string, message: string): NodeCondition => {
    const status = isTrue ? 'True' : 'False'
    const last = known.get(type)
    const lastTransitionTime = last?.status === status ? last.lastTransitionTime : time
    return { type, status, reason, message, lastHeartbeatTime: time, lastTransitionTime }
  }
  const kubelet = (type: string, has: boolean, what: string, noun: string) =>
    condition(type, has, has ? `KubeletHas${what}` : `KubeletHas${noun}`, sentenceFor(type, has))
  return [
    kubelet('MemoryPressure', pressure.memory, 'InsufficientMemory', 'SufficientMemory'),
    kubelet('DiskPressure', pressure.disk, 'DiskPressure', 'NoDiskPressure'),
    kubelet('PIDPressure', pressure.pids, 'InsufficientPID', 'SufficientPID'),
    problems.length === 0
      ? condition('Ready', true, 'KubeletReady', 'kubelet is posting ready status')
      : condition('Ready', false, 'KubeletNotReady', `[${problems.join(', ')}]`),
  ]
}

function sentenceFor(type: string, has: boolean): string {
  const sentences: Record<string, [string, string]> = {
    MemoryPressure: ['kubelet has insufficient memory available', 'kubelet has sufficient memory available'],
    DiskPressure: ['kubelet has disk pressure', 'kubelet has no disk pressure'],
    PIDPressure: ['kubelet has insufficient PID available', 'kubelet has sufficient PID available'],
  }
  return sentences[type]![has ? 0 : 1]
}
