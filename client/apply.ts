import { apiVersionOf, type KubeObject } from '../api/objects.ts'
import type { Live, ResourceClient } from './client.ts'

export interface ApplyOptions {
  fieldManager: string
  /** Take over fields that others own; controllers say yes, people are asked. */
  force?: boolean
  subresource?: string
}

/** Server-side apply: states all we want of an object; fields we stated before and no longer state are removed. */
export function apply<T extends KubeObject>(
  resource: ResourceClient<T>,
  wanted: T,
  options: ApplyOptions,
): Promise<Live<T>> {
  const { name, namespace } = wanted.metadata ?? {}
  if (!name) throw new Error(`an applied ${resource.ref.kind} needs a name`)
  const { resourceVersion: _, managedFields: __, ...metadata } = wanted.metadata ?? {}
  const body = { ...wanted, apiVersion: apiVersionOf(resource.ref), kind: resource.ref.kind, metadata }
  return resource.patch(name, 'apply', body, { namespace, ...options })
}
