import { STATUS_CODES, validateHeaderName, validateHeaderValue } from 'node:http'
import type { Socket } from 'node:net'
import type { ApiResponse } from '../../api/exchange.ts'

type Headers = ApiResponse['headers']

/** A small answer is one piece with its head: one record of TLS, one packet. A large one goes in slices. */
const ONE_PIECE = 32 << 10
const SLICE = 256 << 10

/** Writes an answer whose body is whole: at once, or as fast as the client takes it, so that TLS holds no copy of it all. */
export function writeWhole(
  socket: Socket,
  { status, headers }: ApiResponse,
  body: Uint8Array,
  date: string,
): Promise<void> | undefined {
  const head = headText(status, headers, date, 'content-length' in headers ? '' : `content-length: ${body.length}\r\n`)
  if (body.length > ONE_PIECE) {
    socket.write(head, 'latin1')
    return writeSlices(socket, body)
  }
  const piece = Buffer.allocUnsafe(head.length + body.length)
  piece.write(head, 0, 'latin1')
  piece.set(body, head.length)
  socket.write(piece)
  return undefined
}

async function writeSlices(socket: Socket, body: Uint8Array): Promise<void> {
  for (let at = 0; at < body.length && socket.writable; at += SLICE) {
    if (!socket.write(body.subarray(at, at + SLICE))) await drained(socket)
  }
}

/** Resolves when there is room again, or nobody to write for. */
function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

/** Writes an answer piece by piece, no faster than the client takes it; `signal` aborts when the client has gone. */
export async function writeStream(
  socket: Socket,
  { status, headers }: ApiResponse,
  body: AsyncIterable<Uint8Array>,
  date: string,
  signal: AbortSignal,
): Promise<void> {
  const chunked = !('content-length' in headers) && hasBody(status)
  socket.write(headText(status, headers, date, chunked ? 'transfer-encoding: chunked\r\n' : ''), 'latin1')
  for await (const bytes of body) {
    if (signal.aborted) return
    if (bytes.length === 0 || !hasBody(status)) continue
    const all = chunked ? writeChunk(socket, bytes) : socket.write(bytes)
    if (!all) await drained(socket)
  }
  if (chunked) socket.write('0\r\n\r\n', 'latin1')
}

function writeChunk(socket: Socket, bytes: Uint8Array): boolean {
  const size = `${bytes.length.toString(16)}\r\n`
  const piece = Buffer.allocUnsafe(size.length + bytes.length + 2)
  piece.write(size, 0, 'latin1')
  piece.set(bytes, size.length)
  piece.write('\r\n', size.length + bytes.length, 'latin1')
  return socket.write(piece)
}

function hasBody(status: number): boolean {
  return status !== 204 && status !== 304
}

function headText(status: number, headers: Headers, date: string, framing: string): string {
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}\r\n${linesOf(headers)}${date}${framing}\r\n`
}

/** Most answers have the very same headers. */
const known = new WeakMap<Headers, string>()

function linesOf(headers: Headers): string {
  const text = known.get(headers) ?? headerLines(headers)
  if (Object.isFrozen(headers)) known.set(headers, text)
  return text
}

function headerLines(headers: Headers): string {
  let text = ''
  for (const [name, values] of Object.entries(headers)) {
    validateHeaderName(name)
    for (const value of Array.isArray(values) ? values : [values]) {
      validateHeaderValue(name, value)
      text += `${name}: ${value}\r\n`
    }
  }
  return text
}
