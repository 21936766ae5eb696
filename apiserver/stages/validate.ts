import type { FieldError, Kind } from '../../api/kind.ts'
import { invalidObject } from '../../api/validate/errors.ts'

/** Throws Invalid with Kubernetes' sentence when anything is wrong. */
export function refuseInvalid(kind: Pick<Kind, 'group' | 'kind'>, name: string, errors: FieldError[]): void {
  if (errors.length > 0) throw invalidObject(kind, name, errors)
}
