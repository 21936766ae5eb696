/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */

export interface APIGroup {
  apiVersion?: string
  kind?: string
  name: string
  preferredVersion?: GroupVersionForDiscovery
  serverAddressByClientCIDRs?: ServerAddressByClientCIDR[]
  versions: GroupVersionForDiscovery[]
}

export interface APIGroupList {
  apiVersion?: string
  groups: APIGroup[]
  kind?: string
}

export interface APIResource {
  categories?: string[]
  group?: string
  kind: string
  name: string
  namespaced: boolean
  shortNames?: string[]
  singularName: string
  storageVersionHash?: string
  verbs: string[]
  version?: string
}

export interface APIResourceList {
  apiVersion?: string
  groupVersion: string
  kind?: string
  resources: APIResource[]
}

export interface APIVersions {
  apiVersion?: string
  kind?: string
  serverAddressByClientCIDRs: ServerAddressByClientCIDR[]
  versions: string[]
}

export interface Condition {
  lastTransitionTime: string
  message: string
  observedGeneration?: number
  reason: string
  status: string
  type: string
}

export interface DeleteOptions {
  apiVersion?: string
  dryRun?: string[]
  gracePeriodSeconds?: number
  ignoreStoreReadErrorWithClusterBreakingPotential?: boolean
  kind?: string
  orphanDependents?: boolean
  preconditions?: Preconditions
  propagationPolicy?: string
}

export interface FieldSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface GroupResource {
  group: string
  resource: string
}

export interface GroupVersionForDiscovery {
  groupVersion: string
  version: string
}

export interface LabelSelector {
  matchExpressions?: LabelSelectorRequirement[]
  matchLabels?: Record<string, string>
}

export interface LabelSelectorRequirement {
  key: string
  operator: string
  values?: string[]
}

export interface Preconditions {
  resourceVersion?: string
  uid?: string
}

export interface ServerAddressByClientCIDR {
  clientCIDR: string
  serverAddress: string
}

export interface ShardInfo {
  selector: string
}

export interface WatchEvent {
  object: unknown
  type: string
}
