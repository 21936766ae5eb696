import type { Strategy } from '../kind.ts'
import { keepGeneration } from '../kinds/strategy.ts'
import type { CustomResourceDefinition } from '../types/apiextensions-v1.ts'
import { deepCopy } from '../values.ts'

/** The version that is written joins those that were, in the status. */
export const customResourceStrategy: Partial<Strategy> = {
  prepareForCreate(object: CustomResourceDefinition) {
    object.metadata = { ...object.metadata, generation: 1 }
    object.status = { storedVersions: [] } as unknown as CustomResourceDefinition['status']
    noteStored(object)
  },
  prepareForUpdate(object: CustomResourceDefinition, old: CustomResourceDefinition) {
    object.status = deepCopy(old.status)
    noteStored(object)
    keepGeneration(object, old, true)
  },
  allowUnconditionalUpdate: false,
  finalizersOnDelete: ['customresourcecleanup.apiextensions.k8s.io'],
}

function noteStored({ spec, status }: CustomResourceDefinition): void {
  const stored = (spec.versions ?? []).find(version => version.storage)?.name
  if (!stored || !status) return
  const before = status.storedVersions ?? []
  if (!before.includes(stored)) status.storedVersions = [...before, stored]
}
