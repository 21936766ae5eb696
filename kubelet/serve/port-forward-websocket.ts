import { PassThrough } from 'node:stream'
import type { WebSocket } from 'ws'
import type { Log } from '../../platform/log.ts'
import { messageOf } from './console.ts'
import { type ChannelProtocol, channelWriter, decode } from './console-websocket.ts'
import type { ConnectPort } from './port-forward.ts'

/**
 * Port-forward as client libraries do it (not kubectl): the ports stand in the query, each has two channels, for data
 * and for errors, and one connection. There is no half-close; both channels begin with the port's number.
 */
export function servePortForwardChannels(
  socket: WebSocket,
  protocol: ChannelProtocol,
  ports: readonly number[],
  connect: ConnectPort,
  log: Log,
): void {
  const inputs = ports.map(() => new PassThrough({ highWaterMark: 256 * 1024 }))
  for (const input of inputs) input.on('drain', () => socket.resume()).on('close', () => socket.resume())
  socket.on('message', message => {
    const [channel, payload] = decode(message as Buffer, protocol)
    const input = channel % 2 === 0 ? inputs[channel / 2] : undefined
    if (input?.writable && !input.write(payload)) socket.pause()
  })
  socket.on('error', error => log.debug('a port-forward session broke', { error }))
  socket.on('close', () => {
    for (const input of inputs) input.destroy()
  })
  const relays = ports.map((port, index) =>
    relay(socket, protocol, { port, index, input: inputs[index]! }, connect, log),
  )
  void Promise.all(relays).then(() => socket.close(1000))
}

interface PortChannels {
  port: number
  index: number
  input: PassThrough
}

/** Lasts as long as the connection to the port does. */
async function relay(
  socket: WebSocket,
  protocol: ChannelProtocol,
  { port, index, input }: PortChannels,
  connect: ConnectPort,
  log: Log,
): Promise<void> {
  const data = channelWriter(socket, protocol, index * 2)
  const errors = channelWriter(socket, protocol, index * 2 + 1)
  for (const output of [data, errors]) output.on('error', error => log.debug('a port-forward session broke', { error }))
  const number = Buffer.alloc(2)
  number.writeUInt16LE(port)
  data.write(number)
  errors.write(number)
  try {
    const pod = await connect(port)
    input.pipe(pod)
    pod.pipe(data, { end: false })
    input.once('close', () => pod.destroy())
    await new Promise<void>((resolve, reject) => pod.once('end', resolve).once('close', resolve).once('error', reject))
  } catch (error) {
    log.info('a forwarded port failed', { port, reason: messageOf(error) })
    errors.write(`error forwarding port ${port} to pod: ${messageOf(error)}`)
  } finally {
    input.destroy()
  }
}
