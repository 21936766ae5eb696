import type { FieldError } from '../kind.ts'
import type { Container, EphemeralContainer, Pod, PodSpec, Probe, VolumeMount } from '../types/core-v1.ts'
import { duplicates } from './checks.ts'
import { duplicate, forbidden, invalid, notFoundValue, required } from './errors.ts'

/** What is wrong with a pod beyond its single fields: names that must differ, names that must exist, fields that clash. */
export function validatePod(pod: Pod): FieldError[] {
  return pod.spec ? validatePodSpec(pod.spec, 'spec') : []
}

export function validatePodSpec(spec: PodSpec, path: string): FieldError[] {
  return [
    ...duplicates(spec.volumes ?? [], `${path}.volumes`, '.name', volume => volume.name),
    ...containerNames(spec, path),
    ...listContainers(spec).flatMap(({ container, at, init }) => [
      ...validateMounts(container, spec, `${path}.${at}`),
      ...validateLifecycle(container, init, `${path}.${at}`),
      ...duplicates(container.ports ?? [], `${path}.${at}.ports`, '.name', port => port.name),
    ]),
    ...hostPorts(spec, path),
    ...hostNamespaces(spec, path),
    ...duplicates(spec.schedulingGates ?? [], `${path}.schedulingGates`, '', gate => gate.name),
    ...spreadKeys(spec, path),
    ...dnsPolicy(spec, path),
  ]
}

interface Listed {
  container: Container | EphemeralContainer
  at: string
  init: boolean
}

function listContainers(spec: PodSpec): Listed[] {
  const list = (containers: (Container | EphemeralContainer)[] = [], name: string): Listed[] =>
    containers.map((container, index) => ({ container, at: `${name}[${index}]`, init: name === 'initContainers' }))
  return [
    ...list(spec.initContainers, 'initContainers'),
    ...list(spec.containers, 'containers'),
    ...list(spec.ephemeralContainers, 'ephemeralContainers'),
  ]
}

function containerNames(spec: PodSpec, path: string): FieldError[] {
  const seen = new Set<string>()
  return listContainers(spec).flatMap(({ container: { name }, at }) => {
    if (!name) return []
    if (seen.has(name)) return [duplicate(`${path}.${at}.name`, name)]
    seen.add(name)
    return []
  })
}

function validateMounts(container: Container | EphemeralContainer, spec: PodSpec, path: string): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map(volume => [volume.name, volume]))
  const paths = new Set<string>()
  const mounts = (container.volumeMounts ?? []).flatMap((mount, index) => {
    const where = `${path}.volumeMounts[${index}]`
    const errors = validateMount(mount, container, where)
    if (mount.name && !volumes.has(mount.name)) errors.push(notFoundValue(`${where}.name`, mount.name))
    if (paths.has(mount.mountPath)) errors.push(invalid(`${where}.mountPath`, mount.mountPath, 'must be unique'))
    paths.add(mount.mountPath)
    return errors
  })
  const devices = (container.volumeDevices ?? []).flatMap(({ name }, index) => {
    const where = `${path}.volumeDevices[${index}].name`
    const volume = volumes.get(name)
    if (!volume) return [notFoundValue(where, name)]
    const isClaim = volume.persistentVolumeClaim || volume.ephemeral
    return isClaim
      ? []
      : [invalid(where, name, 'can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')]
  })
  return [...mounts, ...devices]
}

function validateMount(mount: VolumeMount, container: Container | EphemeralContainer, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (mount.subPath && mount.subPathExpr) {
    errors.push(invalid(`${path}.subPathExpr`, mount.subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  }
  if (mount.mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) {
    errors.push(
      forbidden(
        `${path}.mountPropagation`,
        'Bidirectional mount propagation is available only to privileged containers',
      ),
    )
  }
  if (mount.recursiveReadOnly && mount.recursiveReadOnly !== 'Disabled' && !mount.readOnly) {
    errors.push(forbidden(`${path}.recursiveReadOnly`, 'may only be specified when readOnly is true'))
  }
  return errors
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

function validateLifecycle(container: Container | EphemeralContainer, init: boolean, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (init && container.restartPolicy !== 'Always') {
    if (container.lifecycle)
      errors.push(forbidden(`${path}.lifecycle`, 'may not be set for init containers without restartPolicy=Always'))
    const probes = PROBES.filter(name => container[name])
    errors.push(
      ...probes.map(name =>
        forbidden(`${path}.${name}`, 'may not be set for init containers without restartPolicy=Always'),
      ),
    )
  }
  for (const name of PROBES) {
    const probe = container[name]
    if (probe) errors.push(...validateProbe(probe, name, `${path}.${name}`))
  }
  return errors
}

function validateProbe(probe: Probe, name: (typeof PROBES)[number], path: string): FieldError[] {
  if (name === 'readinessProbe') {
    const seconds = probe.terminationGracePeriodSeconds
    return seconds === undefined
      ? []
      : [invalid(`${path}.terminationGracePeriodSeconds`, seconds, 'must not be set for readinessProbes')]
  }
  const successes = probe.successThreshold ?? 1
  return successes === 1 ? [] : [invalid(`${path}.successThreshold`, successes, 'must be 1')]
}

function hostPorts(spec: PodSpec, path: string): FieldError[] {
  const taken = new Set<string>()
  return spec.containers.flatMap((container, index) =>
    (container.ports ?? []).flatMap((port, at) => {
      const where = `${path}.containers[${index}].ports[${at}]`
      const errors: FieldError[] = []
      if (spec.hostNetwork && port.hostPort !== port.containerPort) {
        errors.push(
          invalid(`${where}.hostPort`, port.hostPort ?? 0, 'must match `containerPort` when `hostNetwork` is true'),
        )
      }
      if (!port.hostPort) return errors
      const key = `${port.protocol}/${port.hostIP ?? ''}/${port.hostPort}`
      if (taken.has(key)) errors.push(duplicate(`${where}.hostPort`, key))
      taken.add(key)
      return errors
    }),
  )
}

function hostNamespaces(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (spec.hostPID && spec.shareProcessNamespace) {
    errors.push(
      invalid(`${path}.shareProcessNamespace`, true, 'ShareProcessNamespace and HostPID cannot both be enabled'),
    )
  }
  if (spec.hostUsers === false && (spec.hostNetwork || spec.hostPID || spec.hostIPC)) {
    errors.push(
      forbidden(
        `${path}.hostUsers`,
        'when `hostUsers` is false, `hostNetwork`, `hostPID` and `hostIPC` may not be set',
      ),
    )
  }
  return errors
}

function spreadKeys(spec: PodSpec, path: string): FieldError[] {
  const where = `${path}.topologySpreadConstraints`
  const key = (one: { topologyKey: string; whenUnsatisfiable: string }) =>
    `{${one.topologyKey}, ${one.whenUnsatisfiable}}`
  return duplicates(spec.topologySpreadConstraints ?? [], where, '', key)
}

function dnsPolicy({ dnsPolicy: policy, dnsConfig }: PodSpec, path: string): FieldError[] {
  if (policy !== 'None' || dnsConfig?.nameservers?.length) return []
  return [
    required(`${path}.dnsConfig.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
  ]
}
