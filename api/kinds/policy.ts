import { budgetColumns } from '../columns/workloads.ts'
import type { Kind } from '../kind.ts'
import type { PodDisruptionBudget } from '../types/policy-v1.ts'
import { validateBudget } from '../validate/cluster.ts'
import { validateConditions } from '../validate/conditions.ts'
import { declareKinds, kind } from './declare.ts'

export function policyKinds(): Kind[] {
  return declareKinds('policy', 'v1', [
    kind<PodDisruptionBudget>({
      kind: 'PodDisruptionBudget',
      shortNames: ['pdb'],
      generation: true,
      initialStatus: () => ({ disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
      columns: budgetColumns,
      strategy: { allowUnconditionalUpdate: false },
      validate: validateBudget,
      validateStatus: ({ status }) => validateConditions(status?.conditions, 'status.conditions'),
    }),
  ])
}
