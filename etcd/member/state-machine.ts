import { EtcdError } from '../errors.ts'
import { Command } from '../mvcc/command.ts'
import { ImageLoader, imageOf } from '../mvcc/image.ts'
import type { Machine } from '../mvcc/machine.ts'
import type { StateMachine } from '../raft/applier.ts'
import type { Entry } from '../raft/message.ts'
import type { Chunks } from '../snapshot/store.ts'
import type { Pending } from './pending.ts'

/** The machine in the words of Raft: entries in, snapshots out and in. */
export class MemberStateMachine implements StateMachine {
  readonly #machine: Machine
  readonly #pending: Pending

  constructor(machine: Machine, pending: Pending) {
    this.#machine = machine
    this.#pending = pending
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) if (entry.type === 'normal' && entry.data.length > 0) this.#apply(entry.data)
  }

  snapshot(): Chunks {
    return imageOf(this.#machine)
  }

  async restore(chunks: Chunks): Promise<void> {
    const loader = new ImageLoader(this.#machine)
    for await (const chunk of chunks) loader.push(chunk)
    loader.finish()
  }

  #apply(data: Uint8Array): void {
    const command = Command.decode(data)
    try {
      this.#pending.applied(command, this.#machine.apply(command))
    } catch (error) {
      // An EtcdError is the command's answer. Anything else means that members would differ from now on.
      if (!(error instanceof EtcdError)) throw error
      this.#pending.failed(command, error)
    }
  }
}
