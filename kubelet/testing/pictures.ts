import type { Container, PodSpec, PodStatus } from '../../api/types/core-v1.ts'
import { containerHash } from '../pod/labels.ts'
import { newMemory, type PodMemory } from '../pod/memory.ts'
import type { PodPicture, SeenContainer } from '../pod/picture.ts'
import type { LivePod } from '../pod/pod.ts'

/** Short ways to write down pods and what an engine shows of them, for tables of tests. */
export function podWith(spec: Partial<PodSpec>, more: { status?: PodStatus; metadata?: object } = {}): LivePod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...{ name: 'web', namespace: 'default', uid: 'uid-1', resourceVersion: '1' },
      ...{ creationTimestamp: '2026-01-01T00:00:00Z', ...more.metadata },
    },
    spec: { containers: [{ name: 'main', image: 'busybox' }], restartPolicy: 'Always', ...spec },
    ...(more.status ? { status: more.status } : {}),
  } as LivePod
}

const BLANK = {
  ...{ podUid: 'uid-1', podName: 'web', podNamespace: 'default', graceSeconds: 30, messagePolicy: 'File' },
  ...{ image: 'busybox', imageId: 'sha256:1', createdAt: 0, pid: 0, exitCode: 0, oomKilled: false, error: '' },
  ...{ ipAddress: '', logPath: '', crashes: 0, attempt: 0, resources: { cpuShares: 2 } },
}

export function sandbox(more: Partial<SeenContainer> = {}): SeenContainer {
  return {
    ...BLANK,
    id: 'box',
    kind: 'sandbox',
    hash: '',
    sandboxId: '',
    state: 'running',
    ipAddress: '10.1.0.2',
    ...more,
  }
}

/** A container of the sandbox `box`; running unless said otherwise. */
export function seen(name: string, more: Partial<SeenContainer> = {}): SeenContainer {
  const spec: Container = { name, image: 'busybox' }
  return {
    ...BLANK,
    ...{ id: `${name}-0`, container: name, kind: 'app', hash: containerHash(spec), sandboxId: 'box', state: 'running' },
    startedAt: 0,
    ...more,
  }
}

export function exited(name: string, exitCode: number, more: Partial<SeenContainer> = {}): SeenContainer {
  return seen(name, { state: 'exited', exitCode, finishedAt: 1000, ...more })
}

export function picture(sandboxes: SeenContainer[], ...containers: SeenContainer[]): PodPicture {
  const byName = new Map<string, SeenContainer[]>()
  for (const one of containers) byName.set(one.container!, [...(byName.get(one.container!) ?? []), one])
  return { sandboxes, containers: byName }
}

export function memoryWith(more: Partial<PodMemory> = {}): PodMemory {
  return { ...newMemory(), prepared: true, ...more }
}
