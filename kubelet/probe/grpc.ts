import { connect } from 'node:http2'

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']
const CHECK = '/grpc.health.v1.Health/Check'

/** Asks a server of grpc.health.v1 how one of its services is. */
export function grpcHealth(host: string, port: number, service: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const session = connect(`http://${host.includes(':') ? `[${host}]` : host}:${port}`)
    const stop = () => session.destroy(new Error('aborted'))
    signal.addEventListener('abort', stop, { once: true })
    session.on('error', reject)
    session.on('close', () => signal.removeEventListener('abort', stop))
    const call = session.request({
      ':method': 'POST',
      ':path': CHECK,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    })
    const chunks: Buffer[] = []
    let refusal: string | undefined
    const note = (headers: Record<string, unknown>) => {
      const code = headers['grpc-status']
      if (code !== undefined && code !== '0')
        refusal = `rpc error: code = ${code} desc = ${headers['grpc-message'] ?? ''}`
    }
    call.on('response', note)
    call.on('trailers', note)
    call.on('data', (chunk: Buffer) => chunks.push(chunk))
    call.on('error', reject)
    call.on('end', () => {
      session.close()
      if (refusal) reject(new Error(refusal))
      else resolve(readStatus(Buffer.concat(chunks)))
    })
    call.end(healthRequest(service))
  })
}

/** A frame of gRPC (not compressed, length) around `HealthCheckRequest { service = 1 }`. */
export function healthRequest(service: string): Buffer {
  const name = Buffer.from(service)
  const message = name.length === 0 ? name : Buffer.concat([Buffer.from([0x0a, name.length]), name])
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

/** `HealthCheckResponse { status = 1 }` in its frame; an empty message has the first status. */
export function readStatus(frame: Buffer): string {
  const message = frame.subarray(5)
  const status = message[0] === 0x08 ? (message[1] ?? 0) : 0
  return STATUSES[status] ?? 'UNKNOWN'
}
