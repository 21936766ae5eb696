/**
 * defaults/ fills absent fields, in place, as Kubernetes does when it decodes an object; a file holds a family of kinds.
 * This one is the pod and the template of a pod, which all workloads share.
 */
import type {
  Container,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  Lifecycle,
  ObjectFieldSelector,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  ProjectedVolumeSource,
  ResourceRequirements,
  Volume,
} from '../types/core-v1.ts'
import { setVolumeSourceDefaults } from './storage.ts'

/** 0644, as JSON writes it. */
const FILE_MODE = 420

export function setPodDefaults(pod: Pod): void {
  const { spec } = pod
  if (!spec) return
  setPodSpecDefaults(spec)
  spec.enableServiceLinks ??= true
  for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
    if (container.resources) requestsFromLimits(container.resources)
  }
  if (spec.resources) requestsFromLimits(spec.resources)
}

export function setTemplateDefaults(template: PodTemplateSpec | undefined): void {
  if (template?.spec) setPodSpecDefaults(template.spec)
}

function requestsFromLimits(resources: ResourceRequirements): void {
  if (!resources.limits) return
  resources.requests = { ...resources.limits, ...resources.requests }
}

function setPodSpecDefaults(spec: PodSpec): void {
  spec.containers ??= []
  spec.dnsPolicy ??= 'ClusterFirst'
  spec.restartPolicy ??= 'Always'
  spec.securityContext ??= {}
  spec.terminationGracePeriodSeconds ??= 30
  spec.schedulerName ??= 'default-scheduler'
  sameServiceAccount(spec)
  for (const container of allContainers(spec)) {
    setContainerDefaults(container)
    if (spec.hostNetwork) for (const port of container.ports ?? []) port.hostPort ??= port.containerPort
  }
  for (const volume of spec.volumes ?? []) setVolumeDefaults(volume)
}

/** serviceAccount is the old name of serviceAccountName: both are shown. */
function sameServiceAccount(spec: PodSpec): void {
  const name = spec.serviceAccountName || spec.serviceAccount
  if (!name) return
  spec.serviceAccountName = name
  spec.serviceAccount = name
}

function allContainers(spec: PodSpec): (Container | EphemeralContainer)[] {
  return [...(spec.initContainers ?? []), ...spec.containers, ...(spec.ephemeralContainers ?? [])]
}

function setContainerDefaults(container: Container | EphemeralContainer): void {
  container.imagePullPolicy ??= pullPolicy(container.image ?? '')
  container.terminationMessagePath ??= '/dev/termination-log'
  container.terminationMessagePolicy ??= 'File'
  container.resources ??= {}
  for (const port of container.ports ?? []) port.protocol ??= 'TCP'
  for (const variable of container.env ?? []) setEnvDefaults(variable)
  for (const probe of [container.livenessProbe, container.readinessProbe, container.startupProbe]) {
    if (probe) setProbeDefaults(probe)
  }
  if (container.lifecycle) setLifecycleDefaults(container.lifecycle)
}

/** An image that is always the latest is pulled always; one with another tag or a digest once. */
function pullPolicy(image: string): string {
  if (image.includes('@')) return 'IfNotPresent'
  const tag = /:([^/:]+)$/.exec(image)?.[1] ?? 'latest'
  return tag === 'latest' ? 'Always' : 'IfNotPresent'
}

function setEnvDefaults({ valueFrom }: EnvVar): void {
  setFieldRefDefaults(valueFrom?.fieldRef)
  if (valueFrom?.fileKeyRef) valueFrom.fileKeyRef.optional ??= false
}

function setFieldRefDefaults(reference: ObjectFieldSelector | undefined): void {
  if (reference) reference.apiVersion ??= 'v1'
}

function setProbeDefaults(probe: Probe): void {
  probe.timeoutSeconds ||= 1
  probe.periodSeconds ||= 10
  probe.successThreshold ||= 1
  probe.failureThreshold ||= 3
  if (probe.httpGet) setHttpDefaults(probe.httpGet)
  if (probe.grpc) probe.grpc.service ??= ''
}

function setLifecycleDefaults({ postStart, preStop }: Lifecycle): void {
  if (postStart?.httpGet) setHttpDefaults(postStart.httpGet)
  if (preStop?.httpGet) setHttpDefaults(preStop.httpGet)
}

function setHttpDefaults(action: HTTPGetAction): void {
  action.path ||= '/'
  action.scheme ||= 'HTTP'
}

function setVolumeDefaults(volume: Volume): void {
  if (Object.keys(volume).every(key => key === 'name')) volume.emptyDir = {}
  setVolumeSourceDefaults(volume)
  if (volume.secret) volume.secret.defaultMode ??= FILE_MODE
  if (volume.configMap) volume.configMap.defaultMode ??= FILE_MODE
  if (volume.downwardAPI) {
    volume.downwardAPI.defaultMode ??= FILE_MODE
    for (const item of volume.downwardAPI.items ?? []) setFieldRefDefaults(item.fieldRef)
  }
  if (volume.projected) setProjectedDefaults(volume.projected)
  if (volume.ephemeral?.volumeClaimTemplate) volume.ephemeral.volumeClaimTemplate.spec.volumeMode ??= 'Filesystem'
  if (volume.image) volume.image.pullPolicy ??= pullPolicy(volume.image.reference ?? '')
}

function setProjectedDefaults(projected: ProjectedVolumeSource): void {
  projected.defaultMode ??= FILE_MODE
  for (const source of projected.sources ?? []) {
    if (source.serviceAccountToken) source.serviceAccountToken.expirationSeconds ??= 3600
    for (const item of source.downwardAPI?.items ?? []) setFieldRefDefaults(item.fieldRef)
  }
}
