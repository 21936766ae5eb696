import type { AuditEvent } from './event.ts'

/** Where events go. */
export interface AuditSink {
  /** As metrics and the log name it. */
  readonly name: 'log' | 'webhook'
  format(record: AuditRecord): string
  /** Throws or rejects where the events were not taken. */
  take(events: readonly string[]): void | Promise<void>
  /** There is no more time to wait for anything. */
  hurry?(): void
  /** After the last event. */
  close?(): Promise<void>
}

/** batch: nobody waits, and nobody hears of failures; blocking: every call waits; strict: and fails where that does. */
export type AuditMode = 'batch' | 'blocking' | 'blocking-strict'

export interface DeliveryOptions {
  mode: AuditMode
  /** How many events may wait; further ones are lost. */
  bufferSize: number
  /** A batch goes when it is that large, or its first event that old. */
  maxSize: number
  maxWaitMs: number
}

/** An event, and its JSON, which is made once for all sinks. */
export class AuditRecord {
  readonly event: AuditEvent
  #json: string | undefined

  constructor(event: AuditEvent) {
    this.event = event
  }

  get json(): string {
    this.#json ??= JSON.stringify(this.event)
    return this.#json
  }
}
