import type { Duplex } from 'node:stream'
import { FRAME_HEAD } from './frames.ts'

const SLAB = 64 * 1024
const COPY_BELOW = 8 * 1024

/** Gathers the frames of one turn of the event loop and hands them to the socket at once. */
export class Outbox {
  readonly #socket: Duplex
  #slab = Buffer.allocUnsafeSlow(SLAB)
  #start = 0
  #end = 0
  #scheduled = false

  constructor(socket: Duplex) {
    this.#socket = socket
  }

  frame(type: number, flags: number, stream: number, payload: Uint8Array, prefix?: Uint8Array): void {
    const length = payload.length + (prefix?.length ?? 0)
    const copied = payload.length < COPY_BELOW
    const at = this.#reserve(FRAME_HEAD + (copied ? length : (prefix?.length ?? 0)))
    const slab = this.#slab
    slab[at] = length >>> 16
    slab[at + 1] = length >>> 8
    slab[at + 2] = length
    slab[at + 3] = type
    slab[at + 4] = flags
    slab.writeUInt32BE(stream, at + 5)
    if (prefix) slab.set(prefix, at + FRAME_HEAD)
    if (copied) slab.set(payload, at + FRAME_HEAD + length - payload.length)
    else this.#pass(payload)
    this.#schedule()
  }

  flush(): void {
    if (this.#end === this.#start || !this.#socket.writable) return
    this.#socket.write(this.#slab.subarray(this.#start, this.#end))
    this.#start = this.#end
  }

  /** Large content goes to the socket as it is. */
  #pass(payload: Uint8Array): void {
    this.flush()
    if (this.#socket.writable) this.#socket.write(payload)
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      this.flush()
    })
  }

  #reserve(bytes: number): number {
    if (this.#slab.length - this.#end < bytes) {
      this.flush()
      this.#slab = Buffer.allocUnsafeSlow(Math.max(SLAB, bytes))
      this.#start = 0
      this.#end = 0
    }
    const at = this.#end
    this.#end += bytes
    return at
  }
}
