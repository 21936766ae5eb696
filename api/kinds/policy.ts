import { budgetColumns } from '../columns/workloads.ts'
import type { Kind } from '../kind.ts'
import { declareKinds } from './declare.ts'

export function policyKinds(): Kind[] {
  return declareKinds('policy', 'v1', [
    {
      kind: 'PodDisruptionBudget',
      shortNames: ['pdb'],
      generation: true,
      initialStatus: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
      columns: budgetColumns,
      strategy: { allowUnconditionalUpdate: false },
    },
  ])
}
