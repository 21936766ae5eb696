/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'

export interface PriorityClass extends KubeObject {
  description?: string
  globalDefault?: boolean
  preemptionPolicy?: string
  value?: number
}

export type PriorityClassList = KubeList<PriorityClass>
