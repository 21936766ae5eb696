import type { FieldError } from '../kind.ts'
import type {
  DaemonSet,
  Deployment,
  ReplicaSet,
  RollingUpdateDaemonSet,
  RollingUpdateDeployment,
  StatefulSet,
} from '../types/apps-v1.ts'
import type { PodTemplateSpec, ReplicationController } from '../types/core-v1.ts'
import type { LabelSelector } from '../types/meta-v1.ts'
import { deepEqual } from '../values.ts'
import { forbidden, invalid, required, unsupported } from './errors.ts'
import { immutable } from './meta.ts'
import { validatePodTemplate } from './pod.ts'
import { checkSelected } from './selectors.ts'

/** The template must be of pods that the selector finds and that are restarted for ever. */
function validateTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  kind: string,
): FieldError[] {
  const path = 'spec.template'
  if (!template) return [required(path)]
  const spec = template.spec
  const errors = spec ? validatePodTemplate(template, path) : [required(`${path}.spec`)]
  if (selector) errors.push(...checkSelected(selector, template.metadata?.labels, path))
  if (spec?.restartPolicy && spec.restartPolicy !== 'Always') {
    errors.push(unsupported(`${path}.spec.restartPolicy`, spec.restartPolicy, ['Always']))
  }
  if (spec?.activeDeadlineSeconds !== undefined) {
    errors.push(forbidden(`${path}.spec.activeDeadlineSeconds`, `activeDeadlineSeconds in ${kind} is not Supported`))
  }
  return errors
}

function validateSelector(selector: LabelSelector | undefined, kind: string): FieldError[] {
  const isEmpty = selector && !Object.keys(selector.matchLabels ?? {}).length && !selector.matchExpressions?.length
  return isEmpty ? [invalid('spec.selector', selector, `empty selector is invalid for ${kind}`)] : []
}

const isZero = (value: unknown) => value === undefined || Number.parseInt(String(value), 10) === 0

/** An update must be able to move: by a pod less, or a pod more. */
function mustMove({ maxUnavailable, maxSurge }: RollingUpdateDeployment = {}): FieldError[] {
  if (!isZero(maxUnavailable) || !isZero(maxSurge)) return []
  const path = 'spec.strategy.rollingUpdate.maxUnavailable'
  return [invalid(path, maxUnavailable ?? 0, 'may not be 0 when `maxSurge` is 0')]
}

/** A node has a daemon's next pod beside the old one, or after it. */
function oneWay({ maxUnavailable, maxSurge }: RollingUpdateDaemonSet): FieldError[] {
  const path = 'spec.updateStrategy.rollingUpdate'
  if (isZero(maxUnavailable) && isZero(maxSurge)) {
    return [required(`${path}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')]
  }
  if (isZero(maxUnavailable) || isZero(maxSurge)) return []
  return [invalid(`${path}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')]
}

export function validateDeployment({ spec }: Deployment): FieldError[] {
  if (!spec) return [required('spec')]
  const errors = [
    ...validateSelector(spec.selector, 'deployment'),
    ...validateTemplate(spec.selector, spec.template, 'ReplicaSet'),
  ]
  const { type, rollingUpdate } = spec.strategy ?? {}
  if (type === 'Recreate' && rollingUpdate) {
    errors.push(forbidden('spec.strategy.rollingUpdate', "may not be specified when strategy `type` is 'Recreate'"))
  }
  if (type === 'RollingUpdate') {
    errors.push(...mustMove(rollingUpdate))
  }
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    errors.push(invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds'))
  }
  return errors
}

export function validateReplicaSet({ spec }: ReplicaSet): FieldError[] {
  if (!spec) return [required('spec')]
  return [
    ...validateSelector(spec.selector, 'replicaset'),
    ...validateTemplate(spec.selector, spec.template, 'ReplicaSet'),
  ]
}

export function validateReplicationController({ spec }: ReplicationController): FieldError[] {
  if (!spec?.selector || !spec.template) return []
  return validateTemplate({ matchLabels: spec.selector }, spec.template, 'ReplicationController')
}

export function validateDaemonSet({ spec }: DaemonSet): FieldError[] {
  if (!spec) return [required('spec')]
  const { type, rollingUpdate } = spec.updateStrategy ?? {}
  return [
    ...validateSelector(spec.selector, 'daemonset'),
    ...validateTemplate(spec.selector, spec.template, 'DaemonSet'),
    ...(type === 'RollingUpdate' && rollingUpdate ? oneWay(rollingUpdate) : []),
  ]
}

export function validateStatefulSet({ spec }: StatefulSet): FieldError[] {
  if (!spec) return [required('spec')]
  const errors = [
    ...validateSelector(spec.selector, 'statefulset'),
    ...validateTemplate(spec.selector, withClaims(spec), 'StatefulSet'),
  ]
  if (spec.updateStrategy?.type === 'OnDelete' && spec.updateStrategy.rollingUpdate) {
    const message = `only allowed for updateStrategy 'RollingUpdate'`
    errors.push(invalid('spec.updateStrategy.rollingUpdate', spec.updateStrategy.rollingUpdate, message))
  }
  return errors
}

/** Containers may mount the claims that each pod gets of its own; such a claim takes the place of a volume of its name. */
function withClaims({ template, volumeClaimTemplates = [] }: NonNullable<StatefulSet['spec']>): PodTemplateSpec {
  if (!template?.spec) return template
  const claims = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? '')
  const own = (template.spec.volumes ?? []).filter(({ name }) => !claims.includes(name))
  const claimed = claims.map(name => ({ name, persistentVolumeClaim: { claimName: name } }))
  return { ...template, spec: { ...template.spec, volumes: [...own, ...claimed] } }
}

type Selecting = { spec?: { selector?: unknown } }

/** The selector of a workload never changes: its pods would be orphans. */
export function selectorStays<T extends Selecting>(validate: (object: T) => FieldError[]) {
  return (object: T, old: T): FieldError[] => [
    ...validate(object),
    ...immutable(object.spec?.selector, old.spec?.selector, 'spec.selector'),
  ]
}

const CHANGEABLE = [
  ...['replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit'],
  ...['persistentVolumeClaimRetentionPolicy', 'minReadySeconds'],
]

const STATEFUL =
  "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', " +
  "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"

export function validateStatefulSetUpdate(object: StatefulSet, old: StatefulSet): FieldError[] {
  const fixed = ({ spec = {} as StatefulSet['spec'] }: StatefulSet) =>
    Object.fromEntries(Object.entries(spec ?? {}).filter(([key]) => !CHANGEABLE.includes(key)))
  const errors = validateStatefulSet(object)
  if (!deepEqual(fixed(object), fixed(old))) errors.push(forbidden('spec', STATEFUL))
  return errors
}
