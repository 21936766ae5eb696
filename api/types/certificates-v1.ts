/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'

export interface CertificateSigningRequest extends KubeObject {
  spec: CertificateSigningRequestSpec
  status?: CertificateSigningRequestStatus
}

export interface CertificateSigningRequestCondition {
  lastTransitionTime?: string
  lastUpdateTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export type CertificateSigningRequestList = KubeList<CertificateSigningRequest>

export interface CertificateSigningRequestSpec {
  expirationSeconds?: number
  extra?: Record<string, string[]>
  groups?: string[]
  request: string
  signerName: string
  uid?: string
  usages?: string[]
  username?: string
}

export interface CertificateSigningRequestStatus {
  certificate?: string
  conditions?: CertificateSigningRequestCondition[]
}
