import type { Pod } from '../../api/types/core-v1.ts'
import type { Live } from '../../client/client.ts'

/** The moment at which tables of decisions take place. */
export const NOW = Date.UTC(2026, 0, 1, 12)

export function ago(seconds: number): string {
  return new Date(NOW - seconds * 1000).toISOString().replace('.000Z', 'Z')
}

export function liveMeta(name: string, extra: object = {}) {
  return {
    name,
    namespace: 'default',
    uid: `u-${name}`,
    resourceVersion: '1',
    creationTimestamp: ago(3600),
    generation: 1,
    ...extra,
  }
}

export interface PodParts {
  phase?: string
  ready?: boolean
  /** Seconds ago. */
  readySince?: number
  created?: number
  node?: string
  deleting?: boolean
  labels?: Record<string, string>
  annotations?: Record<string, string>
  restarts?: number
  exitCode?: number
  spec?: object
}

/** A running, ready pod, or whatever it is said to be. */
export function livePod(name: string, parts: PodParts = {}): Live<Pod> {
  const {
    phase = 'Running',
    ready = phase === 'Running',
    readySince = 600,
    created = 3600,
    node = 'n1',
    deleting,
  } = parts
  const terminated =
    parts.exitCode === undefined ? undefined : { exitCode: parts.exitCode, finishedAt: ago(readySince) }
  return {
    metadata: {
      ...liveMeta(name, { creationTimestamp: ago(created), labels: parts.labels, annotations: parts.annotations }),
      ...(deleting ? { deletionTimestamp: ago(1) } : {}),
    },
    spec: { containers: [{ name: 'app', image: 'app' }], ...(node ? { nodeName: node } : {}), ...parts.spec },
    status: {
      phase,
      startTime: ago(created),
      conditions: [{ type: 'Ready', status: ready ? 'True' : 'False', lastTransitionTime: ago(readySince) }],
      containerStatuses: [
        {
          name: 'app',
          image: 'app',
          imageID: '',
          ready,
          restartCount: parts.restarts ?? 0,
          state: terminated ? { terminated } : {},
        },
      ],
    },
  } as Live<Pod>
}
