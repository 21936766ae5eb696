import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { EmptyRequest, SnapshotResponse } from '../proto/control-messages.ts'
import { Channel, type ChannelOptions } from './channel.ts'

const PATH = '/etcdserverpb.Maintenance/Snapshot'

/** Writes a backup of a running store to `out`; its size. */
export async function saveSnapshot(options: ChannelOptions, out: Writable): Promise<number> {
  const channel = new Channel(options)
  const closed = once(out, 'close')
  let size = 0
  try {
    await new Promise<void>((resolve, reject) => {
      out.once('error', reject)
      const ended = (error: Error | undefined) => (error ? reject(error) : resolve())
      const message = (bytes: Buffer) => {
        const { blob } = SnapshotResponse.decode(bytes)
        size += blob.length
        out.write(blob)
      }
      channel.stream(PATH, { message, ended }).then(call => {
        call.send(EmptyRequest.encode({}))
        call.end()
      }, reject)
    })
    out.end()
    await closed
    return size
  } finally {
    channel.close()
    out.destroy()
  }
}
