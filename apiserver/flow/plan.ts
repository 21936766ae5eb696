import { MANDATORY_LEVELS, MANDATORY_SCHEMAS } from '../../api/flow/suggested.ts'
import type { KubeObject } from '../../api/objects.ts'
import type { FlowSchema, PriorityLevelConfiguration } from '../../api/types/flowcontrol-v1.ts'
import type { Catalog } from '../catalog.ts'
import type { Cache } from '../storage/cache.ts'
import { prefixEnd, shelfPrefix } from '../storage/keys.ts'
import { type Asked, byPrecedence, fitsSchema } from './classify.ts'
import { Level, Pool, type Refusal } from './level.ts'
import { allot } from './shares.ts'

const GROUP = 'flowcontrol.apiserver.k8s.io'

/** A schema at work: where its requests go, and how many it has seen. */
export interface CompiledSchema {
  name: string
  uid: string
  object: FlowSchema
  level: Level
  dispatched: number
  rejected: Partial<Record<Refusal, number>>
}

/** The FlowSchemas and priority levels of the store as they are now; made anew when one of them has changed. */
export class FlowPlan {
  readonly pool: Pool
  readonly #read: { schemas: () => FlowSchema[]; levels: () => PriorityLevelConfiguration[] }
  readonly #levels = new Map<string, Level>()
  readonly #known = new Map<string, CompiledSchema>()
  #schemas: CompiledSchema[] | undefined

  constructor(catalog: Catalog, cache: Cache, seats: number) {
    this.pool = new Pool(seats)
    const prefixes = ['flowschemas', 'prioritylevelconfigurations'].map(plural => {
      const kind = catalog.find(GROUP, 'v1', plural)
      if (!kind) throw new Error(`the catalog lacks ${plural}`)
      return shelfPrefix(kind)
    })
    const all = <T extends KubeObject>(prefix: string) =>
      cache
        .shelf(prefix)
        .range(prefix, prefixEnd(prefix))
        .map(entry => entry.shared<T>() as T)
    this.#read = { schemas: () => all<FlowSchema>(prefixes[0]!), levels: () => all(prefixes[1]!) }
    cache.onChange(prefixes, () => {
      this.#schemas = undefined
    })
  }

  get schemas(): readonly CompiledSchema[] {
    this.#schemas ??= this.#compile()
    return this.#schemas
  }

  /** The last schema takes everything: somebody always fits. */
  classify(asked: Asked): CompiledSchema {
    const { schemas } = this
    return schemas.find(({ object }) => fitsSchema(object, asked)) ?? schemas.at(-1)!
  }

  #compile(): CompiledSchema[] {
    const levels = this.#arrange(withMandatory(this.#read.levels(), MANDATORY_LEVELS))
    const schemas = withMandatory(this.#read.schemas(), MANDATORY_SCHEMAS).sort(byPrecedence)
    return schemas.flatMap(object => {
      const level = levels.get(object.spec?.priorityLevelConfiguration.name ?? '')
      return level ? [this.#schema(object, level)] : []
    })
  }

  /** Levels stay the same objects, with all who run and wait in them; one that is gone empties by itself. */
  #arrange(configurations: readonly PriorityLevelConfiguration[]): Map<string, Level> {
    const allotments = allot(configurations, this.pool.seats)
    const levels = configurations.map(({ metadata, spec }) => {
      const name = metadata?.name ?? ''
      const level = this.#levels.get(name) ?? new Level(name, this.pool)
      level.uid = metadata?.uid ?? ''
      level.allotment = allotments.get(name)!
      const { type, queuing } = spec?.limited?.limitResponse ?? {}
      level.queuing = type === 'Queue' ? { queues: 64, handSize: 8, queueLengthLimit: 50, ...queuing } : undefined
      return level
    })
    this.#levels.clear()
    for (const level of levels) this.#levels.set(level.name, level)
    this.pool.levels = levels
    for (const level of levels) level.serve()
    return new Map(this.#levels)
  }

  #schema(object: FlowSchema, level: Level): CompiledSchema {
    const { name = '', uid = '' } = object.metadata ?? {}
    const key = `${name}/${level.name}`
    const known = this.#known.get(key) ?? { name, uid, object, level, dispatched: 0, rejected: {} }
    this.#known.set(key, Object.assign(known, { uid, object, level }))
    return known
  }
}

/** What the store does not have yet, or somebody has removed this moment, holds all the same. */
function withMandatory<T extends KubeObject>(found: readonly T[], mandatory: readonly T[]): T[] {
  const names = new Set(found.map(({ metadata }) => metadata?.name))
  return [...found, ...mandatory.filter(({ metadata }) => !names.has(metadata?.name))]
}
