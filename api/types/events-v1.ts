/** Made by api/generate/main.ts from the facts of the Kubernetes API; not to be edited. */
import type { KubeList, KubeObject } from '../objects.ts'
import type { EventSource, ObjectReference } from './core-v1.ts'

export interface Event extends KubeObject {
  action?: string
  deprecatedCount?: number
  deprecatedFirstTimestamp?: string
  deprecatedLastTimestamp?: string
  deprecatedSource?: EventSource
  eventTime: string
  note?: string
  reason?: string
  regarding?: ObjectReference
  related?: ObjectReference
  reportingController?: string
  reportingInstance?: string
  series?: EventSeries
  type?: string
}

export type EventList = KubeList<Event>

export interface EventSeries {
  count: number
  lastObservedTime: string
}
