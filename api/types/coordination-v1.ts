/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'

export interface Lease extends KubeObject {
  spec?: LeaseSpec
}

export type LeaseList = KubeList<Lease>

export interface LeaseSpec {
  acquireTime?: string
  holderIdentity?: string
  leaseDurationSeconds?: number
  leaseTransitions?: number
  preferredHolder?: string
  renewTime?: string
  strategy?: string
}
