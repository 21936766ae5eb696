import { badRequest, conflict } from '../../api/errors.ts'
import { findKind } from '../../api/kinds/registry.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import { served } from '../encoding/encoder.ts'
import type { Parts, ResourceCall, Result } from '../parts.ts'
import { decodeBody } from '../stages/decode.ts'
import { refuseInvalid } from '../stages/validate.ts'
import type { Entry } from '../storage/entry.ts'
import { applyPatch } from '../verbs/patch.ts'
import { updateObject } from '../verbs/update.ts'
import { writeOf } from '../verbs/write.ts'

/** scale: one number of a workload, seen through a kind that all workloads share. */
export async function serveScale(parts: Parts, call: ResourceCall): Promise<Result> {
  const { verb, namespace, name } = call.info
  if (verb === 'get')
    return { type: 'object', object: scaleOf(await parts.objects.get(call.kind, namespace, name), call) }
  if (verb === 'update') {
    const wanted = decodeBody(call, scaleKind()) as Scale
    return write(parts, call, () => wanted)
  }
  if (verb === 'patch') return write(parts, call, current => applyPatch(call, scaleKind(), current) as Scale)
  throw badRequest(`the verb ${verb} is not supported for scale`)
}

function scaleKind() {
  return findKind('autoscaling', 'v1', 'Scale')!
}

async function write(parts: Parts, call: ResourceCall, edit: (scale: Scale) => Scale): Promise<Result> {
  const { entry } = await updateObject(
    parts,
    writeOf(call, call.kind, 'UpdateOptions'),
    current => {
      const scale = edit(scaleFrom(current))
      checkScale(scale, current, call)
      const replicas = scale.spec?.replicas ?? 0
      const { spec } = current as { spec?: object }
      return { ...current, spec: { ...spec, replicas } } as KubeObject
    },
    { prepare: (object, old) => call.kind.strategy.prepareForUpdate(object, old) },
  )
  return { type: 'object', object: scaleOf(entry, call) }
}

function checkScale(scale: Scale, current: KubeObject, { info, kind }: ResourceCall): void {
  const { resourceVersion, uid, name } = scale.metadata ?? {}
  if (name && name !== info.name) {
    throw badRequest(`the name of the object (${name}) does not match the name on the URL (${info.name})`)
  }
  if (resourceVersion && resourceVersion !== current.metadata?.resourceVersion) throw conflict(kind, info.name)
  if (uid && uid !== current.metadata?.uid) throw conflict(kind, info.name)
  const replicas = scale.spec?.replicas
  if (replicas === undefined) return
  const problem = {
    type: 'Invalid value',
    field: 'spec.replicas',
    value: replicas,
    detail: 'must be greater than or equal to 0',
  } as const
  refuseInvalid(scaleKind(), info.name, Number.isSafeInteger(replicas) && replicas >= 0 ? [] : [problem])
}

function scaleOf(entry: Entry, call: ResourceCall): KubeObject {
  return scaleFrom(served(call.kind, entry))
}

interface Workload extends KubeObject {
  spec?: { replicas?: number; selector?: unknown }
  status?: { replicas?: number }
}

function scaleFrom(object: Workload): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const { spec, status } = object
  const selector = selectorText(spec?.selector)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: spec?.replicas === undefined ? {} : { replicas: spec.replicas },
    status: { replicas: status?.replicas ?? 0, ...(selector ? { selector } : {}) },
  }
}

const OPERATORS: Record<string, string> = { In: 'in', NotIn: 'notin' }

/** A label selector as the text of a query: autoscalers select pods with it. */
export function selectorText(selector: unknown): string {
  if (typeof selector !== 'object' || selector === null) return ''
  const known = 'matchLabels' in selector || 'matchExpressions' in selector
  const { matchLabels = {}, matchExpressions = [] } = (known ? selector : { matchLabels: selector }) as {
    matchLabels?: Record<string, string>
    matchExpressions?: { key: string; operator: string; values?: string[] }[]
  }
  const equal = Object.entries(matchLabels).map(([key, value]) => `${key}=${value}`)
  const rules = matchExpressions.map(({ key, operator, values = [] }) => {
    if (OPERATORS[operator]) return `${key} ${OPERATORS[operator]} (${[...values].sort().join(',')})`
    return operator === 'Exists' ? key : `!${key}`
  })
  return [...equal, ...rules].sort().join(',')
}
