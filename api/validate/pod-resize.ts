import type { FieldError } from '../kind.ts'
import { isSidecar } from '../pods/containers.ts'
import { podQosClass } from '../pods/qos.ts'
import type { Container, Pod, ResourceRequirements } from '../types/core-v1.ts'
import { deepEqual } from '../values.ts'
import { forbidden, invalid } from './errors.ts'
import { validatePod } from './pod.ts'
import { MIRROR } from './pod-annotations.ts'

/** A resize changes amounts of CPU and memory, never the class of service that the pod was promised. */
export function validateResize(pod: Pod, old: Pod): FieldError[] {
  const refused = whyNever(old)
  if (refused) return [forbidden('', refused)]
  const errors = validatePod(pod)
  if (podQosClass(pod.spec) !== (old.status?.qosClass ?? podQosClass(old.spec))) {
    const detail = 'Pod QOS Class may not change as a result of resizing'
    errors.push(invalid('spec', pod.status?.qosClass ?? '', detail))
  }
  return [
    ...errors,
    ...(old.spec?.containers ?? []).flatMap((before, index) =>
      validateContainer(pod.spec?.containers[index], before, `spec.containers[${index}]`),
    ),
    ...(old.spec?.initContainers ?? []).flatMap((before, index) =>
      validateInit(pod.spec?.initContainers?.[index], before, `spec.initContainers[${index}]`),
    ),
  ]
}

function whyNever({ metadata, spec }: Pod): string | undefined {
  if (metadata?.annotations?.[MIRROR] !== undefined) return 'static pods cannot be resized'
  return spec?.os?.name === 'windows' ? 'windows pods cannot be resized' : undefined
}

function validateInit(now: Container | undefined, before: Container, path: string): FieldError[] {
  if (isSidecar(before)) return validateContainer(now, before, path)
  if (deepEqual(now?.resources ?? {}, before.resources ?? {})) return []
  return [forbidden('spec', 'resources for non-sidecar init containers are immutable')]
}

function validateContainer(now: Container | undefined, before: Container, path: string): FieldError[] {
  const [amounts, had] = [now?.resources ?? {}, before.resources ?? {}]
  const gone = (['requests', 'limits'] as const).filter(side =>
    Object.keys(had[side] ?? {}).some(name => amounts[side]?.[name] === undefined),
  )
  const errors = gone.map(side => forbidden(`${path}.resources.${side}`, `resource ${side} cannot be removed`))
  if (deepEqual(fixed(amounts), fixed(had))) return errors
  return [...errors, forbidden('spec', 'only cpu and memory resources are mutable')]
}

/** The amounts that no resize changes. */
function fixed({ requests = {}, limits = {}, claims }: ResourceRequirements): unknown {
  const others = (list: object) => Object.entries(list).filter(([name]) => name !== 'cpu' && name !== 'memory')
  return { requests: Object.fromEntries(others(requests)), limits: Object.fromEntries(others(limits)), claims }
}
