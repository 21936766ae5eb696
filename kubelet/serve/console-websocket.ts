import { PassThrough, Writable } from 'node:stream'
import type { WebSocket } from 'ws'
import { type CommandStatus, parseSize, type RemoteConsole, type TerminalSize, type Wanted } from './console.ts'

/** How the subprotocols differ that Kubernetes has had over the years. kubectl speaks v5, browsers often base64. */
export interface ChannelProtocol {
  base64: boolean
  /** Says how the command ended as a Status in JSON; before v4 the message alone, and only of failures. */
  status: boolean
  /** Message 255 closes one channel: the end of input can be told. */
  closes: boolean
}

export const CHANNEL_PROTOCOLS: Record<string, ChannelProtocol> = {
  'v5.channel.k8s.io': { base64: false, status: true, closes: true },
  'v4.channel.k8s.io': { base64: false, status: true, closes: false },
  'v4.base64.channel.k8s.io': { base64: true, status: true, closes: false },
  'channel.k8s.io': { base64: false, status: false, closes: false },
  'base64.channel.k8s.io': { base64: true, status: false, closes: false },
  '': { base64: false, status: false, closes: false },
}

const STDIN = 0
const STDOUT = 1
const STDERR = 2
const ERROR = 3
const RESIZE = 4
const CLOSE = 255

export function openWebSocketConsole(socket: WebSocket, protocol: ChannelProtocol, wanted: Wanted): RemoteConsole {
  const gone = new AbortController()
  const stdin = wanted.stdin ? new PassThrough({ highWaterMark: 256 * 1024 }) : undefined
  let size: TerminalSize | undefined
  let onSize: ((size: TerminalSize) => void) | undefined
  const resize = (next: TerminalSize | undefined) => {
    size = next ?? size
    if (next) onSize?.(next)
  }
  const receive = (channel: number, payload: Buffer) => {
    if (channel === STDIN && stdin?.writable && !stdin.write(payload)) socket.pause()
    if (channel === RESIZE) resize(parseSize(payload.toString()))
    if (channel === CLOSE && protocol.closes && payload[0] === STDIN) stdin?.end()
  }
  stdin?.on('drain', () => socket.resume())
  stdin?.on('close', () => socket.resume())
  socket.on('message', message => receive(...decode(message as Buffer, protocol)))
  socket.on('error', () => gone.abort())
  socket.on('close', () => {
    gone.abort()
    stdin?.destroy()
  })
  return {
    stdin,
    stdout: wanted.stdout ? channelWriter(socket, protocol, STDOUT) : undefined,
    stderr: wanted.stderr && !wanted.tty ? channelWriter(socket, protocol, STDERR) : undefined,
    gone: gone.signal,
    onResize(listener) {
      onSize = listener
      // The first size comes before the program has started.
      if (size) listener(size)
    },
    finish(status) {
      const text = endMessage(status, protocol)
      if (text) socket.send(encode(ERROR, Buffer.from(text), protocol))
      socket.close(1000)
    },
  }
}

function endMessage(status: CommandStatus, protocol: ChannelProtocol): string {
  if (protocol.status) return JSON.stringify(status)
  return status.status === 'Failure' ? (status.message ?? '') : ''
}

/** Each chunk is handed on when the one before has left for the network. */
export function channelWriter(socket: WebSocket, protocol: ChannelProtocol, channel: number): Writable {
  return new Writable({
    highWaterMark: 64 * 1024,
    write(chunk: Buffer, _encoding, done) {
      socket.send(encode(channel, chunk, protocol), error => done(error))
    },
  })
}

/** The first byte, or for base64 the first digit, names the channel. */
export function decode(message: Buffer, protocol: ChannelProtocol): [channel: number, payload: Buffer] {
  const payload = message.subarray(1)
  if (!protocol.base64) return [message[0] ?? CLOSE, payload]
  return [Number(message.toString('latin1', 0, 1)), Buffer.from(payload.toString('latin1'), 'base64')]
}

function encode(channel: number, payload: Buffer, protocol: ChannelProtocol): Buffer | string {
  if (protocol.base64) return `${channel}${payload.toString('base64')}`
  return Buffer.concat([Buffer.of(channel), payload])
}
