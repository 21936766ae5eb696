import { ApiError, qualifiedResource } from '../../api/errors.ts'
import type { AdmissionRequest } from './admission.ts'

/** `pods "web" is forbidden: WHY` */
export function refuse({ kind, name }: AdmissionRequest, why: string): ApiError {
  const details = { name, group: kind.group || undefined, kind: kind.plural }
  return new ApiError('Forbidden', `${qualifiedResource(kind)} "${name}" is forbidden: ${why}`, details)
}

/** Whether the request is about this resource itself (or the subresource that is named). */
export function isAbout(request: AdmissionRequest, resource: string, subresource = ''): boolean {
  return qualifiedResource(request.kind) === resource && request.subresource === subresource
}
