/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { TypedLocalObjectReference } from './core-v1.ts'
import type { Condition, LabelSelector } from './meta-v1.ts'
import type { IntOrString } from './scalars.ts'

export interface HTTPIngressPath {
  backend: IngressBackend
  path?: string
  pathType: string
}

export interface HTTPIngressRuleValue {
  paths: HTTPIngressPath[]
}

export interface IPAddress extends KubeObject {
  spec: IPAddressSpec
}

export type IPAddressList = KubeList<IPAddress>

export interface IPAddressSpec {
  parentRef: ParentReference
}

export interface IPBlock {
  cidr: string
  except?: string[]
}

export interface Ingress extends KubeObject {
  spec?: IngressSpec
  status?: IngressStatus
}

export interface IngressBackend {
  resource?: TypedLocalObjectReference
  service?: IngressServiceBackend
}

export interface IngressClass extends KubeObject {
  spec?: IngressClassSpec
}

export type IngressClassList = KubeList<IngressClass>

export interface IngressClassParametersReference {
  apiGroup?: string
  kind: string
  name: string
  namespace?: string
  scope?: string
}

export interface IngressClassSpec {
  controller?: string
  parameters?: IngressClassParametersReference
}

export type IngressList = KubeList<Ingress>

export interface IngressLoadBalancerIngress {
  hostname?: string
  ip?: string
  ports?: IngressPortStatus[]
}

export interface IngressLoadBalancerStatus {
  ingress?: IngressLoadBalancerIngress[]
}

export interface IngressPortStatus {
  error?: string
  port: number
  protocol: string
}

export interface IngressRule extends IngressRuleValue {
  host?: string
}

export interface IngressRuleValue {
  http?: HTTPIngressRuleValue
}

export interface IngressServiceBackend {
  name: string
  port?: ServiceBackendPort
}

export interface IngressSpec {
  defaultBackend?: IngressBackend
  ingressClassName?: string
  rules?: IngressRule[]
  tls?: IngressTLS[]
}

export interface IngressStatus {
  loadBalancer?: IngressLoadBalancerStatus
}

export interface IngressTLS {
  hosts?: string[]
  secretName?: string
}

export interface NetworkPolicy extends KubeObject {
  spec?: NetworkPolicySpec
}

export interface NetworkPolicyEgressRule {
  ports?: NetworkPolicyPort[]
  to?: NetworkPolicyPeer[]
}

export interface NetworkPolicyIngressRule {
  from?: NetworkPolicyPeer[]
  ports?: NetworkPolicyPort[]
}

export type NetworkPolicyList = KubeList<NetworkPolicy>

export interface NetworkPolicyPeer {
  ipBlock?: IPBlock
  namespaceSelector?: LabelSelector
  podSelector?: LabelSelector
}

export interface NetworkPolicyPort {
  endPort?: number
  port?: IntOrString
  protocol?: string
}

export interface NetworkPolicySpec {
  egress?: NetworkPolicyEgressRule[]
  ingress?: NetworkPolicyIngressRule[]
  podSelector?: LabelSelector
  policyTypes?: string[]
}

export interface ParentReference {
  group?: string
  name: string
  namespace?: string
  resource: string
}

export interface ServiceBackendPort {
  name?: string
  number?: number
}

export interface ServiceCIDR extends KubeObject {
  spec?: ServiceCIDRSpec
  status?: ServiceCIDRStatus
}

export type ServiceCIDRList = KubeList<ServiceCIDR>

export interface ServiceCIDRSpec {
  cidrs?: string[]
}

export interface ServiceCIDRStatus {
  conditions?: Condition[]
}
