import type { FieldError } from '../kind.ts'
import { podQosClass } from '../pods/qos.ts'
import type { Container, EphemeralContainer, Pod, PodSpec, Toleration } from '../types/core-v1.ts'
import { deepCopy, deepEqual } from '../values.ts'
import { forbidden, invalid } from './errors.ts'
import { validatePod } from './pod.ts'

const CHANGEABLE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),' +
  '`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)'

/** Of a pod that exists, little may change. */
export function validatePodUpdate(pod: Pod, old: Pod): FieldError[] {
  const [spec, before] = [pod.spec, old.spec]
  if (!spec || !before) return []
  const errors = [
    ...containerCount(spec, before),
    ...deadline(spec, before),
    ...tolerations(spec, before),
    ...gates(pod, old),
  ]
  if (errors.length > 0) return errors
  return deepEqual(withChangeable(spec, before), before) ? [] : [forbidden('spec', CHANGEABLE)]
}

function containerCount(spec: PodSpec, old: PodSpec): FieldError[] {
  const same = (a: unknown[] = [], b: unknown[] = []) => a.length === b.length
  const message = 'pod updates may not add or remove containers'
  const errors: FieldError[] = []
  if (!same(spec.containers, old.containers)) errors.push(forbidden('spec.containers', message))
  if (!same(spec.initContainers, old.initContainers)) errors.push(forbidden('spec.initContainers', message))
  return errors
}

/** A deadline may come, and come nearer; never go. */
function deadline(spec: PodSpec, old: PodSpec): FieldError[] {
  const [now, before] = [spec.activeDeadlineSeconds, old.activeDeadlineSeconds]
  const path = 'spec.activeDeadlineSeconds'
  if (before === undefined) return []
  if (now === undefined) return [invalid(path, null, `must not update from a positive integer to nil value`)]
  return now > before ? [invalid(path, now, 'must be less than or equal to previous value')] : []
}

/** Tolerations may be added; those that stand may only last longer or shorter. */
function tolerations(spec: PodSpec, old: PodSpec): FieldError[] {
  const kept = (one: Toleration) =>
    (spec.tolerations ?? []).some(now => deepEqual({ ...now, tolerationSeconds: 0 }, { ...one, tolerationSeconds: 0 }))
  if ((old.tolerations ?? []).every(kept)) return []
  return [forbidden('spec.tolerations', 'existing toleration can not be modified except its tolerationSeconds')]
}

/** A gate may be taken away, never added. */
function gates(pod: Pod, old: Pod): FieldError[] {
  const before = new Set(old.spec?.schedulingGates?.map(gate => gate.name))
  const added = (pod.spec?.schedulingGates ?? []).filter(gate => !before.has(gate.name))
  if (added.length === 0) return []
  return [
    forbidden(
      'spec.schedulingGates',
      `only deletion is allowed, but found new scheduling gates '${added.map(gate => gate.name).join(',')}'`,
    ),
  ]
}

/** The new spec with everything that may change as it was: equal to the old one when nothing else changed. */
function withChangeable(spec: PodSpec, old: PodSpec): PodSpec {
  const copy = deepCopy(spec)
  const images = (containers: Container[] = [], before: Container[] = []) =>
    containers.map((container, index) => ({ ...container, image: before[index]?.image }))
  copy.containers = images(copy.containers, old.containers)
  if (copy.initContainers) copy.initContainers = images(copy.initContainers, old.initContainers)
  const gated = (old.schedulingGates?.length ?? 0) > 0
  const kept = [
    'activeDeadlineSeconds',
    'tolerations',
    'schedulingGates',
    ...(gated ? ['nodeSelector', 'affinity'] : []),
  ]
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    kept.push('terminationGracePeriodSeconds')
  }
  for (const key of kept) Object.assign(copy, { [key]: (old as unknown as Record<string, unknown>)[key] })
  return copy
}

/** A resize changes amounts, never the class of service that the pod was promised. */
export function validateResize(pod: Pod, old: Pod): FieldError[] {
  const [now, before] = [podQosClass(pod.spec), old.status?.qosClass ?? podQosClass(old.spec)]
  if (now === before) return validatePod(pod)
  return [invalid('metadata', now, 'Pod QOS Class may not change as a result of resizing'), ...validatePod(pod)]
}

/** Ephemeral containers may be added, never changed or taken away. */
export function validateEphemeralUpdate(pod: Pod, old: Pod): FieldError[] {
  const now = new Map((pod.spec?.ephemeralContainers ?? []).map(one => [one.name, one]))
  const path = 'spec.ephemeralContainers'
  const kept = (old.spec?.ephemeralContainers ?? []).flatMap((before: EphemeralContainer) => {
    const after = now.get(before.name)
    if (!after) return [forbidden(path, `existing ephemeral containers "${before.name}" may not be removed`)]
    return deepEqual(after, before)
      ? []
      : [forbidden(path, `existing ephemeral containers "${before.name}" may not be changed`)]
  })
  return [...validatePod(pod), ...kept]
}
