import { ApiError } from '../../api/errors.ts'
import type { Parts, ResourceCall } from '../parts.ts'
import type { Entry } from '../storage/entry.ts'
import { updateObject } from './update.ts'
import { writeOf } from './write.ts'

export async function patchObject(parts: Parts, call: ResourceCall): Promise<{ entry: Entry; created: boolean }> {
  const write = writeOf(call, call.kind, 'PatchOptions')
  const patch = JSON.parse(Buffer.from(call.request.body ?? []).toString())
  if (!call.request.headers['content-type']) throw new ApiError('UnsupportedMediaType', 'no patch type')
  return updateObject(parts, write, current => mergePatch(current, patch) as never)
}

function mergePatch(target: unknown, patch: unknown): unknown {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result: Record<string, unknown> = typeof target === 'object' && target !== null ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = mergePatch(result[key], value)
  }
  return result
}
