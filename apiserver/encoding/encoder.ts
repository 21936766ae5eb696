import type { Kind } from '../../api/kind.ts'
import { apiVersionOf, type KubeObject, type WatchEvent, type WatchEventType } from '../../api/objects.ts'
import type { Entry } from '../storage/entry.ts'

/** A page of a list: stored entries, sent as bytes as far as the form allows. */
export interface EntryList {
  kind: Kind
  entries: readonly Entry[]
  revision: number
  continue?: string
  remaining?: number
}

/**
 * One form that answers take (JSON, Table, metadata only, YAML, protobuf): the same for a single object, a list and a
 * watch. Encoders are pure; `form` names what they make, so that a watch event is made once for all who want that form.
 */
export interface Encoder extends EventMaker<Uint8Array> {
  readonly contentType: string
  readonly watchContentType: string
  stored(kind: Kind, entry: Entry): Uint8Array
  /** What was computed, not stored: a Status, a review, a Scale; `kind` is known only for kinds of the catalog. */
  object(object: KubeObject, kind?: Kind): Uint8Array
  list(list: EntryList): Uint8Array
}

/** What a watch tells, in one form: lines for the wire, or objects for who lives in this process. */
export interface EventMaker<T> {
  readonly form: string
  event(type: WatchEventType, kind: Kind, entry: Entry): T
  /** A bookmark, or the end of the initial events. */
  bookmark(kind: Kind, revision: number, initialEventsEnd: boolean): T
  error(status: KubeObject): T
}

/** The objects themselves. Nobody who lives here asks who owns which field, so they come without managedFields. */
export const objectEvents: EventMaker<WatchEvent> = {
  form: 'object',
  event: (type, kind, entry) => ({ type, object: isStoredForm(kind) ? entry.lent() : served(kind, entry) }),
  bookmark: (kind, revision, end) => ({ type: 'BOOKMARK', object: bookmarkObject(kind, revision, end) }),
  error: status => ({ type: 'ERROR', object: status }),
}

function isStoredForm({ storage }: Kind): boolean {
  return !storage.webhook && !storage.fromStored
}

/** The object in the version that was asked for. */
export function served(kind: Kind, entry: Entry): KubeObject {
  const object = (kind.storage.webhook && entry.converted(apiVersionOf(kind))) ?? entry.object()
  return kind.storage.fromStored ? kind.storage.fromStored(object) : object
}

export function bookmarkObject(kind: Kind, revision: number, initialEventsEnd: boolean): KubeObject {
  const apiVersion = kind.group === '' ? kind.version : `${kind.group}/${kind.version}`
  const annotations = initialEventsEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}
  return { kind: kind.kind, apiVersion, metadata: { resourceVersion: String(revision), ...annotations } }
}

export function listMeta(list: Pick<EntryList, 'revision' | 'continue' | 'remaining'>) {
  return {
    resourceVersion: String(list.revision),
    ...(list.continue ? { continue: list.continue } : {}),
    ...(list.continue && list.remaining !== undefined ? { remainingItemCount: list.remaining } : {}),
  }
}
