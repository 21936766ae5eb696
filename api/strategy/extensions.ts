import type { Strategy } from '../kind.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts'

/** The version that is written joins those that were, in the status. */
export const customResourceStrategy: Partial<Strategy> = {
  prepareForCreate(object: CustomResourceDefinition) {
    object.metadata = { ...object.metadata, generation: 1 }
    object.status = { storedVersions: [] } as unknown as CustomResourceDefinition['status']
    noteStored(object)
  },
  allowUnconditionalUpdate: false,
}

export function noteStored({ spec, status }: CustomResourceDefinition): void {
  const stored = (spec.versions ?? []).find(version => version.storage)?.name
  if (!stored || !status) return
  const before = status.storedVersions ?? []
  if (!before.includes(stored)) status.storedVersions = [...before, stored]
}
