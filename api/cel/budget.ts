/**
 * What expressions may cost: whoever may write one could otherwise hold up the server, or fill its memory, with a loop within
 * loops or a text that doubles. program.ts puts calls of the functions below around whatever may take long or grow. A loop is
 * paid before it begins: all() and exists() go on when a step fails, so a bill that came later would stop nothing.
 */

const PER_RUN = 250_000
const PER_OBJECT = 1_000_000

let leftOfRun = PER_RUN
let leftOfObject = Number.POSITIVE_INFINITY

export function beginRun(): void {
  leftOfRun = PER_RUN
}

/** All rules that are asked about one object together. */
export function withinObject<T>(work: () => T): T {
  leftOfObject = PER_OBJECT
  try {
    return work()
  } finally {
    leftOfObject = Number.POSITIVE_INFINITY
  }
}

export function spend(amount: number): void {
  leftOfRun -= amount
  leftOfObject -= amount
  if (leftOfRun < 0 || leftOfObject < 0) throw new Error('operation cancelled: actual cost limit exceeded')
}

/** By the names that expressions call them. */
export const METERS = {
  /** What is about to be looped over. */
  kubernetesLoop(value: unknown): unknown {
    spend(1 + sizeOf(value))
    return value
  },
  /** A list in which something is looked for; maps know it at once. */
  kubernetesScan(value: unknown): unknown {
    spend(Array.isArray(value) ? value.length : 1)
    return value
  },
  /** What is about to be put together with something else. */
  kubernetesPart(value: unknown): unknown {
    spend(1)
    return value
  },
  /** What has been put together. */
  kubernetesWhole(value: unknown): unknown {
    spend(typeof value === 'string' || Array.isArray(value) ? value.length : 0)
    return value
  },
}

export type Meter = keyof typeof METERS

function sizeOf(value: unknown): number {
  if (Array.isArray(value)) return value.length
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0
}
