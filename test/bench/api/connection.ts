import type { Socket } from 'node:net'
import { connect as connectPlain } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { readKubeconfig } from '../../../client/kubeconfig.ts'
import { systemDisk } from '../../../platform/disk.ts'

/** Where the load goes: any Kubernetes, told by a kubeconfig. */
export interface Target {
  url: URL
  tls: { ca?: string; cert?: string; key?: string }
  /** Sent with each request. */
  lines: string
}

export async function readTarget(kubeconfig: string): Promise<Target> {
  const { server, credentials } = await readKubeconfig(systemDisk, kubeconfig)
  const { ca, certificate: cert, key, token } = credentials
  const url = new URL(server)
  const bearer = token ? `authorization: Bearer ${token}\r\n` : ''
  return { url, tls: { ca, cert, key }, lines: `host: ${url.host}\r\nuser-agent: bench-api\r\n${bearer}` }
}

export interface Call {
  method: string
  path: string
  body?: unknown
  /** Of the body. */
  type?: string
}

export interface Answer {
  status: number
  bytes: number
  text(): string
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LAST_CHUNK = Buffer.from('\r\n0\r\n\r\n')

/**
 * One connection of HTTP/1.1 with one request under way at a time, as most clients keep it. It does no more than a load
 * generator must: a third of the work of a whole HTTP client, so that the server is the limit and not this.
 */
export class Connection {
  #socket: Socket
  readonly #target: Target
  #chunks: Buffer[] = []
  #received = 0
  /** Bytes of the whole answer; undefined until its head is read, Infinity while it comes in chunks. */
  #wanted: number | undefined
  #headBytes = 0
  #waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  #onBytes: ((bytes: Buffer) => void) | undefined

  private constructor(socket: Socket, target: Target) {
    this.#target = target
    this.#socket = this.#adopt(socket)
  }

  #adopt(socket: Socket): Socket {
    socket.setNoDelay(true)
    socket.on('data', chunk => this.#take(chunk))
    socket.on('error', error => this.#fail(error))
    socket.on('close', () => this.#fail(new Error('the server closed the connection')))
    return socket
  }

  static async open(target: Target): Promise<Connection> {
    return new Connection(await dial(target), target)
  }

  static openMany(target: Target, count: number): Promise<Connection[]> {
    return Promise.all(Array.from({ length: count }, () => Connection.open(target)))
  }

  /** The answer, read to its end; anything but success is an error. */
  async call(call: Call): Promise<Answer> {
    // The server closes what was not used for long.
    if (this.#socket.destroyed || !this.#socket.writable) this.#socket = this.#adopt(await dial(this.#target))
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(this.#requestText(call))
    })
    if (answer.status < 300) return answer
    throw new Error(`${call.method} ${call.path}: ${answer.status} ${answer.text().slice(0, 300)}`)
  }

  /** Resolves when the answer has begun; from then on its bytes are handed over, framing and all. */
  async follow(call: Call, onBytes: (bytes: Buffer) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#waiting = { resolve: () => reject(new Error('the watch ended at once')), reject }
      this.#onBytes = bytes => {
        resolve()
        onBytes(bytes)
      }
      this.#socket.write(this.#requestText(call))
    })
  }

  close(): void {
    this.#waiting = undefined
    this.#socket.destroy()
  }

  #requestText({ method, path, body, type = 'application/json' }: Call): string {
    const start = `${method} ${path} HTTP/1.1\r\n${this.#target.lines}accept: application/json\r\n`
    if (body === undefined) return `${start}\r\n`
    const text = JSON.stringify(body)
    return `${start}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`
  }

  #take(chunk: Buffer): void {
    if (this.#onBytes) {
      this.#onBytes(chunk)
      return
    }
    this.#chunks.push(chunk)
    this.#received += chunk.length
    if (this.#wanted === undefined) this.#readHead()
    if (this.#wanted === undefined) return
    const whole = this.#wanted === Number.POSITIVE_INFINITY ? this.#endsWithLastChunk() : this.#received >= this.#wanted
    if (whole) this.#finish()
  }

  #readHead(): void {
    const bytes = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    this.#chunks = [bytes]
    const end = bytes.indexOf(HEAD_END)
    if (end < 0) return
    const head = bytes.toString('latin1', 0, end)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)
    this.#headBytes = end + HEAD_END.length
    this.#wanted = length ? this.#headBytes + Number(length[1]) : Number.POSITIVE_INFINITY
  }

  #endsWithLastChunk(): boolean {
    const last = this.#chunks.at(-1)!
    const tail = last.length >= LAST_CHUNK.length ? last : Buffer.concat(this.#chunks.slice(-2))
    return tail.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK)
  }

  #finish(): void {
    const [chunks, headBytes, bytes] = [this.#chunks, this.#headBytes, this.#received]
    const chunked = this.#wanted === Number.POSITIVE_INFINITY
    this.#chunks = []
    this.#received = 0
    this.#wanted = undefined
    const status = Number(chunks[0]!.toString('latin1', 9, 12))
    const text = () => bodyText(Buffer.concat(chunks).subarray(headBytes), chunked)
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.resolve({ status, bytes, text })
  }

  #fail(error: Error): void {
    const waiting = this.#waiting
    this.#waiting = undefined
    waiting?.reject(error)
  }
}

function dial({ url, tls }: Target): Promise<Socket> {
  const where = { host: url.hostname, port: Number(url.port || 443) }
  return new Promise((resolve, reject) => {
    const onOpen = () => resolve(socket)
    const socket = url.protocol === 'https:' ? connectTls({ ...where, ...tls }, onOpen) : connectPlain(where, onOpen)
    socket.once('error', reject)
  })
}

function bodyText(body: Buffer, chunked: boolean): string {
  if (!chunked) return body.toString()
  const parts: Buffer[] = []
  for (let at = 0; at < body.length; ) {
    const lineEnd = body.indexOf('\r\n', at)
    const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16)
    if (!size) break
    parts.push(body.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
  return Buffer.concat(parts).toString()
}
