import type { FieldError } from '../kind.ts'
import { isPortName } from '../names.ts'
import { isSidecar } from '../pods/containers.ts'
import type {
  Container,
  EphemeralContainer,
  LifecycleHandler,
  Pod,
  PodSpec,
  PodTemplateSpec,
  Probe,
  Volume,
} from '../types/core-v1.ts'
import { duplicates } from './checks.ts'
import { listContainers } from './containers.ts'
import { duplicate, forbidden, invalid, notFoundValue, required } from './errors.ts'
import { validateMounts } from './mounts.ts'
import { validatePodAnnotations } from './pod-annotations.ts'
import { validateClaims } from './pod-claims.ts'
import { validateSystem } from './pod-system.ts'

/** What is wrong with a pod beyond its single fields: names that must differ, names that must exist, fields that clash. */
export function validatePod(pod: Pod): FieldError[] {
  const { spec, metadata } = pod
  if (!spec) return []
  return [
    ...validatePodSpec(spec, 'spec', metadata?.name),
    ...validatePodAnnotations(metadata?.annotations, spec, 'metadata.annotations'),
    ...images(spec),
    ...hostPortsMatch(spec, 'spec', true),
    ...tokenProjections(spec),
  ]
}

/** What only the making of a pod may not do. */
export function validateNewPod(pod: Pod): FieldError[] {
  const { ephemeralContainers = [], nodeName, schedulingGates = [] } = pod.spec ?? {}
  const errors = validatePod(pod)
  if (ephemeralContainers.length > 0) errors.push(forbidden('spec.ephemeralContainers', 'cannot be set on create'))
  if (nodeName && schedulingGates.length > 0) {
    errors.push(forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared'))
  }
  return errors
}

/** The pattern of pods that are made later. */
export function validatePodTemplate(template: PodTemplateSpec, path: string): FieldError[] {
  const { metadata, spec } = template
  if (!spec) return []
  const annotations = validatePodAnnotations(metadata?.annotations, spec, `${path}.annotations`)
  const ports = hostPortsMatch(spec, `${path}.spec`, false)
  const errors = [...validatePodSpec(spec, `${path}.spec`), ...ports, ...annotations]
  if (!spec.ephemeralContainers?.length) return errors
  return [...errors, forbidden(`${path}.spec.ephemeralContainers`, 'ephemeral containers not allowed in pod template')]
}

function validatePodSpec(spec: PodSpec, path: string, name?: string): FieldError[] {
  return [
    ...duplicates(spec.volumes ?? [], `${path}.volumes`, '.name', volume => volume.name),
    ...ownClaims(spec.volumes ?? [], `${path}.volumes`, name),
    ...validateClaims(spec, path),
    ...containerNames(spec, path),
    ...listContainers(spec, path).flatMap(({ container, list, at }) => [
      ...validateMounts(container, spec, at),
      ...validateLifecycle(container, list === 'initContainers', spec, at),
      ...portNames(container, `${at}.ports`),
      ...restarts(container, spec, at),
    ]),
    ...hostPorts(spec, path),
    ...validateSystem(spec, path),
    ...repeatedGates(spec, path),
    ...spreadKeys(spec, path),
    ...dnsPolicy(spec, path),
  ]
}

/** Of the claims that a pod's volumes make, none may be mounted by another name. */
function ownClaims(volumes: readonly Volume[], path: string, pod: string | undefined): FieldError[] {
  const made = new Set(volumes.filter(({ ephemeral }) => ephemeral).map(({ name }) => `${pod}-${name}`))
  return volumes.flatMap(({ persistentVolumeClaim: claim }, index) => {
    if (!claim || !made.has(claim.claimName)) return []
    const detail = 'must not reference a PVC that gets created for an ephemeral volume'
    return [invalid(`${path}[${index}].persistentVolumeClaim.claimName`, claim.claimName, detail)]
  })
}

function images(spec: PodSpec): FieldError[] {
  return listContainers(spec, 'spec').flatMap(({ container: { image = '' }, at }) =>
    image.trim() === image ? [] : [invalid(`${at}.image`, image, 'must not have leading or trailing whitespace')],
  )
}

/** Whose token would it be? */
function tokenProjections({ serviceAccountName, volumes = [] }: PodSpec): FieldError[] {
  if (serviceAccountName) return []
  return volumes.flatMap(({ projected }, at) =>
    (projected?.sources ?? []).flatMap(({ serviceAccountToken }, index) => {
      const path = `spec.volumes[${at}].projected.sources[${index}].serviceAccountToken`
      return serviceAccountToken ? [forbidden(path, 'must not be specified when serviceAccountName is not set')] : []
    }),
  )
}

/** A name belongs to one container; of two, the one that was named later is at fault. */
function containerNames(spec: PodSpec, path: string): FieldError[] {
  const seen = new Set<string>()
  const order = ['containers', 'initContainers', 'ephemeralContainers'] as const
  return listContainers(spec, path, order).flatMap(({ container, at }) => [
    ...repeatedName(container, at, seen),
    ...('targetContainerName' in container ? target(container, spec, at) : []),
  ])
}

function repeatedName({ name }: { name: string }, path: string, seen: Set<string>): FieldError[] {
  if (!name) return []
  if (seen.has(name)) return [duplicate(`${path}.name`, name)]
  seen.add(name)
  return []
}

function target({ targetContainerName: name }: EphemeralContainer, spec: PodSpec, path: string): FieldError[] {
  const others = [...spec.containers, ...(spec.initContainers ?? [])]
  return !name || others.some(one => one.name === name) ? [] : [notFoundValue(`${path}.targetContainerName`, name)]
}

/** A name that is none cannot be taken. */
function portNames({ ports = [] }: Container | EphemeralContainer, path: string): FieldError[] {
  return duplicates(ports, path, '.name', ({ name = '' }) => (isPortName(name).length === 0 ? name : ''))
}

function restarts(container: Container | EphemeralContainer, spec: PodSpec, path: string): FieldError[] {
  if (spec.restartPolicy !== 'Never') return []
  const wrong = (container.resizePolicy ?? []).filter(({ restartPolicy }) => restartPolicy !== 'NotRequired')
  const detail = "must be 'NotRequired' when `restartPolicy` is 'Never'"
  return wrong.map(({ restartPolicy }) => invalid(`${path}.resizePolicy`, restartPolicy, detail))
}

const PROBES = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const

const NEVER_READY = 'may not be set for init containers without restartPolicy=Always'

function validateLifecycle(
  container: Container | EphemeralContainer,
  init: boolean,
  spec: PodSpec,
  path: string,
): FieldError[] {
  if (init && !isSidecar(container)) {
    const set = ([...PROBES, 'lifecycle'] as const).filter(name => container[name])
    return set.map(name => forbidden(`${path}.${name}`, NEVER_READY))
  }
  const { postStart, preStop } = container.lifecycle ?? {}
  const probes = PROBES.flatMap(name => {
    const probe = container[name]
    return probe ? validateProbe(probe, name, `${path}.${name}`) : []
  })
  return [
    ...probes,
    ...sleeps(postStart, spec, `${path}.lifecycle.postStart.sleep`),
    ...sleeps(preStop, spec, `${path}.lifecycle.preStop.sleep`),
  ]
}

/** A hook that sleeps longer than it is waited for would never be over. */
function sleeps(handler: LifecycleHandler | undefined, spec: PodSpec, path: string): FieldError[] {
  const seconds = handler?.sleep?.seconds
  const grace = spec.terminationGracePeriodSeconds
  if (seconds === undefined || grace === undefined || (seconds >= 0 && seconds <= grace)) return []
  return [invalid(path, seconds, `must be non-negative and less than terminationGracePeriodSeconds (${grace})`)]
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

type Ported = Pick<Container, 'ports'>

/** Ports of the node are taken once; init containers run one after the other. */
function hostPorts(spec: PodSpec, path: string): FieldError[] {
  const ofInit = (spec.initContainers ?? []).flatMap((container, index) =>
    takenTwice([container], `${path}.initContainers`, index),
  )
  return [...takenTwice(spec.containers, `${path}.containers`), ...ofInit]
}

function takenTwice(containers: readonly Ported[], path: string, first = 0): FieldError[] {
  const taken = new Set<string>()
  return containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ hostPort, hostIP = '', protocol }, at) => {
      if (!hostPort) return []
      const key = `${protocol}/${hostIP}/${hostPort}`
      if (taken.has(key)) return [duplicate(`${path}[${index + first}].ports[${at}].hostPort`, key)]
      taken.add(key)
      return []
    }),
  )
}

