import { badRequest } from '../api/errors.ts'
import type { Kind } from '../api/kind.ts'
import type { KubeObject } from '../api/objects.ts'
import {
  checkFields,
  type FieldRequirement,
  matchesFields,
  matchesLabels,
  parseFieldSelector,
  parseLabelSelector,
  SelectorError,
} from '../api/selectors.ts'
import type { ResourceCall } from './call.ts'
import type { Entry, Facts } from './storage/entry.ts'
import { prefixEnd, storageKey } from './storage/keys.ts'

/** Which objects a list, a watch or a deletecollection is about. */
export interface Selection {
  kind: Kind
  /** Keys in [start, end) are looked at. */
  start: string
  end: string
  /** undefined: all of them. */
  matches?: (entry: Entry) => boolean
}

export function parseSelection({ kind, info, request }: ResourceCall): Selection {
  const labelText = request.query.get('labelSelector') ?? ''
  const fieldText = request.query.get('fieldSelector') ?? ''
  const start = storageKey(kind, info.namespace)
  const everything = { kind, start, end: prefixEnd(start) }
  if (labelText === '' && fieldText === '') return everything
  const labels = parsed(() => parseLabelSelector(labelText))
  const fields = parsed(() => parseFields(kind, fieldText))
  const compute = (object: KubeObject) => factsOf(kind, object)
  const matches = (entry: Entry) => {
    const facts = entry.facts(kind, compute)
    return matchesLabels(labels, facts.labels) && matchesFields(fields, field => facts.fields[field] ?? '')
  }
  return { ...everything, ...rangeOfName(kind, info.namespace, fields), matches }
}

/** A list of one name looks at one key instead of all. */
function rangeOfName(kind: Kind, namespace: string, fields: readonly FieldRequirement[]): Partial<Selection> {
  const name = fields.find(({ field, equal }) => field === 'metadata.name' && equal)?.value
  if (!name || (kind.namespaced && namespace === '')) return {}
  const key = storageKey(kind, namespace, name)
  return { start: key, end: `${key}\0` }
}

function factsOf(kind: Kind, stored: KubeObject): Facts {
  // What only a webhook could convert is selected as it was stored.
  const { fromStored, webhook } = kind.storage
  const object = fromStored && !webhook ? fromStored(stored) : stored
  const { labels = {}, name = '', namespace = '' } = object.metadata ?? {}
  const fields: Record<string, string> = { 'metadata.name': name, 'metadata.namespace': namespace }
  for (const [field, read] of Object.entries(kind.fields)) fields[field] = read(object)
  return { labels, fields }
}

/** A text that is no selector, or a field that the kind does not offer, is the client's fault. */
function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof SelectorError) throw badRequest(error.message)
    throw error
  }
}

function parseFields(kind: Kind, text: string): FieldRequirement[] {
  const requirements = parseFieldSelector(text)
  checkFields(requirements, field => METADATA_FIELDS.has(field) || Object.hasOwn(kind.fields, field))
  return requirements
}

const METADATA_FIELDS = new Set(['metadata.name', 'metadata.namespace'])
