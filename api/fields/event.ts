import type { Event, ObjectReference } from '../types/core-v1.ts'
import type { Event as EventsEvent } from '../types/events-v1.ts'

const PARTS = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'] as const

type Read<T> = (object: T) => string | undefined

function reference<T>(prefix: string, read: (object: T) => ObjectReference | undefined): Record<string, Read<T>> {
  return Object.fromEntries(PARTS.map(part => [`${prefix}.${part}`, (object: T) => read(object)?.[part]]))
}

export const eventFields: Readonly<Record<string, Read<Event>>> = {
  ...reference<Event>('involvedObject', event => event.involvedObject),
  reason: event => event.reason,
  reportingComponent: event => event.reportingComponent,
  source: event => event.source?.component || event.reportingComponent,
  type: event => event.type,
}

export const eventsFields: Readonly<Record<string, Read<EventsEvent>>> = {
  ...reference<EventsEvent>('regarding', event => event.regarding),
  ...reference<EventsEvent>('involvedObject', event => event.regarding),
  reason: event => event.reason,
  reportingController: event => event.reportingController,
  type: event => event.type,
}
