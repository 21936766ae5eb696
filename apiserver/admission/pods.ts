import { ApiError } from '../../api/errors.ts'
import type { Pod, Toleration } from '../../api/types/core-v1.ts'
import type { PriorityClass } from '../../api/types/scheduling-v1.ts'
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts'
import type { Lister } from './lister.ts'

/** Small plugins that fill in what every pod has. */

const DEFAULT_SECONDS = 300

/** --default-not-ready-toleration-seconds, --default-unreachable-toleration-seconds */
export interface TolerationSeconds {
  notReady?: number
  unreachable?: number
}

function isPodItself({ kind, subresource }: AdmissionRequest): boolean {
  return kind.group === '' && kind.kind === 'Pod' && subresource === ''
}

/** Pods stay for a while on a node that has stopped answering, five minutes by default, unless they say otherwise. */
export function defaultTolerationSeconds(defaults: TolerationSeconds = {}): AdmissionPlugin {
  const fatigues = new Map([
    ['node.kubernetes.io/not-ready', defaults.notReady ?? DEFAULT_SECONDS],
    ['node.kubernetes.io/unreachable', defaults.unreachable ?? DEFAULT_SECONDS],
  ])
  return {
    name: 'DefaultTolerationSeconds',
    mutate(request) {
      if (!isPodItself(request) || !(request.object as Pod).spec) return
      const spec = (request.object as Pod).spec!
      const missing = [...fatigues].filter(
        ([key]) => !(spec.tolerations ?? []).some(one => toleratesNoExecute(one, key)),
      )
      if (missing.length === 0) return
      const added: Toleration[] = missing.map(([key, tolerationSeconds]) => {
        return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds }
      })
      spec.tolerations = [...(spec.tolerations ?? []), ...added]
    },
  }
}

function toleratesNoExecute({ key, effect }: Toleration, wanted: string): boolean {
  return (key === wanted || !key) && (effect === 'NoExecute' || !effect)
}

/** The name of a pod's priority class becomes its number. */
export function priority(lister: Lister): AdmissionPlugin {
  return {
    name: 'Priority',
    async mutate(request) {
      if (!isPodItself(request) || !(request.object as Pod).spec) return
      const pod = request.object as Pod
      if (request.operation === 'UPDATE') return keepPriority(pod, request.old as Pod)
      if (request.operation !== 'CREATE') return
      const spec = pod.spec!
      const found = await classOf(lister, spec.priorityClassName)
      if (!found && spec.priorityClassName) throw noClass(request, spec.priorityClassName)
      if (found && !spec.priorityClassName) spec.priorityClassName = found.metadata?.name
      const value = found?.value ?? 0
      if (spec.priority !== undefined && spec.priority !== value) {
        throw refuse(
          request,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        )
      }
      spec.priority = value
      spec.preemptionPolicy ??= found?.preemptionPolicy ?? 'PreemptLowerPriority'
    },
  }
}

function keepPriority(pod: Pod, old: Pod): void {
  pod.spec!.priority ??= old.spec?.priority
  pod.spec!.preemptionPolicy ??= old.spec?.preemptionPolicy
}

async function classOf(lister: Lister, name: string | undefined): Promise<Readonly<PriorityClass> | undefined> {
  const resource = 'priorityclasses.scheduling.k8s.io'
  if (name) return lister.get<PriorityClass>(resource, '', name) ?? lister.getNow<PriorityClass>(resource, '', name)
  const defaults = lister.list<PriorityClass>(resource).filter(one => one.globalDefault)
  // Two defaults are a mistake; the lower one does the least harm.
  return defaults.sort((a, b) => (a.value ?? 0) - (b.value ?? 0))[0]
}

function noClass(request: AdmissionRequest, name: string): ApiError {
  return refuse(request, `no PriorityClass with name ${name} was found`)
}

function refuse({ name }: AdmissionRequest, why: string): ApiError {
  return new ApiError('Forbidden', `pods "${name}" is forbidden: ${why}`, { name, kind: 'pods' })
}
