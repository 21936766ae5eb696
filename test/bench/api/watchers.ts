import { LoadClient, percentile } from './client.ts'
import { configMap, MAPS } from './objects.ts'

/** Milliseconds from a change to the arrival of its event, the slowest of a hundred watchers, over a few changes. */
export async function watchDelay(kubeconfig: string, count: number, changes: number): Promise<number> {
  const clients = await LoadClient.crowd(kubeconfig, count)
  const stop = new AbortController()
  const arrivals: number[][] = Array.from({ length: changes }, () => [])
  try {
    const [first] = clients as [LoadClient]
    const since = JSON.parse(await first.call('GET', `${MAPS}?limit=1`)).metadata.resourceVersion as string
    const path = `${MAPS}?watch=true&resourceVersion=${since}&fieldSelector=metadata.namespace%3Dbench`
    const reading = await Promise.all(clients.map(client => follow(client, path, stop.signal, arrivals)))
    const delays: number[] = []
    for (let change = 0; change < changes; change++) {
      const sent = performance.now()
      await first.call('POST', MAPS, configMap(`watched-${change}-${Date.now()}`))
      await until(() => arrivals[change]!.length === count)
      delays.push(...arrivals[change]!.map(at => at - sent))
    }
    stop.abort()
    await Promise.all(reading.map(({ ended }) => ended))
    return percentile(delays, 0.99)
  } finally {
    stop.abort()
    await Promise.all(clients.map(client => client.close()))
  }
}

/** Notes when the n-th event came. Resolves when the watch is open; `ended` when it is over. */
async function follow(client: LoadClient, path: string, signal: AbortSignal, arrivals: number[][]) {
  const response = await client.open('GET', path, undefined, undefined, signal)
  const read = async () => {
    let seen = 0
    for await (const chunk of response.body) {
      const now = performance.now()
      for (const byte of chunk as Uint8Array) if (byte === 10) arrivals[seen++]?.push(now)
    }
  }
  return {
    ended: read().catch(error => {
      if (!signal.aborted) throw error
    }),
  }
}

async function until(condition: () => boolean, deadlineMs = 30_000): Promise<void> {
  const end = performance.now() + deadlineMs
  while (!condition()) {
    if (performance.now() > end) throw new Error('the watchers did not hear of a change in time')
    await new Promise(resolve => setTimeout(resolve, 1))
  }
}
