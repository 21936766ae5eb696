/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { Toleration } from './core-v1.ts'
import type { Quantity } from './scalars.ts'

export interface Overhead {
  podFixed?: Record<string, Quantity>
}

export interface RuntimeClass extends KubeObject {
  handler: string
  overhead?: Overhead
  scheduling?: Scheduling
}

export type RuntimeClassList = KubeList<RuntimeClass>

export interface Scheduling {
  nodeSelector?: Record<string, string>
  tolerations?: Toleration[]
}
