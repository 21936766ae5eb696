import type { StateMachine } from '../../etcd/raft/applier.ts'
import type { Entry } from '../../etcd/raft/message.ts'

/** What clients of the simulation ask for. Every written value is unique, so that a read tells which write it saw. */
export type Operation =
  | { type: 'get'; keys: string[] }
  | { type: 'put'; key: string; value: string }
  /** Writes all of `puts` if `key` holds `expected`. */
  | { type: 'txn'; key: string; expected: string; puts: Record<string, string> }

export type Outcome = { values: Record<string, string>; succeeded: boolean }

export interface Command {
  id: string
  operation: Operation
}

/** The smallest state machine that can show a mistake: keys with values, and a digest of everything ever applied. */
export class Register implements StateMachine {
  values: Record<string, string> = {}
  digest = 0
  index = 0
  /** For the client that waits at this member; never part of the state. */
  readonly outcomes = new Map<string, Outcome>()
  readonly #onApply: (entry: Entry, digest: number) => void

  constructor(onApply: (entry: Entry, digest: number) => void) {
    this.#onApply = onApply
  }

  apply(entries: readonly Entry[]): void {
    for (const entry of entries) this.#applyOne(entry)
  }

  #applyOne(entry: Entry): void {
    if (entry.index !== this.index + 1) throw new Error(`entry ${entry.index} applied after ${this.index}`)
    this.index = entry.index
    this.digest = digestOf(this.digest, entry)
    this.#onApply(entry, this.digest)
    if (entry.type !== 'normal' || entry.data.length === 0) return
    const { id, operation } = JSON.parse(Buffer.from(entry.data).toString()) as Command
    this.outcomes.set(id, execute(this.values, operation))
  }

  /** In several chunks, and as of now whatever is applied while they are read. */
  snapshot(): Iterable<Uint8Array> {
    const bytes = Buffer.from(JSON.stringify({ values: this.values, digest: this.digest, index: this.index }))
    return Array.from({ length: Math.ceil(bytes.length / 100) }, (_, part) =>
      bytes.subarray(part * 100, part * 100 + 100),
    )
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = []
    for await (const chunk of chunks) parts.push(chunk)
    const { values, digest, index } = JSON.parse(Buffer.concat(parts).toString())
    this.values = values
    this.digest = digest
    this.index = index
  }
}

/** Changes `values` and says what the client gets to see. */
export function execute(values: Record<string, string>, operation: Operation): Outcome {
  switch (operation.type) {
    case 'get':
      return { values: pick(values, operation.keys), succeeded: true }
    case 'put':
      values[operation.key] = operation.value
      return { values: {}, succeeded: true }
    case 'txn': {
      const seen = pick(values, [operation.key])
      const succeeded = seen[operation.key] === operation.expected
      if (succeeded) Object.assign(values, operation.puts)
      return { values: seen, succeeded }
    }
  }
}

function pick(values: Record<string, string>, keys: readonly string[]): Record<string, string> {
  return Object.fromEntries(keys.map(key => [key, values[key] ?? '']))
}

function digestOf(before: number, entry: Entry): number {
  let digest = before
  for (const byte of [entry.term, entry.index, ...entry.data]) digest = (Math.imul(digest, 31) + byte) >>> 0
  return digest
}
