import type { Message } from './raft/message.ts'

/**
 * How members reach each other. Messages may be lost, doubled, late and out of order; Raft copes. `send` never throws
 * and never waits: what cannot be sent is dropped, and told by `onUnreachable` where that is known.
 */
export interface Transport {
  send(message: Message): void
  onMessage(receive: (message: Message) => void): void
  onUnreachable?(tell: (id: string) => void): void
}

/** For a cluster of one, that has nobody to talk to. */
export const noTransport: Transport = { send: () => {}, onMessage: () => {} }
