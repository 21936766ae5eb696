import type { Pod } from '../../api/types/core-v1.ts'
import type { Client } from '../../client/client.ts'
import { unlessMissing } from '../../client/outcomes.ts'
import { PODS } from '../../client/resources.ts'
import { type Component, type Flags, manifestOf } from '../manifests.ts'
import { VERSION } from '../version.ts'

/** A component of the control plane as it is now. */
export interface ComponentState {
  component: Component
  flags: Flags
  /** RFC 3339 */
  startedAt: string
  restarts: number
  /** Undefined while it runs. */
  failure?: string
}

export interface Host {
  nodeName: string
  address: string
}

const MIRROR = 'kubernetes.io/config.mirror'
const SOURCE = 'kubernetes.io/config.source'

/**
 * The pod by which `kubectl get pods -n kube-system` shows a component that runs inside `kubox server`: named
 * COMPONENT-NODE, as the mirror pods of static pods are.
 */
export function mirrorPodOf(state: ComponentState, host: Host): Pod {
  const manifest = manifestOf(state.component, state.flags, VERSION)
  const annotations = { ...manifest.metadata?.annotations, [SOURCE]: 'file', [MIRROR]: state.component }
  return {
    ...manifest,
    metadata: { ...manifest.metadata, name: `${state.component}-${host.nodeName}`, annotations },
    spec: {
      ...manifest.spec!,
      nodeName: host.nodeName,
      priority: 2000001000,
      enableServiceLinks: false,
      tolerations: [{ operator: 'Exists' }],
    },
    status: mirrorStatus(state, host),
  }
}

function mirrorStatus(state: ComponentState, host: Host): Pod['status'] {
  const isRunning = state.failure === undefined
  const status = isRunning ? 'True' : 'False'
  const condition = (type: string) => ({ type, status, lastTransitionTime: state.startedAt })
  return {
    phase: 'Running',
    hostIP: host.address,
    hostIPs: [{ ip: host.address }],
    podIP: host.address,
    podIPs: [{ ip: host.address }],
    startTime: state.startedAt,
    qosClass: 'BestEffort',
    conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map(condition),
    containerStatuses: [
      {
        name: state.component,
        image: `kubox:${VERSION}`,
        imageID: '',
        ready: isRunning,
        started: isRunning,
        restartCount: state.restarts,
        state: isRunning
          ? { running: { startedAt: state.startedAt } }
          : { waiting: { reason: 'CrashLoopBackOff', message: state.failure } },
      },
    ],
  }
}

/** Makes the API show a component as it is. One with other flags is another pod: it is replaced, as a static pod is. */
export async function publishMirrorPod(client: Client, state: ComponentState, host: Host): Promise<void> {
  const pods = client.resource<Pod>(PODS)
  const wanted = mirrorPodOf(state, host)
  const name = wanted.metadata?.name ?? ''
  const current = await unlessMissing(pods.get(name, 'kube-system'))
  const sameFlags = current && sameCommand(current, wanted)
  if (current && !sameFlags) await pods.delete(name, { namespace: 'kube-system', gracePeriodSeconds: 0 })
  const pod = sameFlags ? current : await pods.create(wanted)
  await pods.update({ ...pod, status: wanted.status }, 'status')
}

function sameCommand(a: Pod, b: Pod): boolean {
  const command = (pod: Pod) => pod.spec?.containers[0]?.command?.join('\0')
  return command(a) === command(b)
}
