import { isReason } from '../../api/errors.ts'
import {
  AUTO_UPDATE,
  MANDATORY_LEVELS,
  MANDATORY_SCHEMAS,
  SUGGESTED_LEVELS,
  SUGGESTED_SCHEMAS,
} from '../../api/flow/suggested.ts'
import type { Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { FlowSchema, FlowSchemaCondition, FlowSchemaStatus } from '../../api/types/flowcontrol-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Log } from '../../platform/log.ts'
import { ensure } from '../bootstrap/bootstrap.ts'
import { systemWrite } from '../bootstrap/system-write.ts'
import type { Parts } from '../parts.ts'
import { prefixEnd, shelfPrefix } from '../storage/keys.ts'
import { timestamp } from '../verbs/meta.ts'
import { updateObject } from '../verbs/update.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'
export const MAINTAIN_EVERY_MS = 60_000

type WithSpec = KubeObject & { spec?: unknown }

/** Keeps the objects as they should be: from time to time, and at once when one of them changes. */
export class FlowObjects {
  readonly #parts: Parts
  readonly #log: Log
  #looking: Promise<void> | undefined
  #again = false
  #closed = false

  constructor(parts: Parts) {
    this.#parts = parts
    this.#log = parts.log.child('flow')
  }

  start(): void {
    const prefixes = ['flowschemas', 'prioritylevelconfigurations'].map(name => shelfPrefix(kindOf(this.#parts, name)))
    this.#parts.cache.onChange(prefixes, () => this.#look())
  }

  maintain(): Promise<void> {
    return maintainFlowObjects(this.#parts)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#looking
  }

  /** One look at a time; what happens meanwhile is a reason for another. */
  #look(): void {
    this.#again = true
    this.#looking ??= this.#lookOn().finally(() => {
      this.#looking = undefined
    })
  }

  async #lookOn(): Promise<void> {
    while (this.#again && !this.#closed) {
      this.#again = false
      try {
        await tellDangling(this.#parts)
      } catch (error) {
        this.#log.warn('The conditions of flow schemas could not be written; it is tried again later', { error })
      }
    }
  }
}

/** Makes what is missing, brings back what may not change, and says of every schema whether its level exists. */
async function maintainFlowObjects(parts: Parts): Promise<void> {
  const levels: [readonly WithSpec[], boolean][] = [
    [MANDATORY_LEVELS, true],
    [SUGGESTED_LEVELS, false],
  ]
  const schemas: [readonly WithSpec[], boolean][] = [
    [MANDATORY_SCHEMAS, true],
    [SUGGESTED_SCHEMAS, false],
  ]
  await maintainKind(parts, 'prioritylevelconfigurations', levels)
  await maintainKind(parts, 'flowschemas', schemas)
  await tellDangling(parts)
}

async function maintainKind(parts: Parts, plural: string, sets: [readonly WithSpec[], boolean][]): Promise<void> {
  const kind = kindOf(parts, plural)
  const tasks = sets.flatMap(([objects, mandatory]) => objects.map(object => maintain(parts, kind, object, mandatory)))
  await Promise.all(tasks)
}

function kindOf({ catalog }: Parts, plural: string): Kind {
  const kind = catalog.find(GROUP, 'v1', plural)
  if (!kind) throw new Error(`the catalog lacks ${plural}`)
  return kind
}

async function maintain(parts: Parts, kind: Kind, wanted: WithSpec, mandatory: boolean): Promise<void> {
  const name = wanted.metadata?.name ?? ''
  await ensure(parts, kind.plural, wanted, GROUP)
  const found = parts.objects.peek(kind, '', name)?.shared<WithSpec>()
  if (!found || !isOurs(found, mandatory) || deepEqual(found.spec, wanted.spec)) return
  await unlessGone(updateObject(parts, systemWrite(kind, '', name), current => ({ ...current, spec: wanted.spec })))
}

/** Of the suggested ones an administrator may keep a version of his own. */
function isOurs({ metadata }: KubeObject, mandatory: boolean): boolean {
  const annotation = metadata?.annotations?.[AUTO_UPDATE]
  return mandatory || (annotation === undefined ? metadata?.generation === 1 : annotation === 'true')
}

/** Brings the conditions of all schemas up to date. */
async function tellDangling(parts: Parts): Promise<void> {
  const kind = kindOf(parts, 'flowschemas')
  const levels = kindOf(parts, 'prioritylevelconfigurations')
  const prefix = shelfPrefix(kind)
  await parts.cache.upToDate()
  const exists = (name: string) => parts.objects.peek(levels, '', name) !== undefined
  for (const entry of parts.cache.shelf(prefix).range(prefix, prefixEnd(prefix))) {
    const schema = entry.shared<FlowSchema>()
    if (deepEqual(danglingStatus(schema, exists, ''), schema.status)) continue
    const write = { ...systemWrite(kind, '', schema.metadata?.name ?? ''), subresource: 'status' }
    const now = timestamp(parts.clock.now())
    const edit = (current: FlowSchema) => ({ ...current, status: danglingStatus(current, exists, now) })
    await unlessGone(updateObject(parts, write, edit))
  }
}

/** `now` is the time of a change; an unchanged condition keeps its own. */
function danglingStatus(
  schema: FlowSchema,
  exists: (level: string) => boolean,
  now: string,
): FlowSchemaStatus | undefined {
  const name = schema.spec?.priorityLevelConfiguration.name ?? ''
  const found = exists(name)
  const conditions = schema.status?.conditions ?? []
  const before = conditions.find(({ type }) => type === 'Dangling')
  const status = found ? 'False' : 'True'
  const reference = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(name)}`
  const condition: FlowSchemaCondition = {
    ...{ type: 'Dangling', status, reason: found ? 'Found' : 'NotFound' },
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
    message: found ? `${reference} and it exists` : `${reference} but there is no such object`,
  }
  return { ...schema.status, conditions: [...conditions.filter(one => one !== before), condition] }
}

async function unlessGone(write: Promise<unknown>): Promise<void> {
  try {
    await write
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error
  }
}
