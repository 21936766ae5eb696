import { type DecodedBody, decodeBody, fitToKind, mediaType, parseFieldValidation } from '../../api/codec/decode.ts'
import { parseJson } from '../../api/codec/json.ts'
import { ApiError, badRequest, conflict } from '../../api/errors.ts'
import type { FieldError, Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject } from '../../api/objects.ts'
import { applyObject } from '../../api/patch/apply.ts'
import { applyJsonPatch } from '../../api/patch/json.ts'
import { applyMergePatch } from '../../api/patch/merge.ts'
import { applyStrategicPatch } from '../../api/patch/strategic.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import type { ResourceCall } from '../call.ts'
import { isCustom } from '../catalog.ts'
import type { Parts } from '../parts.ts'
import { isTrue } from '../request.ts'
import { checkBodySize, checkKind } from '../stages/decode.ts'
import type { Entry } from '../storage/entry.ts'
import { timestamp } from './meta.ts'
import { updateObject } from './update.ts'
import { writeOf } from './write.ts'

const JSON_PATCH = 'application/json-patch+json'
const MERGE_PATCH = 'application/merge-patch+json'
const STRATEGIC_PATCH = 'application/strategic-merge-patch+json'
const APPLY_PATCH = 'application/apply-patch+yaml'

export async function patchObject(parts: Parts, call: ResourceCall): Promise<{ entry: Entry; created: boolean }> {
  checkBodySize(call.request.body?.length ?? 0)
  checkPatchOptions(call)
  const write = writeOf(call, call.kind, 'PatchOptions')
  if (!isApply(call)) return updateObject(parts, write, current => applyPatch(call, call.kind, current))
  const apply = (live: KubeObject | undefined) => applied(parts, call, live)
  const createFrom = call.info.subresource === '' ? () => apply(undefined) : undefined
  return updateObject(parts, { ...write, applied: true }, apply, { createFrom })
}

function isApply(call: ResourceCall): boolean {
  return mediaType(call.request.headers['content-type']) === APPLY_PATCH
}

function checkPatchOptions(call: ResourceCall): void {
  const { query } = call.request
  const problems: FieldError[] = []
  if (isApply(call)) {
    if (!query.get('fieldManager')) {
      problems.push({ type: 'Required value', field: 'fieldManager', detail: 'is required for apply patch' })
    }
  } else if (query.get('force')) {
    problems.push({ type: 'Forbidden', field: 'force', detail: 'may not be specified for non-apply patch' })
  }
  if (problems.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', problems)
}

/** Server-side apply of the body onto what is there, or onto nothing. */
function applied(parts: Parts, call: ResourceCall, live: KubeObject | undefined): KubeObject {
  const { kind, info, request } = call
  const decoded = decodeBody(request.body ?? new Uint8Array(), 'application/yaml')
  checkKind(decoded.object, kind)
  warnOnce(call, fitToKind(decoded, kind, parseFieldValidation(request.query.get('fieldValidation'))))
  const config = decoded.object
  config.metadata ??= {}
  config.metadata.name ||= info.name
  const { uid } = config.metadata
  if (!live && uid) {
    const why = `uid mismatch: the provided object specified uid ${uid}, and no existing object was found`
    throw conflict(kind, info.name, why)
  }
  const manager = request.query.get('fieldManager') ?? ''
  const now = timestamp(parts.clock.now())
  const by = { manager, apiVersion: apiVersionOf(kind), now, subresource: info.subresource || undefined }
  return applyObject({ live, applied: config, kind, by, force: isTrue(request.query.get('force')) })
}

/** The current object with the request's patch on it, as an object of its kind. */
export function applyPatch(call: ResourceCall, kind: Kind, current: KubeObject): KubeObject {
  const { value, duplicates } = parseJson(call.request.body ?? new Uint8Array())
  const object = patched(mediaType(call.request.headers['content-type']), kind, current, value)
  checkKind(object, kind)
  return fitEdited(call, kind, { object, duplicates })
}

/** What an edit has made, as an object of its kind. */
export function fitEdited(call: ResourceCall, kind: Kind, decoded: DecodedBody): KubeObject {
  warnOnce(call, fitToKind(decoded, kind, parseFieldValidation(call.request.query.get('fieldValidation'))))
  return decoded.object
}

/** A patch is tried again while others write; it is warned about once. */
function warnOnce(call: ResourceCall, warnings: readonly string[]): void {
  for (const warning of warnings) if (!call.warnings.includes(warning)) call.warnings.push(warning)
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
