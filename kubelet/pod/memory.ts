/**
 * What the agent remembers of one pod while it runs, and can do without after a restart. Times here are monotonic: the
 * wall clock may jump.
 */
export interface PodMemory {
  /** What is being done right now, by container name, or SANDBOX for the pod as a whole. */
  busy: Map<string, Operation>
  /** Why the last try came to nothing, and when the next one is due; same keys. */
  failures: Map<string, Failure>
  /** By container id. */
  probes: Map<string, ProbeResults>
  /** By container id: when it was found dead. */
  diedAt: Map<string, number>
  /** Volumes and files of the pod are in place. */
  prepared: boolean
  /** Volumes and files of a pod that has ended are cleared away. */
  released: boolean
  /** A field that cannot be done here: nothing of the pod is started. */
  refusal: string | undefined
  ending: Ending | undefined
  endingSince: number | undefined
  /** Something that failing containers may have waited for has changed: pauses begun before are over. */
  forgivenAt: number
}

export const SANDBOX = ''

export interface Operation {
  kind: 'start' | 'stop' | 'other'
  /** When the grace of a stop is used up. */
  deadline?: number
}

export interface Failure {
  /** What came to nothing: its pause holds back only another try of the same. */
  tried: string
  reason: string
  message: string
  count: number
  pauseMs: number
  retryAt: number
}

export interface ProbeResults {
  started: boolean
  ready: boolean
  failed?: { probe: 'liveness' | 'startup'; graceSeconds?: number }
}

/** Why a pod is to end. */
export interface Ending {
  why: 'deleted' | 'gone' | 'evicted' | 'deadline' | 'finished' | 'shutdown' | 'terminal'
  /** For the pod's status; absent where it stays as it was. */
  reason?: string
  message?: string
  graceSeconds: number
}

export function newMemory(): PodMemory {
  return {
    busy: new Map(),
    failures: new Map(),
    probes: new Map(),
    diedAt: new Map(),
    prepared: false,
    released: false,
    refusal: undefined,
    ending: undefined,
    endingSince: undefined,
    forgivenAt: Number.NEGATIVE_INFINITY,
  }
}

const FIRST_PAUSE_MS = 1000
export const LONGEST_PAUSE_MS = 60_000

/** The first failure is met at once, then 1 s, doubled up to a minute. */
export function pauseAfter(failuresBefore: number): number {
  if (failuresBefore <= 0) return 0
  return Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** Math.min(failuresBefore - 1, 16))
}

/** Notes one more failure under a key; unlike a crash, a failed try is never repeated at once. */
export function noteFailure(
  memory: PodMemory,
  key: string,
  what: Pick<Failure, 'tried' | 'reason' | 'message'>,
  at: number,
) {
  const count = (memory.failures.get(key)?.count ?? 0) + 1
  const pauseMs = pauseAfter(count)
  memory.failures.set(key, { ...what, count, pauseMs, retryAt: at + pauseMs })
}

export function pausedUntil({ failures }: PodMemory, key: string, action: string): number | undefined {
  const failure = failures.get(key)
  return failure?.tried === action ? failure.retryAt : undefined
}
