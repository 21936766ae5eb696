import { fitToKind, mediaType, parseFieldValidation } from '../../api/codec/decode.ts'
import { parseJson } from '../../api/codec/json.ts'
import { ApiError, badRequest } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { applyJsonPatch } from '../../api/patch/json.ts'
import { applyMergePatch } from '../../api/patch/merge.ts'
import { applyStrategicPatch } from '../../api/patch/strategic.ts'
import { isCustom } from '../catalog.ts'
import type { Parts, ResourceCall } from '../parts.ts'
import { checkBodySize, checkKind } from '../stages/decode.ts'
import type { Entry } from '../storage/entry.ts'
import { updateObject } from './update.ts'
import { writeOf } from './write.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
const APPLY_PATCH = 'application/apply-patch+yaml'

export async function patchObject(parts: Parts, call: ResourceCall): Promise<{ entry: Entry; created: boolean }> {
  const write = writeOf(call, call.kind, 'PatchOptions')
  checkBodySize(call.request.body?.length ?? 0)
  return updateObject(parts, write, current => applyPatch(call, call.kind, current))
}

/** The current object with the request's patch on it, as an object of its kind. */
export function applyPatch(call: ResourceCall, kind: Kind, current: KubeObject): KubeObject {
  const { value, duplicates } = parseJson(call.request.body ?? new Uint8Array())
  const object = patched(mediaType(call.request.headers['content-type']), kind, current, value)
  checkKind(object, kind)
  const validation = parseFieldValidation(call.request.query.get('fieldValidation'))
  const warnings = fitToKind({ object, duplicates }, kind, validation)
  // A patch is tried again while others write; it is warned about once.
  for (const warning of warnings) if (!call.warnings.includes(warning)) call.warnings.push(warning)
  return object
}

function patched(type: string, kind: Kind, current: KubeObject, patch: unknown): KubeObject {
  switch (type) {
    case JSON_PATCH:
      return applyJsonPatch(current, patch)
    case MERGE_PATCH:
      return mergedObject(applyMergePatch(current, patch))
    case STRATEGIC_PATCH:
      if (isCustom(kind)) break
      return applyStrategicPatch(current, patch, kind.schema)
  }
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(isCustom(kind) ? [] : [STRATEGIC_PATCH]), APPLY_PATCH]
  const message = `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`
  throw new ApiError('UnsupportedMediaType', message)
}

function mergedObject(value: unknown): KubeObject {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as KubeObject
  throw badRequest('a merge patch must be an object')
}