/** In the host's network a port is the host's: of a template it may be left out, it is filled in when pods are made. */
function hostPortsMatch(spec: PodSpec, path: string, isPod: boolean): FieldError[] {
  if (!spec.hostNetwork) return []
  return spec.containers.flatMap(({ ports = [] }, index) =>
    ports.flatMap(({ hostPort = 0, containerPort }, at) => {
      if (hostPort === containerPort || (!isPod && hostPort === 0)) return []
      const where = `${path}.containers[${index}].ports[${at}].hostPort`
      return [invalid(where, hostPort, 'must match `containerPort` when `hostNetwork` is true')]
    }),
  )
}

function repeatedGates({ schedulingGates = [] }: PodSpec, path: string): FieldError[] {
  return duplicates(schedulingGates, `${path}.schedulingGates`, '', gate => gate.name)
}

/** The same kind of spreading may be asked for once; the first that is asked for again is at fault. */
function spreadKeys({ topologySpreadConstraints: list = [] }: PodSpec, path: string): FieldError[] {
  const keys = list.map(one => `{${one.topologyKey}, ${one.whenUnsatisfiable}}`)
  return keys.flatMap((key, index) => {
    const where = `${path}.topologySpreadConstraints[${index}].{topologyKey, whenUnsatisfiable}`
    return keys.includes(key, index + 1) ? [duplicate(where, key)] : []
  })
}

function dnsPolicy({ dnsPolicy: policy, dnsConfig }: PodSpec, path: string): FieldError[] {
  if (policy !== 'None' || dnsConfig?.nameservers?.length) return []
  if (!dnsConfig) return [required(`${path}.dnsConfig`, 'must provide `dnsConfig` when `dnsPolicy` is None')]
  return [
    required(`${path}.dnsConfig.nameservers`, 'must provide at least one DNS nameserver when `dnsPolicy` is None'),
  ]
}
