import type { FieldError } from '../kind.ts'
import type {
  Affinity,
  Container,
  EphemeralContainer,
  NodeSelectorTerm,
  Pod,
  PodSpec,
  Toleration,
} from '../types/core-v1.ts'
import { deepCopy, deepEqual } from '../values.ts'
import { forbidden, invalid } from './errors.ts'
import { validatePod } from './pod.ts'
import { APPARMOR, MIRROR } from './pod-annotations.ts'

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
    ...keptAnnotations(pod, old),
    ...(isGated(before) ? narrowing(spec, before) : []),
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
  return (pod.spec?.schedulingGates ?? []).flatMap(({ name }, index) => {
    const detail = `only deletion is allowed, but found new scheduling gate '${name}'`
    return before.has(name) ? [] : [forbidden(`spec.schedulingGates[${index}].name`, detail)]
  })
}

/** What a pod was made with, and made from, it keeps. */
function keptAnnotations({ metadata }: Pod, old: Pod): FieldError[] {
  const [now, before] = [metadata?.annotations ?? {}, old.metadata?.annotations ?? {}]
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].filter(key => now[key] !== before[key])
  return keys.flatMap(key => {
    const what = key === MIRROR ? 'mirror pod annotation' : key.startsWith(APPARMOR) ? 'AppArmor annotations' : ''
    const verb = before[key] === undefined ? 'add' : 'remove or update'
    return what ? [forbidden(`metadata.annotations[${key}]`, `may not ${verb} ${what}`)] : []
  })
}

const isGated = (spec: PodSpec): boolean => (spec.schedulingGates?.length ?? 0) > 0

/** Before a gated pod is looked at by the scheduler, its choice of nodes may become narrower. */
function narrowing(spec: PodSpec, old: PodSpec): FieldError[] {
  const errors: FieldError[] = []
  const lost = Object.entries(old.nodeSelector ?? {}).some(([key, value]) => spec.nodeSelector?.[key] !== value)
  if (lost) {
    const detail = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    errors.push(invalid('spec.nodeSelector', spec.nodeSelector ?? null, detail))
  }
  const [terms, before] = [requiredTerms(spec), requiredTerms(old)]
  const path = 'spec.affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms'
  if (before.length > 0 && terms.length !== before.length) {
    errors.push(invalid(path, terms, 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'))
  } else {
    const wider = before.flatMap((term, at) => (isNarrower(terms[at]!, term) ? [] : [at]))
    const detail = 'only additions are allowed (no mutations or deletions)'
    errors.push(...wider.map(at => invalid(`${path}[${at}]`, terms[at], detail)))
  }
  return errors
}

function requiredTerms({ affinity }: PodSpec): readonly NodeSelectorTerm[] {
  return affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms ?? []
}

/** An empty term chooses no node at all: whatever is added to it would make the choice wider. */
function isNarrower(term: NodeSelectorTerm, old: NodeSelectorTerm): boolean {
  const parts = ({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm) => [matchExpressions, matchFields]
  if (parts(old).every(list => list.length === 0)) return parts(term).every(list => list.length === 0)
  return parts(old).every((list, i) => deepEqual(parts(term)[i]!.slice(0, list.length), list))
}

/** The new spec with everything that may change as it was: equal to the old one when nothing else changed. */
function withChangeable(spec: PodSpec, old: PodSpec): PodSpec {
  const copy = deepCopy(spec)
  const images = (containers: Container[] = [], before: Container[] = []) =>
    containers.map((container, index) => ({ ...container, image: before[index]?.image }))
  copy.containers = images(copy.containers, old.containers)
  if (copy.initContainers) copy.initContainers = images(copy.initContainers, old.initContainers)
  const kept = ['activeDeadlineSeconds', 'tolerations', 'schedulingGates']
  if (isGated(old)) {
    kept.push('nodeSelector')
    copy.affinity = withNodeAffinity(copy.affinity, old.affinity)
  }
  if ((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1) {
    kept.push('terminationGracePeriodSeconds')
  }
  for (const key of kept) Object.assign(copy, { [key]: (old as unknown as Record<string, unknown>)[key] })
  return copy
}

function withNodeAffinity(affinity: Affinity | undefined, old: Affinity | undefined): Affinity | undefined {
  const made = { ...affinity, nodeAffinity: old?.nodeAffinity }
  return old || made.podAffinity || made.podAntiAffinity ? made : undefined
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
