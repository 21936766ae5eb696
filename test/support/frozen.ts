import type { ApiHandler } from '../../api/exchange.ts'
import type { WatchEvent } from '../../api/objects.ts'

/** What a watch in this process tells is shared by many: with this, whoever changes it fails where he does so. */
export function lendingFrozen(handler: ApiHandler): ApiHandler {
  return async request => {
    const response = await handler(request)
    return response.events ? { ...response, events: frozen(response.events) } : response
  }
}

async function* frozen(batches: AsyncIterable<readonly WatchEvent[]>): AsyncGenerator<readonly WatchEvent[]> {
  for await (const events of batches) {
    freeze(events)
    yield events
  }
}

function freeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const part of Object.values(value)) freeze(part)
}
