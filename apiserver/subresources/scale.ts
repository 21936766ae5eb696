import { badRequest, conflict } from '../../api/errors.ts'
import type { Kind } from '../../api/kind.ts'
import { findKind } from '../../api/kinds/registry.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { Scale } from '../../api/types/autoscaling-v1.ts'
import { isRecord } from '../../api/values.ts'
import type { ResourceCall, Result } from '../call.ts'
import { served } from '../encoding/encoder.ts'
import type { Parts } from '../parts.ts'
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
    return { type: 'object', object: await scaleOf(parts, await parts.objects.get(call.kind, namespace, name), call) }
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
      const scale = edit(scaleFrom(current, call.kind))
      checkScale(scale, current, call)
      return setAt(current, pathsOf(call.kind).specReplicasPath, scale.spec?.replicas ?? 0)
    },
    { prepare: (object, old) => call.kind.strategy.prepareForUpdate(object, old) },
  )
  return { type: 'object', object: await scaleOf(parts, entry, call) }
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

async function scaleOf(parts: Parts, entry: Entry, call: ResourceCall): Promise<KubeObject> {
  await parts.conversion.prepare(call.kind, [entry])
  return scaleFrom(served(call.kind, entry), call.kind)
}

type ScalePaths = NonNullable<Kind['scale']>

/** Where the workloads that Kubernetes brings have their numbers. */
const USUAL: ScalePaths = {
  specReplicasPath: '.spec.replicas',
  statusReplicasPath: '.status.replicas',
  labelSelectorPath: '.spec.selector',
}

function pathsOf(kind: Kind): ScalePaths {
  return kind.scale ?? USUAL
}

function scaleFrom(object: KubeObject, kind: Kind): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {}
  const paths = pathsOf(kind)
  const replicas = numberAt(object, paths.specReplicasPath)
  const selector = selectorText(paths.labelSelectorPath ? valueAt(object, paths.labelSelectorPath) : undefined)
  return {
    kind: 'Scale',
    apiVersion: 'autoscaling/v1',
    metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: replicas === undefined ? {} : { replicas },
    status: { replicas: numberAt(object, paths.statusReplicasPath) ?? 0, ...(selector ? { selector } : {}) },
  }
}

/** These paths are plain: names with dots before them. */
function stepsOf(path: string): string[] {
  return path.split('.').filter(Boolean)
}

function valueAt(object: unknown, path: string): unknown {
  return stepsOf(path).reduce<unknown>((value, key) => (isRecord(value) ? value[key] : undefined), object)
}

function numberAt(object: unknown, path: string): number | undefined {
  const value = valueAt(object, path)
  return typeof value === 'number' ? value : undefined
}

function setAt<T extends object>(object: T, path: string, value: unknown): T {
  const [key = '', ...rest] = stepsOf(path)
  const inner = (object as Record<string, unknown>)[key]
  return { ...object, [key]: rest.length === 0 ? value : setAt(isRecord(inner) ? inner : {}, rest.join('.'), value) }
}

const OPERATORS: Record<string, string> = { In: 'in', NotIn: 'notin' }

/** A label selector as the text of a query: autoscalers select pods with it. Custom resources hold it as a text already. */
function selectorText(selector: unknown): string {
  if (typeof selector === 'string') return selector
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
