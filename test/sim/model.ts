/** What clients of the simulation ask for. Every written value is unique, so that a read tells which write it saw. */
export type Operation =
  | { type: 'get'; keys: string[] }
  | { type: 'put'; key: string; value: string }
  | { type: 'delete'; key: string }
  /** Writes all of `puts` if `key` holds `expected`. */
  | { type: 'txn'; key: string; expected: string; puts: Record<string, string> }

/** A key that is not there shows as ''. */
export interface Outcome {
  values: Record<string, string>
  succeeded: boolean
}

/** The store as simple as can be: what a single copy of the data would answer. Changes `values`. */
export function execute(values: Record<string, string>, operation: Operation): Outcome {
  switch (operation.type) {
    case 'get':
      return { values: pick(values, operation.keys), succeeded: true }
    case 'put':
      values[operation.key] = operation.value
      return { values: {}, succeeded: true }
    case 'delete':
      values[operation.key] = ''
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
