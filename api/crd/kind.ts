import { nameColumn } from '../columns/basic.ts'
import type { Kind, KindStorage, Schema, Strategy, Subresource } from '../kind.ts'
import { isSubdomainName } from '../names.ts'
import type { KubeObject } from '../objects.ts'
import type { CustomResourceDefinition, CustomResourceDefinitionVersion } from '../types/apiextensions-v1.ts'
import { validateObjectMeta, validateObjectMetaUpdate } from '../validate/meta.ts'
import { printerColumns, selectableFields } from './columns.ts'
import { pruneResource, setSchemaDefaults } from './prune.ts'
import { newFaults } from './ratchet.ts'
import { checkSchemaRules } from './rules.ts'
import { rootSchema } from './schema.ts'
import { customStrategy } from './strategy.ts'
import { validateBySchema } from './validate.ts'

/** The kinds that a definition makes, one for each version that is served: as good as the built-in ones. */
export function kindsOf(definition: CustomResourceDefinition): Kind[] {
  return definition.spec.versions.filter(version => version.served).map(version => kindOf(definition, version))
}

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
/** While a definition is being deleted nothing new is made under it. */
const LAST_VERBS = VERBS.filter(verb => verb !== 'create')

function kindOf(definition: CustomResourceDefinition, version: CustomResourceDefinitionVersion): Kind {
  const { group, names, scope } = definition.spec
  const accepted = definition.status?.acceptedNames ?? names
  const identity = { group, version: version.name, kind: names.kind }
  const namespaced = scope === 'Namespaced'
  const props = version.schema?.openAPIV3Schema
  const keepsAll = definition.spec.preserveUnknownFields === true
  const plain: Schema = { ...rootSchema(props), ...(keepsAll ? { preserveUnknownFields: true } : {}) }
  const schema: Schema = { ...plain, definition: definitionName(identity) }
  const hasStatus = version.subresources?.status !== undefined
  return {
    ...identity,
    plural: names.plural,
    singular: accepted.singular || names.kind.toLowerCase(),
    listKind: accepted.listKind || `${names.kind}List`,
    shortNames: accepted.shortNames ?? [],
    categories: accepted.categories ?? [],
    namespaced,
    verbs: definition.metadata?.deletionTimestamp ? LAST_VERBS : VERBS,
    schema,
    storage: storageOf(definition, version, schema),
    subresources: subresourcesOf(identity, version),
    scale: version.subresources?.scale,
    deprecation: deprecationOf(identity, version),
    conform: object => pruneResource(object, schema),
    setDefaults: object => setSchemaDefaults(object, schema),
    ...validation(plain, namespaced),
    strategy: customStrategy(hasStatus) satisfies Strategy,
    columns: [nameColumn, ...printerColumns(version)],
    fields: selectableFields(version),
  }
}

function validation(schema: Schema, namespaced: boolean): Pick<Kind, 'validate' | 'validateUpdate'> {
  return {
    validate: object => [
      ...validateObjectMeta(object.metadata, namespaced, isSubdomainName),
      ...validateBySchema(object, schema, ''),
      ...checkSchemaRules(object, undefined, schema),
    ],
    validateUpdate: (object, old) => [
      ...validateObjectMetaUpdate(object.metadata, old.metadata),
      ...newFaults(validateBySchema(object, schema, ''), () => validateBySchema(old, schema, '')),
      ...newFaults(checkSchemaRules(object, old, schema), () => checkSchemaRules(old, undefined, schema)),
    ],
  }
}

/** `com.example.stable.v1.CronTab`: the group turned round, as OpenAPI names definitions. */
function definitionName({ group, version, kind }: { group: string; version: string; kind: string }): string {
  return [...group.split('.').reverse(), version, kind].join('.')
}

function subresourcesOf(own: Subresource['kind'], { subresources }: CustomResourceDefinitionVersion): Subresource[] {
  const verbs = ['get', 'patch', 'update']
  const scale = { group: 'autoscaling', version: 'v1', kind: 'Scale' }
  return [
    ...(subresources?.status !== undefined ? [{ name: 'status', kind: own, verbs }] : []),
    ...(subresources?.scale ? [{ name: 'scale', kind: scale, verbs }] : []),
  ]
}

function deprecationOf(
  { group, version, kind }: { group: string; version: string; kind: string },
  { deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
): string | undefined {
  if (!deprecated) return undefined
  return deprecationWarning ?? `${group}/${version} ${kind} is deprecated`
}

/**
 * What was stored under a definition that never changed is what is served. Otherwise it may be of another version, or older
 * than a default or than the end of a field: then it is read as if it came from outside.
 */
function storageOf(
  { spec, metadata }: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  schema: Schema,
): KindStorage {
  const { group, names } = spec
  const stored = spec.versions.find(one => one.storage) ?? version
  const plain = { prefix: `${group}/${names.plural}`, version: { group, version: stored.name } }
  const { strategy, webhook } = spec.conversion ?? {}
  const asks =
    strategy === 'Webhook' && webhook?.clientConfig ? { ...webhook, clientConfig: webhook.clientConfig } : undefined
  const unchanged = stored === version && (metadata?.generation ?? 1) === 1
  if (unchanged) return { ...plain, webhook: asks }
  const own = `${group}/${version.name}`
  const fromStored = (object: KubeObject) => {
    if (asks && object.apiVersion !== own) throw new Error(`${object.apiVersion} was not converted to ${own}`)
    const served = { ...object, apiVersion: own }
    pruneResource(served, schema)
    setSchemaDefaults(served, schema)
    return served
  }
  return {
    ...plain,
    webhook: asks,
    fromStored,
    toStored: object => ({ ...object, apiVersion: `${group}/${stored.name}` }),
  }
}
