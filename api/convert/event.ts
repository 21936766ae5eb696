import type { KubeObject } from '../objects.ts'
import type { Event as CoreEvent } from '../types/core-v1.ts'
import type { Event } from '../types/events-v1.ts'

/** Events are stored as core v1; events.k8s.io shows the same fields under other names. */
export function eventFromCore(stored: KubeObject): KubeObject {
  const { metadata, ...event } = stored as CoreEvent
  const made: Event = {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata,
    eventTime: event.eventTime as string,
    series: event.series as Event['series'],
    reportingController: event.reportingComponent,
    reportingInstance: event.reportingInstance,
    action: event.action,
    reason: event.reason,
    regarding: event.involvedObject,
    related: event.related,
    note: event.message,
    type: event.type,
    deprecatedSource: event.source,
    deprecatedFirstTimestamp: event.firstTimestamp,
    deprecatedLastTimestamp: event.lastTimestamp,
    deprecatedCount: event.count,
  }
  return withoutUndefined(made)
}

export function eventToCore(object: KubeObject): KubeObject {
  const { metadata, ...event } = object as Event
  const made: CoreEvent = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: metadata ?? {},
    involvedObject: event.regarding ?? {},
    reason: event.reason,
    message: event.note,
    source: event.deprecatedSource,
    firstTimestamp: event.deprecatedFirstTimestamp,
    lastTimestamp: event.deprecatedLastTimestamp,
    count: event.deprecatedCount,
    type: event.type,
    eventTime: event.eventTime,
    series: event.series,
    action: event.action,
    related: event.related,
    reportingComponent: event.reportingController,
    reportingInstance: event.reportingInstance,
  }
  return withoutUndefined(made)
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T
}
