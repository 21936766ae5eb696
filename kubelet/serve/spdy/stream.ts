import { Duplex } from 'node:stream'
import { RESET } from './frames.ts'
import type { SpdyHeaders } from './headers.ts'

/** What a stream asks of its session. */
export interface StreamOutlet {
  accept(): void
  write(payload: Buffer, done: () => void): void
  finish(done: () => void): void
  reset(status: number): void
  /** More has been received than the reader keeps up with; `ready` takes it back. */
  full(): void
  ready(): void
  gone(): void
}

/** So much of one stream is kept for a reader that is behind before the whole connection has to wait for it. */
const RECEIVE_BUFFER = 1024 * 1024

/** What sockets give at a time. Larger chunks are cut, so that one stream's does not hold up all others. */
const LARGEST_PIECE = 64 * 1024

/**
 * One stream of a session. Either side ends on its own (half-close); destroying it before both have ended sends a
 * reset. After the other side's reset, what is still written goes nowhere: kubectl resets streams it is done with, and
 * that is no fault.
 */
export class SpdyStream extends Duplex {
  readonly id: number
  readonly headers: SpdyHeaders
  readonly #outlet: StreamOutlet
  #cutByPeer = false

  constructor(id: number, headers: SpdyHeaders, outlet: StreamOutlet) {
    super({ allowHalfOpen: true, readableHighWaterMark: RECEIVE_BUFFER, writableHighWaterMark: 64 * 1024 })
    this.id = id
    this.headers = headers
    this.#outlet = outlet
  }

  /** Tells the other side that its stream is taken: kubectl opens the next one only then. */
  accept(): void {
    this.#outlet.accept()
  }

  refuse(): void {
    this.#outlet.reset(RESET.refused)
    this.#cutByPeer = true
    this.destroy()
  }

  /** The other side gave this stream up. */
  get wasReset(): boolean {
    return this.#cutByPeer
  }

  receive(payload: Buffer, fin: boolean): void {
    if (this.destroyed || this.readableEnded) return
    if (payload.length > 0 && !this.push(payload)) this.#outlet.full()
    if (fin) this.push(null)
  }

  receiveReset(): void {
    this.#cutByPeer = true
    this.destroy()
  }

  override _read(): void {
    this.#outlet.ready()
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: () => void): void {
    const now = chunk.subarray(0, LARGEST_PIECE)
    const later = chunk.subarray(LARGEST_PIECE)
    if (this.#cutByPeer) done()
    else this.#outlet.write(now, later.length > 0 ? () => this._write(later, encoding, done) : done)
  }

  override _final(done: () => void): void {
    if (this.#cutByPeer) done()
    else this.#outlet.finish(done)
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const complete = this.readableEnded && this.writableFinished
    if (!complete && !this.#cutByPeer) this.#outlet.reset(error ? RESET.internalError : RESET.cancel)
    this.#outlet.gone()
    done(error)
  }
}
