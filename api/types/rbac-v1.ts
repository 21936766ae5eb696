/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { LabelSelector } from './meta-v1.ts'

export interface AggregationRule {
  clusterRoleSelectors?: LabelSelector[]
}

export interface ClusterRole extends KubeObject {
  aggregationRule?: AggregationRule
  rules?: PolicyRule[]
}

export interface ClusterRoleBinding extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

export type ClusterRoleBindingList = KubeList<ClusterRoleBinding>

export type ClusterRoleList = KubeList<ClusterRole>

export interface PolicyRule {
  apiGroups?: string[]
  nonResourceURLs?: string[]
  resourceNames?: string[]
  resources?: string[]
  verbs: string[]
}

export interface Role extends KubeObject {
  rules?: PolicyRule[]
}

export interface RoleBinding extends KubeObject {
  roleRef: RoleRef
  subjects?: Subject[]
}

export type RoleBindingList = KubeList<RoleBinding>

export type RoleList = KubeList<Role>

export interface RoleRef {
  apiGroup?: string
  kind: string
  name: string
}

export interface Subject {
  apiGroup?: string
  kind: string
  name: string
  namespace?: string
}
