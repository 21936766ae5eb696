const MOST_LINES = 80
const MOST_BYTES = 2048

/** The end of a container's log in the engine's json-file format, as far as a termination message may be long. */
export function lastWords(log: string): string {
  const lines = log.trimEnd().split('\n').slice(-MOST_LINES)
  const text = Buffer.from(lines.map(textOf).join(''))
  return text.subarray(startOfLetter(text, text.length - MOST_BYTES)).toString()
}

/** The next place at which a letter begins: one of several bytes is not cut in two. */
function startOfLetter(text: Buffer, from: number): number {
  let at = Math.max(0, from)
  while (at < text.length && (text[at]! & 0xc0) === 0x80) at++
  return at
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
