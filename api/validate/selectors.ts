import type { FieldError } from '../kind.ts'
import { SelectorError, selects } from '../selectors.ts'
import type { LabelSelector } from '../types/meta-v1.ts'
import { invalid } from './errors.ts'

const MISMATCH = '`selector` does not match template `labels`'

/** Pods that their maker does not find are made for ever. `path`: of the template. */
export function checkSelected(
  selector: LabelSelector,
  labels: Record<string, string> = {},
  path: string,
): FieldError[] {
  return finds(selector, labels) ? [] : [invalid(`${path}.metadata.labels`, labels, MISMATCH)]
}

/** A selector that is none is reported where it stands. */
export function finds(selector: LabelSelector, labels: Record<string, string>): boolean {
  try {
    return selects(selector, labels)
  } catch (error) {
    if (error instanceof SelectorError) return true
    throw error
  }
}
