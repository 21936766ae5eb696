import { ageColumn, nameColumn } from '../columns/basic.ts'
import { fillRequired } from '../defaults/required.ts'
import type { Column, FieldError, Kind, KindStorage, Strategy } from '../kind.ts'
import { isSubdomainName, type NameRule } from '../names.ts'
import type { KubeObject } from '../objects.ts'
import { jsonFields, messageOf, schemaOf } from '../schema.ts'
import { checkStandardFinalizers, validateObjectMeta, validateObjectMetaUpdate } from '../validate/meta.ts'
import { checkRules } from '../validate/rules.ts'
import { type ResourceFacts, resourcesOf } from './resources.ts'
import { genericStrategy, type StrategyOptions } from './strategy.ts'

/** What a kind's record has to say; everything else is as for most kinds. */
export interface KindRecord<T extends KubeObject = KubeObject> extends StrategyOptions {
  kind: string
  shortNames?: readonly string[]
  alsoAccepts?: readonly string[]
  categories?: readonly string[]
  /** Path segment in the store, where it is not the plural. */
  prefix?: string
  /** Where another version of the kind is what the store holds. */
  stored?: Omit<KindStorage, 'prefix'>
  /** Rule of metadata.name; a DNS subdomain where nothing is said. `none`: a request for an answer, never stored. */
  name?: NameRule | 'none'
  setDefaults?(object: T): void
  validate?(object: T): FieldError[]
  validateUpdate?(object: T, old: T): FieldError[]
  /** Changes through /status: what else is wrong than with single fields of the status. */
  validateStatus?(object: T, old: T): FieldError[]
  validateSubresource?: Readonly<Record<string, (object: T, old: T) => FieldError[]>>
  columns?: readonly Column[]
  fields?: Readonly<Record<string, (object: T) => string | undefined>>
  strategy?: Partial<Strategy>
}

/** A record whose functions take the kind's own type. */
export function kind<T extends KubeObject>(record: KindRecord<T>): KindRecord {
  return record as unknown as KindRecord
}

/** Completes the records of a group version with the facts and with what most kinds do. */
export function declareKinds(group: string, version: string, records: readonly KindRecord[]): Kind[] {
  const resources = resourcesOf(group, version)
  return records.map(record => {
    const facts = resources.get(record.kind)
    if (!facts) throw new Error(`nothing is known of the resource of ${group}/${version} ${record.kind}`)
    return completeKind(record, facts)
  })
}

/** Kinds without a resource of their own: bodies of requests to subresources. */
export function declareBodies(group: string, version: string, records: readonly KindRecord[]): Kind[] {
  return records.map(record =>
    completeKind(record, {
      group,
      version,
      plural: '',
      kind: record.kind,
      namespaced: true,
      verbs: [],
      subresources: [],
    }),
  )
}

/** Groups whose objects may be held by whoever likes, under any name. */
const EXTENDING = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io'])

function completeKind(record: KindRecord, facts: ResourceFacts): Kind {
  const { group, version, plural, kind: name, namespaced, verbs, subresources } = facts
  const rule = record.name ?? isSubdomainName
  const validateMeta = (object: KubeObject) =>
    rule === 'none' ? [] : [...validateObjectMeta(object.metadata, namespaced, rule), ...finalizerFaults(object)]
  const finalizerFaults = (object: KubeObject) => (EXTENDING.has(group) ? [] : checkStandardFinalizers(object.metadata))
  const message = messageOf(facts)
  const schema = schemaOf(message)
  return {
    ...{ group, version, kind: name, plural, namespaced, verbs, subresources, schema },
    singular: name.toLowerCase(),
    shortNames: record.shortNames ?? [],
    alsoAccepts: record.alsoAccepts,
    categories: record.categories ?? [],
    storage: { prefix: record.prefix ?? plural, version: { group, version }, ...record.stored },
    setDefaults: object => {
      fillRequired(object, message)
      record.setDefaults?.(object)
    },
    validate: object => [...validateMeta(object), ...checkRules(object, message), ...(record.validate?.(object) ?? [])],
    validateUpdate: (object, old) => [
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...finalizerFaults(object),
      ...checkRules(object, message),
      ...((record.validateUpdate ?? record.validate)?.(object, old) ?? []),
    ],
    validateSubresource: { ...statusRules(record, message), ...withRules(record.validateSubresource, message) },
    strategy: { ...genericStrategy(facts, record), ...record.strategy },
    columns: record.columns ?? [nameColumn, ageColumn],
    fields: textFields(record.fields),
  }
}

/**
 * Through /status only the status is looked at: what is wrong with the rest was stored that way, and must not keep a controller
 * from telling what it found.
 */
function statusRules({ validateStatus }: KindRecord, message: string): Kind['validateSubresource'] {
  const field = jsonFields(message).find(({ name }) => name === 'status')
  if (!field) return {}
  const status: Kind['validateUpdate'] = (object, old) => [
    ...validateObjectMetaUpdate(object.metadata, old.metadata),
    ...checkRules((object as { status?: object }).status ?? {}, field.type, 'status'),
    ...(validateStatus?.(object, old) ?? []),
  ]
  return { status }
}

/** Whatever door a change comes through, metadata and single fields obey their rules. */
function withRules(rules: Kind['validateSubresource'] = {}, message: string): Kind['validateSubresource'] {
  const entries = Object.entries(rules).map(([name, validate]) => {
    const whole: Kind['validateUpdate'] = (object, old) => [
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...checkRules(object, message),
      ...validate(object, old),
    ]
    return [name, whole] as const
  })
  return Object.fromEntries(entries)
}

/** Absent values are selected by the empty string. */
function textFields(fields: KindRecord['fields'] = {}): Kind['fields'] {
  const entries = Object.entries(fields).map(([name, read]) => [name, (object: KubeObject) => read(object) ?? ''])
  return Object.fromEntries(entries)
}
