import { median } from '../report.ts'
import type { Connection } from './connection.ts'

export interface Pace {
  perSecond: number
  p50: number
  p99: number
  /** Microseconds of processor time for each request: the server's and ours. */
  serverMicros: number
  loadMicros: number
}

/** What the server's process says of itself under /metrics, as Kubernetes does. */
export class ServerUsage {
  readonly #connection: Connection

  constructor(connection: Connection) {
    this.#connection = connection
  }

  async read(): Promise<{ cpuSeconds: number; megabytes: number }> {
    const text = (await this.#connection.call({ method: 'GET', path: '/metrics' })).text()
    const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN)
    return {
      cpuSeconds: value('process_cpu_seconds_total'),
      megabytes: value('process_resident_memory_bytes') / 2 ** 20,
    }
  }
}

export interface Load {
  connections: readonly Connection[]
  usage: ServerUsage
}

/** How long one thing is done, and how often. */
export interface Pacing {
  seconds: number
  rounds: number
}

/** Work on one connection; false when there is nothing left to do. */
export type Work = (connection: Connection, turn: number) => Promise<unknown> | false

/** One after the other on each connection, for so long; times in milliseconds. */
export async function pace({ connections, usage }: Load, seconds: number, work: Work): Promise<Pace> {
  const times: number[] = []
  const before = await usage.read()
  const ownBefore = process.cpuUsage()
  const started = performance.now()
  const end = started + seconds * 1000
  let turn = 0
  const worker = async (connection: Connection) => {
    for (let since = performance.now(); since < end; since = performance.now()) {
      const doing = work(connection, turn++)
      if (!doing) return
      await doing
      times.push(performance.now() - since)
    }
  }
  await Promise.all(connections.map(worker))
  const elapsed = (performance.now() - started) / 1000
  const own = process.cpuUsage(ownBefore)
  const after = await usage.read()
  return {
    perSecond: times.length / elapsed,
    ...{ p50: percentile(times, 0.5), p99: percentile(times, 0.99) },
    serverMicros: ((after.cpuSeconds - before.cpuSeconds) * 1e6) / times.length,
    loadMicros: (own.user + own.system) / times.length,
  }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}

/** What else the run in the middle showed. */
export function describePaces(paces: readonly Pace[]): { detail?: string } {
  const middle = median(paces.map(one => one.perSecond))
  const shown = paces.find(one => one.perSecond === middle)
  return shown ? { detail: describePace(shown) } : {}
}

/** `p50 1.20, p99 3.40 ms; processor: server 48, load 30 us` */
function describePace({ p50, p99, serverMicros, loadMicros }: Pace): string {
  const times = `p50 ${p50.toFixed(2)}, p99 ${p99.toFixed(2)} ms`
  return `${times}; processor: server ${serverMicros.toFixed(0)}, load ${loadMicros.toFixed(0)} us`
}
