import type { KubeObject } from '../../api/objects.ts'
import type { ResourceCall } from '../call.ts'
import type { Parts } from '../parts.ts'
import { admissionOf, writeOf } from '../verbs/write.ts'

/** Admission of a body that is posted to a subresource and not stored as such. */
export async function admitSubresource(parts: Parts, call: ResourceCall, body: KubeObject): Promise<void> {
  const request = { ...admissionOf(writeOf(call, call.kind), 'CREATE', body), name: call.info.name }
  await parts.admission.mutate(request)
  await parts.admission.validate(request)
}
