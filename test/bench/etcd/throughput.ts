import { Channel } from '../../../etcd/client/channel.ts'
import { PutRequest, PutResponse, RangeRequest, RangeResponse } from '../../../etcd/proto/messages.ts'
import { systemClock } from '../../../platform/clock.ts'

const PUT = [PutRequest, PutResponse] as const
const RANGE = [RangeRequest, RangeResponse] as const
const PUT_PATH = '/etcdserverpb.KV/Put'
/** So many clients share a connection. */
const CLIENTS_PER_CHANNEL = 16

/** Runs `request` from so many clients, each one after the other, for so long; how many a second. */
async function perSecond(
  endpoint: string,
  clients: number,
  seconds: number,
  request: (channel: Channel, number: number) => Promise<unknown>,
): Promise<number> {
  const channels = Array.from(
    { length: Math.ceil(clients / CLIENTS_PER_CHANNEL) },
    () => new Channel({ endpoints: [endpoint], clock: systemClock }),
  )
  let count = 0
  const run = async (until: number) => {
    await Promise.all(
      Array.from({ length: clients }, async (_, i) => {
        while (performance.now() < until) await request(channels[i % channels.length]!, count++)
      }),
    )
  }
  try {
    await run(performance.now() + 500)
    count = 0
    const started = performance.now()
    await run(started + seconds * 1000)
    return count / ((performance.now() - started) / 1000)
  } finally {
    for (const channel of channels) channel.close()
  }
}

export function putsPerSecond(endpoint: string, clients: number, seconds: number): Promise<number> {
  const value = Buffer.alloc(256, 'v')
  return perSecond(endpoint, clients, seconds, (channel, number) =>
    channel.unary(PUT_PATH, PUT, { key: `bench/${number % 100_000}`, value }),
  )
}

export async function readsPerSecond(
  endpoint: string,
  clients: number,
  seconds: number,
  serializable: boolean,
): Promise<number> {
  const keys = 1000
  await fill(endpoint, 'read/', keys, 256)
  return perSecond(endpoint, clients, seconds, (channel, number) =>
    channel.unary('/etcdserverpb.KV/Range', RANGE, { key: `read/${number % keys}`, serializable }),
  )
}

/** Writes keys of a size, as fast as it goes. */
export async function fill(endpoint: string, prefix: string, keys: number, bytes: number): Promise<void> {
  const channel = new Channel({ endpoints: [endpoint], clock: systemClock })
  const value = Buffer.alloc(bytes, 'v')
  let next = 0
  try {
    await Promise.all(
      Array.from({ length: 256 }, async () => {
        for (let number = next++; number < keys; number = next++) {
          await channel.unary(PUT_PATH, PUT, { key: `${prefix}${number}`, value }, 30_000)
        }
      }),
    )
  } finally {
    channel.close()
  }
}
