import { legacyLine } from './event.ts'
import type { AuditSink, DeliveryOptions } from './sink.ts'

/** --audit-log-path and what goes with it. */
export interface AuditFile {
  /** Takes one line; throws where it cannot be written. */
  write(line: string): void
  close?(): Promise<void>
  format?: 'json' | 'legacy'
  delivery?: Partial<DeliveryOptions>
}

/** Written at once, on the whole: what goes into the page cache need not be gathered. */
export const LOG_DELIVERY: DeliveryOptions = { mode: 'blocking', bufferSize: 10_000, maxSize: 1, maxWaitMs: 0 }

export function logSink({ write, close, format }: AuditFile): AuditSink {
  return {
    name: 'log',
    format: record => (format === 'legacy' ? legacyLine(record.event) : record.json),
    take(lines) {
      for (const line of lines) write(line)
    },
    close,
  }
}
