import type { Readable } from 'node:stream'
import { RuntimeError, type RuntimeEvent } from '../runtime.ts'
import { jsonLines } from './lines.ts'

interface EngineEvent {
  Action?: string
  Actor?: { ID?: string; Attributes?: Record<string, string> }
}

export const KNOWN = ['die', 'oom', 'destroy'] as const

/** The engine's event stream as runtime events. Ends quietly when the signal aborts, else throws when it breaks. */
export async function* readEvents(stream: Readable, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
  const close = () => stream.destroy()
  // Aborted while the stream was being opened: nobody would close it any more.
  if (signal.aborted) return close()
  signal.addEventListener('abort', close, { once: true })
  try {
    yield { type: 'connected', id: '', labels: {} }
    for await (const event of jsonLines<EngineEvent>(stream)) yield toRuntimeEvent(event)
  } catch (error) {
    if (!signal.aborted) throw new RuntimeError('Unavailable', 'the event stream broke', true, { cause: error })
  } finally {
    signal.removeEventListener('abort', close)
    stream.destroy()
  }
  if (!signal.aborted) throw new RuntimeError('Unavailable', 'the engine ended the event stream', true)
}

export function toRuntimeEvent(event: EngineEvent): RuntimeEvent {
  const type = KNOWN.find(known => known === event.Action) ?? 'other'
  return { type, id: event.Actor?.ID ?? '', labels: event.Actor?.Attributes ?? {} }
}
