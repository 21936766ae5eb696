import type { Duplex } from 'node:stream'
import type { Clock } from '../../platform/clock.ts'
import { parseSize, type RemoteConsole, type TerminalSize, type Wanted } from './console.ts'
import { SpdySession } from './spdy/session.ts'
import type { SpdyStream } from './spdy/stream.ts'

/** Clients open their streams one after the other, each when the one before is accepted. */
const STREAMS_WITHIN_MS = 30_000
/** A client that has its answer closes the connection; one that does not is cut. */
const CLOSE_WITHIN_MS = 10_000

/** Waits until the client has opened all the streams of its request: one for errors, and each that it asked for. */
export async function openSpdyConsole(socket: Duplex, wanted: Wanted, clock: Clock): Promise<RemoteConsole> {
  const gone = new AbortController()
  const names = streamNames(wanted)
  const streams = new Map<string, SpdyStream>()
  const session = await new Promise<SpdySession>((resolve, reject) => {
    const fail = (why: string) => {
      socket.destroy()
      reject(new Error(why))
    }
    const timer = clock.after(STREAMS_WITHIN_MS, () => fail('the client did not open its streams in time'))
    const session = new SpdySession(socket, {
      role: 'server',
      onStream: stream => {
        const name = stream.headers.streamtype ?? ''
        if (!names.includes(name) || streams.has(name)) return stream.refuse()
        streams.set(name, stream)
        // A stream may be reset by a client that is done with it, which is no error of its own.
        stream.on('error', () => gone.abort())
        stream.accept()
        if (streams.size < names.length) return
        timer.cancel()
        resolve(session)
      },
      onEnd: () => {
        timer.cancel()
        gone.abort()
        reject(new Error('the client left before its streams were open'))
      },
    })
  })
  return consoleOf(session, streams, gone.signal, () => clock.after(CLOSE_WITHIN_MS, () => socket.destroy()))
}

function streamNames({ stdin, stdout, stderr, tty }: Wanted): string[] {
  const names = ['error']
  if (stdin) names.push('stdin')
  if (stdout) names.push('stdout')
  if (stderr && !tty) names.push('stderr')
  if (tty) names.push('resize')
  return names
}

function consoleOf(
  session: SpdySession,
  streams: Map<string, SpdyStream>,
  gone: AbortSignal,
  closing: () => void,
): RemoteConsole {
  const errors = streams.get('error')!
  errors.resume()
  // What is only written to is never read; its end must still be noticed.
  streams.get('stdout')?.resume()
  streams.get('stderr')?.resume()
  return {
    stdin: streams.get('stdin'),
    stdout: streams.get('stdout'),
    stderr: streams.get('stderr'),
    gone,
    onResize: listener => streams.get('resize')?.on('data', sizeReader(listener)),
    finish(status) {
      errors.end(JSON.stringify(status), () => {
        session.close()
        closing()
      })
    },
  }
}

/** Sizes come as JSON objects one after the other, not always one a frame. */
export function sizeReader(listener: (size: TerminalSize) => void): (chunk: Buffer) => void {
  let pending = ''
  return chunk => {
    pending += chunk.toString()
    const objects = pending.split('}')
    pending = objects.pop()!.slice(-64)
    for (const object of objects) {
      const size = parseSize(`${object}}`)
      if (size) listener(size)
    }
  }
}
