import { createHash } from 'node:crypto'
import type { Container } from '../../api/types/core-v1.ts'
import type { ContainerKind, LivePod } from './pod.ts'
import { specGraceSeconds } from './pod.ts'

/**
 * What a restarted agent must know of a container stands in its labels, under the names that Docker users of Kubernetes
 * know. Names are as well: k8s_CONTAINER_POD_NAMESPACE_UID_ATTEMPT, with POD for the sandbox.
 */
export const NODE_LABEL = 'io.kubox.node'
export const POD_UID_LABEL = 'io.kubernetes.pod.uid'
const POD_NAME_LABEL = 'io.kubernetes.pod.name'
const POD_NAMESPACE_LABEL = 'io.kubernetes.pod.namespace'
const CONTAINER_LABEL = 'io.kubernetes.container.name'
const TYPE_LABEL = 'io.kubernetes.docker.type'
const KIND_LABEL = 'io.kubox.container.kind'
const ATTEMPT_LABEL = 'io.kubernetes.container.restartCount'
const HASH_LABEL = 'io.kubernetes.container.hash'
const SANDBOX_LABEL = 'io.kubernetes.sandbox.id'
const CRASHES_LABEL = 'io.kubox.container.crashes'
const GRACE_LABEL = 'io.kubernetes.pod.terminationGracePeriod'
const MESSAGE_POLICY_LABEL = 'io.kubernetes.container.terminationMessagePolicy'

export interface ContainerLabels {
  podUid: string
  podName: string
  podNamespace: string
  /** Undefined for a sandbox. */
  container?: string
  kind: ContainerKind | 'sandbox'
  attempt: number
  /** Of the part of the spec that a running container cannot follow. */
  hash: string
  sandboxId: string
  /** How often in a row it had died young when this attempt was made: what the next back-off is made from. */
  crashes: number
  graceSeconds: number
  messagePolicy: string
}

function podLabels(nodeName: string, pod: LivePod): Record<string, string> {
  return {
    [NODE_LABEL]: nodeName,
    [POD_UID_LABEL]: pod.metadata.uid,
    [POD_NAME_LABEL]: pod.metadata.name,
    [POD_NAMESPACE_LABEL]: pod.metadata.namespace ?? '',
    [GRACE_LABEL]: String(specGraceSeconds(pod)),
  }
}

export function sandboxLabels(nodeName: string, pod: LivePod, attempt: number): Record<string, string> {
  return { ...podLabels(nodeName, pod), [TYPE_LABEL]: 'podsandbox', [ATTEMPT_LABEL]: String(attempt) }
}

export interface Attempt {
  kind: ContainerKind
  attempt: number
  crashes: number
  sandboxId: string
}

export function containerLabels(
  nodeName: string,
  pod: LivePod,
  spec: Container,
  made: Attempt,
): Record<string, string> {
  return {
    ...podLabels(nodeName, pod),
    [TYPE_LABEL]: 'container',
    [CONTAINER_LABEL]: spec.name,
    [KIND_LABEL]: made.kind,
    [ATTEMPT_LABEL]: String(made.attempt),
    [CRASHES_LABEL]: String(made.crashes),
    [SANDBOX_LABEL]: made.sandboxId,
    [HASH_LABEL]: containerHash(spec),
    [MESSAGE_POLICY_LABEL]: spec.terminationMessagePolicy ?? 'File',
  }
}

/** What a container's labels say, or undefined for one that is not of a pod. */
export function readLabels(labels: Record<string, string>): ContainerLabels | undefined {
  const podUid = labels[POD_UID_LABEL]
  if (podUid === undefined) return undefined
  return {
    podUid,
    podName: labels[POD_NAME_LABEL] ?? '',
    podNamespace: labels[POD_NAMESPACE_LABEL] ?? '',
    container: labels[CONTAINER_LABEL],
    kind: labels[TYPE_LABEL] === 'podsandbox' ? 'sandbox' : ((labels[KIND_LABEL] as ContainerKind) ?? 'app'),
    attempt: Number(labels[ATTEMPT_LABEL] ?? 0),
    hash: labels[HASH_LABEL] ?? '',
    sandboxId: labels[SANDBOX_LABEL] ?? '',
    crashes: Number(labels[CRASHES_LABEL] ?? 0),
    graceSeconds: Number(labels[GRACE_LABEL] ?? 30),
    messagePolicy: labels[MESSAGE_POLICY_LABEL] ?? 'File',
  }
}

/** A change of the image asks for a new container; resources change in place, and nothing else can change. */
export function containerHash(spec: Container): string {
  return createHash('sha256')
    .update(JSON.stringify([spec.name, spec.image]))
    .digest('hex')
    .slice(0, 16)
}

export function engineName(container: string, pod: LivePod, attempt: number): string {
  const { name, namespace, uid } = pod.metadata
  return `k8s_${container}_${name}_${namespace}_${uid}_${attempt}`
}
