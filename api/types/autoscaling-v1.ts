/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'

export interface CrossVersionObjectReference {
  apiVersion?: string
  kind: string
  name: string
}

export interface HorizontalPodAutoscaler extends KubeObject {
  spec: HorizontalPodAutoscalerSpec
  status?: HorizontalPodAutoscalerStatus
}

export type HorizontalPodAutoscalerList = KubeList<HorizontalPodAutoscaler>

export interface HorizontalPodAutoscalerSpec {
  maxReplicas: number
  minReplicas?: number
  scaleTargetRef: CrossVersionObjectReference
  targetCPUUtilizationPercentage?: number
}

export interface HorizontalPodAutoscalerStatus {
  currentCPUUtilizationPercentage?: number
  currentReplicas: number
  desiredReplicas: number
  lastScaleTime?: string
  observedGeneration?: number
}

export interface Scale extends KubeObject {
  spec?: ScaleSpec
  status?: ScaleStatus
}

export interface ScaleSpec {
  replicas?: number
}

export interface ScaleStatus {
  replicas: number
  selector?: string
}
