import type { Node, Test } from './syntax.ts'

/** One step of a machine that stands in many states at once. */
export type Step =
  | { op: 'one'; test: Test }
  /** The first target is the preferred one. */
  | { op: 'split'; targets: number[] }
  | { op: 'assert'; what: Extract<Node, { type: 'assert' }>['what'] }
  | { op: 'found' }

/** So many states are looked at for one text: a second or so. */
export const MOST_VISITS = 20_000_000
