import type { Log } from '../../platform/log.ts'
import type { SnapshotStore, SnapshotWriter } from '../snapshot/store.ts'
import type { MemberId, Message, MessageOf } from './message.ts'

/** How the content of a snapshot gets to another member: piece by piece, each sent until it is acknowledged. */
const PIECE_BYTES = 256 * 1024
const RESEND_TICKS = 4
const GIVE_UP_TICKS = 60

type Send = (message: Message) => void

interface Outgoing {
  /** The leader's message that this is the content of: its term is the pieces' term, whatever comes meanwhile. */
  message: MessageOf<'snapshot'>
  transfer: number
  pieces: AsyncGenerator<Uint8Array>
  current: MessageOf<'chunk'> | undefined
  /** Where the current piece ends. */
  end: number
  silentTicks: number
}

export class SnapshotSender {
  readonly #outgoing = new Map<MemberId, Outgoing>()
  readonly #store: SnapshotStore
  readonly #send: Send
  readonly #ended: (to: MemberId, arrived: boolean) => void
  readonly #log: Log
  #transfer: number

  constructor(
    store: SnapshotStore,
    log: Log,
    firstTransfer: number,
    send: Send,
    ended: (to: MemberId, arrived: boolean) => void,
  ) {
    this.#store = store
    this.#log = log
    this.#transfer = firstTransfer
    this.#send = send
    this.#ended = ended
  }

  start(message: MessageOf<'snapshot'>): void {
    const { to, snapshot } = message
    this.#forget(to)
    const pieces = inPieces(this.#store.read(snapshot))
    const outgoing = { message, transfer: ++this.#transfer, pieces, current: undefined, end: 0, silentTicks: 0 }
    this.#outgoing.set(to, outgoing)
    void this.#next(outgoing)
  }

  async #next(outgoing: Outgoing): Promise<void> {
    const { from, to, term, snapshot } = outgoing.message
    try {
      const { value, done } = await outgoing.pieces.next()
      if (this.#outgoing.get(to) !== outgoing) return
      const data = done ? new Uint8Array(0) : value
      const { transfer, end: offset } = outgoing
      const last = done === true
      outgoing.current = { type: 'chunk', from, to, term, transfer, snapshot, offset, data, last }
      outgoing.end += data.length
      outgoing.silentTicks = 0
      this.#send(outgoing.current)
    } catch (error) {
      this.#log.warn('cannot read a snapshot that another member needs', { to, index: snapshot.index, error })
      this.#end(to, false)
    }
  }

  handleReply(reply: MessageOf<'chunkReply'>): void {
    const outgoing = this.#outgoing.get(reply.from)
    if (!outgoing?.current || outgoing.transfer !== reply.transfer) return
    const { last } = outgoing.current
    const done = reply.offset === outgoing.end + (last ? 1 : 0)
    if (reply.failed) this.#end(reply.from, false)
    else if (done && last) this.#end(reply.from, true)
    else if (done) {
      outgoing.current = undefined
      void this.#next(outgoing)
    }
  }

  tick(): void {
    for (const [to, outgoing] of this.#outgoing) {
      outgoing.silentTicks++
      if (outgoing.silentTicks >= GIVE_UP_TICKS) this.#end(to, false)
      else if (outgoing.current && outgoing.silentTicks % RESEND_TICKS === 0) this.#send(outgoing.current)
    }
  }

  stop(): void {
    for (const to of [...this.#outgoing.keys()]) this.#forget(to)
  }

  #end(to: MemberId, arrived: boolean): void {
    this.#forget(to)
    this.#ended(to, arrived)
  }

  #forget(to: MemberId): void {
    const outgoing = this.#outgoing.get(to)
    this.#outgoing.delete(to)
    outgoing?.pieces.return(undefined).catch(error => this.#log.warn('cannot close a snapshot', { error }))
  }
}

async function* inPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; at += PIECE_BYTES) yield chunk.subarray(at, at + PIECE_BYTES)
  }
}

interface Incoming {
  transfer: number
  writer: SnapshotWriter
  /** Where the next piece is due; one past the end when the file is whole. */
  offset: number
  busy: boolean
}

/** Gathers the pieces into a file; what the file is good for is the core's decision. */
export class SnapshotReceiver {
  #incoming: Incoming | undefined
  readonly #store: SnapshotStore
  readonly #log: Log
  readonly #send: Send
  readonly #arrived: (chunk: MessageOf<'chunk'>) => void
  #opening = false

  constructor(store: SnapshotStore, log: Log, send: Send, arrived: (chunk: MessageOf<'chunk'>) => void) {
    this.#store = store
    this.#log = log
    this.#send = send
    this.#arrived = arrived
  }

  async handle(chunk: MessageOf<'chunk'>): Promise<void> {
    if (this.#opening) return
    if (this.#incoming?.transfer !== chunk.transfer) {
      if (chunk.offset > 0 || !(await this.#begin(chunk))) return
    }
    const incoming = this.#incoming!
    // A piece that is being written is answered when it is; one that comes again was answered before.
    if (incoming.busy) return
    if (chunk.offset === incoming.offset) await this.#take(chunk, incoming)
    if (this.#incoming !== incoming) return
    this.#reply(chunk, incoming.offset, false)
  }

  async #begin(chunk: MessageOf<'chunk'>): Promise<boolean> {
    this.#opening = true
    try {
      await this.stop()
      const writer = await this.#store.begin(chunk.snapshot)
      this.#incoming = { transfer: chunk.transfer, writer, offset: 0, busy: false }
      return true
    } catch (error) {
      this.#fail(chunk, error)
      return false
    } finally {
      this.#opening = false
    }
  }

  async #take(chunk: MessageOf<'chunk'>, incoming: Incoming): Promise<void> {
    incoming.busy = true
    try {
      await incoming.writer.append(chunk.data)
      incoming.offset += chunk.data.length
      if (!chunk.last) return
      await incoming.writer.finish()
      incoming.offset++
      this.#arrived(chunk)
    } catch (error) {
      this.#fail(chunk, error)
      await this.stop()
    } finally {
      incoming.busy = false
    }
  }

  #fail(chunk: MessageOf<'chunk'>, error: unknown): void {
    this.#log.warn('cannot store a snapshot from the leader', { index: chunk.snapshot.index, error })
    this.#reply(chunk, 0, true)
  }

  #reply(chunk: MessageOf<'chunk'>, offset: number, failed: boolean): void {
    const { from, to, term, transfer } = chunk
    this.#send({ type: 'chunkReply', from: to, to: from, term, transfer, offset, failed })
  }

  /** Drops what has not arrived in full. */
  async stop(): Promise<void> {
    const incoming = this.#incoming
    this.#incoming = undefined
    if (!incoming || incoming.offset > incoming.writer.size) return
    await incoming.writer.abort().catch(error => this.#log.warn('cannot remove half a snapshot', { error }))
  }
}
