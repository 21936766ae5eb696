import { badRequest, conflict } from '../../api/errors.ts'
import type { Binding, Pod, PodCondition } from '../../api/types/core-v1.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import type { ResourceCall, Result } from '../call.ts'
import type { Parts } from '../parts.ts'
import { decodeBody } from '../stages/decode.ts'
import { timestamp } from '../verbs/meta.ts'
import { admissionOf, writeOf } from '../verbs/write.ts'

/** pods/binding, and the older /bindings: the scheduler's word where a pod runs. It is said once. */
export async function serveBinding(parts: Parts, call: ResourceCall): Promise<Result> {
  const pods = parts.catalog.find('', 'v1', 'pods')!
  const bindings = parts.catalog.find('', 'v1', 'bindings') ?? call.kind
  const binding = decodeBody(call, bindings) as Binding
  const name = call.info.name || (binding.metadata?.name ?? '')
  const node = checkTarget(binding)
  const write = { ...writeOf(call, pods), name, subresource: 'binding' }
  const object = { ...binding, metadata: { ...binding.metadata, name, namespace: write.namespace } }
  const admission = admissionOf(write, 'CREATE', object)
  await parts.admission.mutate(admission)
  await parts.admission.validate(admission)
  await parts.objects.modify(pods, write.namespace, name, entry => {
    const bound = bind(entry.object<Pod>(), object, node, parts.clock.now())
    return write.dryRun ? undefined : bound
  })
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 }
  return { type: 'object', object: status, status: 201 }
}

function checkTarget(binding: Binding): string {
  const { target } = binding
  const kind = { group: '', kind: 'Binding' }
  if (target?.kind && target.kind !== 'Node') {
    const detail = 'supported values: "Node", "<empty>"'
    const error = { type: 'Unsupported value', field: 'target.kind', value: target.kind, detail } as const
    throw invalidObject(kind, binding.metadata?.name ?? '', [error])
  }
  if (!target?.name) {
    throw invalidObject(kind, binding.metadata?.name ?? '', [
      { type: 'Required value', field: 'target.name', detail: '' },
    ])
  }
  return target.name
}

/** The pod as bound; throws Conflict when it already has a node, or is on its way out. */
function bind(pod: Pod, binding: Binding, node: string, now: number): Pod {
  const name = pod.metadata?.name ?? ''
  const where = { group: '', plural: 'pods/binding' }
  const { uid, resourceVersion, annotations, labels } = binding.metadata ?? {}
  if (uid && uid !== pod.metadata?.uid) {
    const why = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${pod.metadata?.uid}`
    throw conflict(where, name, why)
  }
  if (resourceVersion && resourceVersion !== pod.metadata?.resourceVersion) throw conflict(where, name)
  if (pod.metadata?.deletionTimestamp)
    throw conflict(where, name, `pod ${name} is being deleted, cannot be assigned to a host`)
  if (pod.spec?.nodeName) {
    throw conflict(where, name, `pod ${name} is already assigned to node "${pod.spec.nodeName}"`)
  }
  if (pod.spec?.schedulingGates?.length) throw badRequest(`pod ${name} has non-empty .spec.schedulingGates`)
  return {
    ...pod,
    metadata: {
      ...pod.metadata,
      ...(annotations ? { annotations: { ...pod.metadata?.annotations, ...annotations } } : {}),
      ...(labels ? { labels: { ...pod.metadata?.labels, ...labels } } : {}),
    },
    spec: { ...pod.spec!, nodeName: node },
    status: { ...pod.status, conditions: withScheduled(pod.status?.conditions ?? [], now) },
  }
}

function withScheduled(conditions: PodCondition[], now: number): PodCondition[] {
  const others = conditions.filter(condition => condition.type !== 'PodScheduled')
  return [...others, { type: 'PodScheduled', status: 'True', lastTransitionTime: timestamp(now) } as PodCondition]
}
