import type { Strategy } from '../kind.ts'
import { keepGeneration } from '../kinds/strategy.ts'
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, TypedLocalObjectReference } from '../types/core-v1.ts'

/** What data a claim begins with can be told in two ways; whichever a client speaks, both say the same afterwards. */
export const claimStrategy: Partial<Strategy> = {
  prepareForCreate(claim: PersistentVolumeClaim) {
    claim.status = { phase: 'Pending' }
    if (claim.spec) settleDataSource(claim.spec, {})
  },
  prepareForUpdate(claim: PersistentVolumeClaim, old: PersistentVolumeClaim) {
    claim.status = old.status
    if (claim.spec) settleDataSource(claim.spec, old.spec ?? {})
    keepGeneration(claim, old, false)
  },
}

function settleDataSource(spec: PersistentVolumeClaimSpec, old: PersistentVolumeClaimSpec): void {
  // Data of another namespace need its consent, for which there is no way yet.
  if (spec.dataSourceRef?.namespace && !old.dataSourceRef) delete spec.dataSourceRef
  const wasTold = old.dataSource !== undefined || old.dataSourceRef !== undefined
  if (!wasTold && !spec.dataSourceRef && !isOldSource(spec.dataSource)) delete spec.dataSource
  const { dataSource, dataSourceRef } = spec
  if (dataSource && !dataSourceRef) spec.dataSourceRef = { ...dataSource }
  if (!dataSourceRef || dataSource || dataSourceRef.namespace) return
  const { namespace: _, ...local } = dataSourceRef
  spec.dataSource = local
}

/** The old way knew two kinds only, and took no notice of others: clients of its time rely on that. */
function isOldSource({ apiGroup = '', kind }: TypedLocalObjectReference = { kind: '', name: '' }): boolean {
  if (apiGroup === '') return kind === 'PersistentVolumeClaim'
  return apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot'
}
