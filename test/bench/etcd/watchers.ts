import { Channel } from '../../../etcd/client/channel.ts'
import { WatchCreateRequest, WatchRequest, WatchResponse } from '../../../etcd/proto/control-messages.ts'
import { PutRequest, PutResponse } from '../../../etcd/proto/messages.ts'
import { systemClock } from '../../../platform/clock.ts'

const PUT = [PutRequest, PutResponse] as const
const WATCHES_PER_STREAM = 50

/** Time from asking for a put until a watcher hears of it, in milliseconds: the value that 99 of 100 stay below. */
export async function watchDelay(
  endpoint: string,
  watchers: number,
  putsPerSecond: number,
  seconds: number,
): Promise<number> {
  const watching = new Channel({ endpoints: [endpoint], clock: systemClock })
  const writing = new Channel({ endpoints: [endpoint], clock: systemClock })
  const delays: number[] = []
  let created = 0
  const message = (bytes: Buffer) => {
    const response = WatchResponse.decode(bytes)
    if (response.created) created++
    for (const { kv } of response.events) delays.push(performance.now() - Number(Buffer.from(kv!.value).toString()))
  }
  try {
    for (let i = 0; i < watchers / WATCHES_PER_STREAM; i++) {
      const stream = await watching.stream('/etcdserverpb.Watch/Watch', { message, ended: () => {} })
      for (let n = 0; n < WATCHES_PER_STREAM; n++) {
        stream.send(WatchRequest.encode({ createRequest: WatchCreateRequest.of({ key: 'watched' }) }))
      }
    }
    while (created < watchers) await pause(10)
    for (let sent = 0; sent < putsPerSecond * seconds; sent++) {
      const value = Buffer.from(String(performance.now()))
      await writing.unary('/etcdserverpb.KV/Put', PUT, { key: 'watched', value })
      await pause(1000 / putsPerSecond)
    }
    delays.sort((a, b) => a - b)
    return delays[Math.floor(delays.length * 0.99)] ?? Number.POSITIVE_INFINITY
  } finally {
    watching.close()
    writing.close()
  }
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => systemClock.after(ms, () => resolve()))
}
