/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'

export interface APIService extends KubeObject {
  spec?: APIServiceSpec
  status?: APIServiceStatus
}

export interface APIServiceCondition {
  lastTransitionTime?: string
  message?: string
  reason?: string
  status: string
  type: string
}

export type APIServiceList = KubeList<APIService>

export interface APIServiceSpec {
  caBundle?: string
  group?: string
  groupPriorityMinimum: number
  insecureSkipTLSVerify?: boolean
  service?: ServiceReference
  version?: string
  versionPriority: number
}

export interface APIServiceStatus {
  conditions?: APIServiceCondition[]
}

export interface ServiceReference {
  name?: string
  namespace?: string
  port?: number
}
