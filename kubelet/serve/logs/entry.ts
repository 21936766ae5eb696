/** One line of Docker's json-file log: what a program wrote in one go, up to a newline or 16 KB. Pure. */
export interface LogEntry {
  /** Ends with a newline, unless the line goes on in the next entry of its stream. */
  text: string
  stream: string
  /** UTC with nine digits, so that comparing two as text compares the times. */
  time: string
}

/** Undefined for what is no entry: a power cut may leave half a line or a hole of zeros. */
export function parseEntry(line: string): LogEntry | undefined {
  try {
    const { log, stream, time } = JSON.parse(line)
    if (typeof log !== 'string' || typeof time !== 'string') return undefined
    return { text: log, stream: String(stream), time: fixedTime(time) }
  } catch {
    return undefined
  }
}

/** `2026-01-02T03:04:05.6Z` to `2026-01-02T03:04:05.600000000Z`; other zones are brought to UTC. */
export function fixedTime(time: string): string {
  const [, seconds, fraction = '', zone] = /^([^.Z+]{19})(?:\.(\d{1,9})\d*)?(Z|[+-]\d\d:\d\d)$/.exec(time) ?? []
  if (!seconds) return new Date(time).toISOString()
  const utc = zone === 'Z' ? seconds : new Date(`${seconds}${zone}`).toISOString().slice(0, 19)
  return `${utc}.${fraction.padEnd(9, '0')}Z`
}

export interface EntryFilter {
  /** As fixedTime gives it. */
  since?: string
  stream?: 'stdout' | 'stderr'
  timestamps: boolean
}

/**
 * Turns entries into what is sent. Remembers per stream whether a line is still open: a long line comes in several
 * entries and gets one timestamp only.
 */
export class EntryPrinter {
  readonly #filter: EntryFilter
  readonly #open = new Set<string>()

  constructor(filter: EntryFilter) {
    this.#filter = filter
  }

  print(entry: LogEntry): string {
    const { since, stream, timestamps } = this.#filter
    if ((since && entry.time < since) || (stream && entry.stream !== stream)) return ''
    const continued = this.#open.has(entry.stream)
    if (entry.text.endsWith('\n')) this.#open.delete(entry.stream)
    else this.#open.add(entry.stream)
    return timestamps && !continued ? `${entry.time} ${entry.text}` : entry.text
  }
}
