import type { KubeObject } from '../../api/objects.ts'
import type { Parts, ResourceCall, Result } from '../parts.ts'

/** Answers a call by itself: kinds that are never stored, and subresources with a life of their own. */
export type Handler = (parts: Parts, call: ResourceCall) => Promise<Result>

/** Kinds that are only computed (reviews), by `group/plural`, and subresources, by `group/plural/subresource`. */
export type Handlers = ReadonlyMap<string, Handler>

export function handlerKey(group: string, plural: string, subresource = ''): string {
  return subresource === '' ? `${group}/${plural}` : `${group}/${plural}/${subresource}`
}

/** What a review answers: the body with its status filled in. */
export function created(object: KubeObject): Result {
  return { type: 'object', object, status: 201 }
}
