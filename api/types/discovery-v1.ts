/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { ObjectReference } from './core-v1.ts'

export interface Endpoint {
  addresses: string[]
  conditions?: EndpointConditions
  deprecatedTopology?: Record<string, string>
  hints?: EndpointHints
  hostname?: string
  nodeName?: string
  targetRef?: ObjectReference
  zone?: string
}

export interface EndpointConditions {
  ready?: boolean
  serving?: boolean
  terminating?: boolean
}

export interface EndpointHints {
  forNodes?: ForNode[]
  forZones?: ForZone[]
}

export interface EndpointPort {
  appProtocol?: string
  name?: string
  port?: number
  protocol?: string
}

export interface EndpointSlice extends KubeObject {
  addressType: string
  endpoints?: Endpoint[]
  ports?: EndpointPort[]
}

export type EndpointSliceList = KubeList<EndpointSlice>

export interface ForNode {
  name: string
}

export interface ForZone {
  name: string
}
