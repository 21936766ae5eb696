import { Agent, request } from 'undici'
import { readKubeconfig } from '../../../client/kubeconfig.ts'
import { systemDisk } from '../../../platform/disk.ts'

/** Load for any Kubernetes: plain HTTP/1.1 and JSON, told where to go by a kubeconfig. */
export class LoadClient {
  readonly #server: string
  readonly #agent: Agent
  readonly #token: string | undefined

  private constructor(server: string, agent: Agent, token: string | undefined) {
    this.#server = server
    this.#agent = agent
    this.#token = token
  }

  static async open(kubeconfig: string): Promise<LoadClient> {
    const { server, credentials } = await readKubeconfig(systemDisk, kubeconfig)
    const { ca, certificate, key, token } = credentials
    const connect = { ca, cert: certificate, key }
    return new LoadClient(server, new Agent({ connections: 64, connect }), token)
  }

  /** The answer's body, which is read to its end; anything but success is an error. */
  async call(method: string, path: string, body?: unknown, type = 'application/json'): Promise<string> {
    const response = await this.open(method, path, body, type)
    const text = await response.body.text()
    if (response.statusCode >= 300) throw new Error(`${method} ${path}: ${response.statusCode} ${text.slice(0, 300)}`)
    return text
  }

  open(method: string, path: string, body?: unknown, type = 'application/json', signal?: AbortSignal) {
    return request(this.#server + path, {
      method: method as 'GET',
      dispatcher: this.#agent,
      signal,
      headersTimeout: 0,
      bodyTimeout: 0,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': type }),
        ...(this.#token ? { authorization: `Bearer ${this.#token}` } : {}),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
  }

  /** As many connections as watchers: each needs its own. */
  static async crowd(kubeconfig: string, count: number): Promise<LoadClient[]> {
    return Promise.all(Array.from({ length: count }, () => LoadClient.open(kubeconfig)))
  }

  async close(): Promise<void> {
    await this.#agent.destroy()
  }
}

export interface Pace {
  perSecond: number
  p50: number
  p99: number
}

/** Does `work` with so many in flight for so long, and tells how fast that went; times in milliseconds. */
export async function pace(inFlight: number, seconds: number, work: (turn: number) => Promise<unknown>): Promise<Pace> {
  const times: number[] = []
  const started = performance.now()
  const end = started + seconds * 1000
  let turn = 0
  const worker = async () => {
    while (performance.now() < end) {
      const since = performance.now()
      await work(turn++)
      times.push(performance.now() - since)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, worker))
  const elapsed = (performance.now() - started) / 1000
  return { perSecond: times.length / elapsed, p50: percentile(times, 0.5), p99: percentile(times, 0.99) }
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0
}
