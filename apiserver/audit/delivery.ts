import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { AuditMetrics } from './audit-metrics.ts'
import { Batches } from './batches.ts'
import type { AuditRecord, AuditSink, DeliveryOptions } from './sink.ts'

interface DeliverySurroundings {
  clock: Clock
  log: Log
  metrics: AuditMetrics
}

/** How events come to one sink. */
export interface Delivery {
  /** Whether the call may go on; never rejects. */
  take(record: AuditRecord): boolean | Promise<boolean>
  close(): Promise<void>
}

export function deliver(sink: AuditSink, options: DeliveryOptions, around: DeliverySurroundings): Delivery {
  if (options.mode === 'batch') return inBatches(sink, options, around)
  const isStrict = options.mode === 'blocking-strict'
  const failed = (error: unknown): boolean => {
    noteFailure(around, sink.name, 1, error)
    return !isStrict
  }
  return {
    take(record) {
      try {
        const taking = sink.take([sink.format(record)])
        return taking ? taking.then(() => true, failed) : true
      } catch (error) {
        return failed(error)
      }
    },
    async close() {
      sink.hurry?.()
      await sink.close?.()
    },
  }
}

function inBatches(sink: AuditSink, options: DeliveryOptions, around: DeliverySurroundings): Delivery {
  const batches = new Batches(options, around.clock, {
    async take(events) {
      try {
        await sink.take(events)
      } catch (error) {
        noteFailure(around, sink.name, events.length, error)
      }
    },
    onFull() {
      around.log.error('Audit events are lost: as many as may wait do so already', { sink: sink.name })
    },
    onDropped() {
      around.metrics.errors.add({ plugin: 'buffered' })
    },
    onRoom(events) {
      around.log.warn('Audit events have been lost; there is room again', { sink: sink.name, events })
    },
  })
  return {
    take(record) {
      batches.take(sink.format(record))
      return true
    },
    async close() {
      sink.hurry?.()
      await batches.close()
      await sink.close?.()
    },
  }
}

/** Their number, and not what stood in them: that may be secret. */
function noteFailure({ log, metrics }: DeliverySurroundings, plugin: string, events: number, error: unknown): void {
  metrics.errors.add({ plugin }, events)
  log.error('Audit events could not be handed over', { sink: plugin, events, error })
}
