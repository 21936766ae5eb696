const MOST_LINES = 80
const MOST_BYTES = 2048

/** The end of a container's log in the engine's json-file format, as far as a termination message may be long. */
export function lastWords(log: string): string {
  const lines = log.trimEnd().split('\n').slice(-MOST_LINES)
  return lines.map(textOf).join('').slice(-MOST_BYTES)
}

function textOf(line: string): string {
  try {
    const entry = JSON.parse(line) as { log?: string }
    return entry.log ?? ''
  } catch {
    // A line that was cut by rotation.
    return ''
  }
}
