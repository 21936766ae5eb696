import type { Duplex } from 'node:stream'
import { ApiError } from '../../api/errors.ts'
import type { Log } from '../../platform/log.ts'
import { messageOf } from './console.ts'
import { SpdySession } from './spdy/session.ts'
import type { SpdyStream } from './spdy/stream.ts'

export type ConnectPort = (port: number) => Promise<Duplex>

/**
 * Port-forward over one SPDY session, plain or tunnelled through a WebSocket. The client opens two streams a
 * connection, for errors and for data, which their `requestid` joins. There is no idle limit anywhere: a session lasts
 * as long as its client wants it.
 */
export function servePortForward(transport: Duplex, connect: ConnectPort, log: Log): void {
  const halves = new Map<string, SpdyStream>()
  new SpdySession(transport, {
    role: 'server',
    onStream: stream => {
      const request = portRequest(stream)
      if (!request) return stream.refuse()
      stream.on('error', error => log.debug('a forwarded connection broke', { port: request.port, error }))
      stream.accept()
      const other = halves.get(request.id)
      if (!other) {
        halves.set(request.id, stream)
        stream.once('close', () => halves.get(request.id) === stream && halves.delete(request.id))
        return
      }
      halves.delete(request.id)
      const [data, errors] = request.type === 'data' ? [stream, other] : [other, stream]
      void forward(data, errors, request.port, connect, log)
    },
    onEnd: error => {
      if (error) log.debug('a port-forward session broke', { error })
    },
  })
}

interface PortRequest {
  type: 'data' | 'error'
  port: number
  /** The same for both streams of a connection. */
  id: string
}

function portRequest(stream: { id: number; headers: Record<string, string> }): PortRequest | undefined {
  const { streamtype: type, port: portText = '', requestid } = stream.headers
  if (type !== 'data' && type !== 'error') return undefined
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0
  if (port < 1 || port > 65535) return undefined
  // The oldest clients give no id: they open the stream for errors first, then at once the one for data.
  return { type, port, id: requestid ?? `unnamed-${type === 'error' ? stream.id : stream.id - 2}` }
}

async function forward(
  data: SpdyStream,
  errors: SpdyStream,
  port: number,
  connect: ConnectPort,
  log: Log,
): Promise<void> {
  errors.resume()
  try {
    join(data, errors, await connect(port))
  } catch (error) {
    log.info('a port could not be reached', { port, reason: messageOf(error) })
    // kubectl ends its whole session on any text here, so only a pod that is gone for good gets one: while a container
    // restarts, the connection fails as a refused one would, and the next may succeed.
    const gone = error instanceof ApiError && error.reason === 'NotFound'
    errors.end(gone ? `error forwarding port ${port} to pod: ${error.message}` : undefined)
    data.resume()
    data.end()
  }
}

/** Both directions at once, each with its own end. */
function join(data: SpdyStream, errors: SpdyStream, pod: Duplex): void {
  if (data.destroyed) {
    pod.destroy()
    errors.end()
    return
  }
  data.pipe(pod)
  pod.pipe(data)
  // Older clients close their local connection only when both streams have ended.
  pod.once('end', () => errors.end())
  pod.on('error', error => data.destroy(error))
  pod.once('close', () => {
    errors.end()
    if (data.writableEnded) data.resume()
    else data.destroy()
  })
  data.once('close', () => {
    if (!data.readableEnded || !data.writableFinished) pod.destroy()
  })
}
