import type { KubeObject } from '../../api/objects.ts'
import type { Result } from '../call.ts'

export function handlerKey(group: string, plural: string, subresource = ''): string {
  return subresource === '' ? `${group}/${plural}` : `${group}/${plural}/${subresource}`
}

/** What a review answers: the body with its status filled in. */
export function created(object: KubeObject): Result {
  return { type: 'object', object, status: 201 }
}
