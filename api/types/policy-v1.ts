/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { Condition, DeleteOptions, LabelSelector } from './meta-v1.ts'
import type { IntOrString } from './scalars.ts'

export interface Eviction extends KubeObject {
  deleteOptions?: DeleteOptions
}

export interface PodDisruptionBudget extends KubeObject {
  spec?: PodDisruptionBudgetSpec
  status?: PodDisruptionBudgetStatus
}

export type PodDisruptionBudgetList = KubeList<PodDisruptionBudget>

export interface PodDisruptionBudgetSpec {
  maxUnavailable?: IntOrString
  minAvailable?: IntOrString
  selector?: LabelSelector
  unhealthyPodEvictionPolicy?: string
}

export interface PodDisruptionBudgetStatus {
  conditions?: Condition[]
  currentHealthy?: number
  desiredHealthy?: number
  disruptedPods?: Record<string, string>
  disruptionsAllowed?: number
  expectedPods?: number
  observedGeneration?: number
}
