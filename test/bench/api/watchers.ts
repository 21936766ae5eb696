import { Connection, type Target } from './connection.ts'
import { configMap, MAPS } from './objects.ts'
import { percentile } from './pace.ts'

const LINE_FEED = 10
const CARRIAGE_RETURN = 13

/** One watcher: when each event came, and how many bytes came for it. */
class Watcher {
  readonly arrivals: number[] = []
  bytes = 0
  #last = 0

  take(chunk: Buffer): void {
    const now = performance.now()
    this.bytes += chunk.length
    for (const byte of chunk) {
      // The ends of lines of HTTP itself are two bytes; those of events one.
      if (byte === LINE_FEED && this.#last !== CARRIAGE_RETURN) this.arrivals.push(now)
      this.#last = byte
    }
  }
}

/** Milliseconds from a change to the arrival of its event at the slowest of a hundred watchers, over a few changes. */
export async function watchDelay(
  target: Target,
  count: number,
  changes: number,
): Promise<{ p99: number; bytes: number }> {
  const [writer, ...connections] = (await openInTurns(target, count + 1)) as [Connection, ...Connection[]]
  try {
    const list = JSON.parse((await writer.call({ method: 'GET', path: `${MAPS}?limit=1` })).text())
    const path = `${MAPS}?watch=true&resourceVersion=${list.metadata.resourceVersion}`
    const watchers = connections.map(() => new Watcher())
    await Promise.all(
      connections.map((connection, index) =>
        connection.follow({ method: 'GET', path }, bytes => watchers[index]!.take(bytes)),
      ),
    )
    const bytesBefore = total(watchers)
    const delays: number[] = []
    for (let change = 0; change < changes; change++) {
      const sent = performance.now()
      await writer.call({ method: 'POST', path: MAPS, body: configMap(`watched-${change}-${Date.now()}`) })
      await until(() => watchers.every(({ arrivals }) => arrivals.length > change))
      delays.push(...watchers.map(({ arrivals }) => arrivals[change]! - sent))
    }
    return { p99: percentile(delays, 0.99), bytes: (total(watchers) - bytesBefore) / changes / count }
  } finally {
    for (const connection of [writer, ...connections]) connection.close()
  }
}

function total(watchers: readonly Watcher[]): number {
  return watchers.reduce((sum, { bytes }) => sum + bytes, 0)
}

/** Handshakes are dear on both sides: not all at once. */
async function openInTurns(target: Target, count: number): Promise<Connection[]> {
  const opened: Connection[] = []
  while (opened.length < count) opened.push(...(await Connection.openMany(target, Math.min(50, count - opened.length))))
  return opened
}

async function until(condition: () => boolean, deadlineMs = 30_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('the watchers did not hear of a change in time')
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}
