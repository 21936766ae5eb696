import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Conversion } from '../crd/conversion.ts'
import type { AdmissionRequest } from './admission.ts'

/** A request as one sees it who knows another version of its kind. */
export async function requestAs(
  conversion: Conversion,
  request: AdmissionRequest,
  kind: Kind,
): Promise<AdmissionRequest> {
  if (kind === request.kind) return request
  const turned = async (object: AdmissionRequest['object']) =>
    object && (await conversion.convert(request.kind, kind, structuredClone(object)))
  return { ...request, kind, object: await turned(request.object), old: await turned(request.old) }
}

/** Whoever holds the object shall see it changed. */
export function replaceContent(target: KubeObject, source: KubeObject): void {
  const fields = target as Record<string, unknown>
  for (const key of Object.keys(fields)) delete fields[key]
  Object.assign(fields, source)
}
