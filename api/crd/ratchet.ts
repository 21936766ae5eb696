import type { FieldError } from '../kind.ts'
import { describeFieldError } from '../validate/errors.ts'

/**
 * A change is not refused for what was wrong before it: a stricter schema must not lock objects that exist. Only faults that
 * the old object did not have count.
 */
export function newFaults(faults: FieldError[], before: () => FieldError[]): FieldError[] {
  if (faults.length === 0) return faults
  const known = new Set(before().map(describeFieldError))
  return faults.filter(fault => !known.has(describeFieldError(fault)))
}
