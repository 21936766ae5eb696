import { decodeMessage, encodeMessage } from '../../etcd/raft/codec.ts'
import type { MemberId, Message } from '../../etcd/raft/message.ts'
import type { Transport } from '../../etcd/transport.ts'
import type { Life, World } from './world.ts'

/** Between any two members: messages are lost, doubled, late, overtaken, or do not get through at all. */
export class Network {
  loss = 0
  doubling = 0
  delayMs = 3
  /** Share of messages that take twenty times as long, and so are overtaken by many. */
  straggling = 0.02
  #cut = new Set<string>()
  readonly #world: World
  readonly #receivers = new Map<MemberId, { life: Life; receive: (message: Message) => void }>()

  constructor(world: World) {
    this.#world = world
  }

  /** The transport of one life of a member. Its messages are encoded, as on a real wire. */
  transport(id: MemberId, life: Life): Transport {
    return {
      send: message => {
        if (life.alive) this.#send(message)
      },
      onMessage: receive => this.#receivers.set(id, { life, receive }),
    }
  }

  #send(message: Message): void {
    if (this.#cut.has(link(message.from, message.to)) || this.#world.chance(this.loss)) return
    const bytes = encodeMessage(message)
    const copies = this.#world.chance(this.doubling) ? 2 : 1
    for (let copy = 0; copy < copies; copy++) {
      const delay = this.#world.between(0.1, this.delayMs) * (this.#world.chance(this.straggling) ? 20 : 1)
      this.#world.after(delay, () => this.#arrive(message.to, bytes))
    }
  }

  /** Out of the blue. */
  inject(message: Message): void {
    this.#arrive(message.to, encodeMessage(message))
  }

  #arrive(to: MemberId, bytes: Uint8Array): void {
    const receiver = this.#receivers.get(to)
    if (!receiver) return
    // On the receiver's own account, so that a paused process gets it when it goes on.
    this.#world.after(0, () => receiver.receive(decodeMessage(bytes)), receiver.life)
  }

  /** Nothing gets from any of `from` to any of `to`; the way back is another matter. */
  cut(from: readonly MemberId[], to: readonly MemberId[]): void {
    for (const sender of from) for (const receiver of to) if (sender !== receiver) this.#cut.add(link(sender, receiver))
  }

  heal(): void {
    this.#cut.clear()
    this.loss = 0
    this.doubling = 0
    this.delayMs = 3
    this.straggling = 0.02
  }
}

function link(from: MemberId, to: MemberId): string {
  return `${from}>${to}`
}
