/** Durations as Go writes them: `1h30m`, `300ms`, `2m0s`. In milliseconds here. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  μs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}

const PART = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/y

/** undefined for what is no duration. */
export function parseDuration(text: string): number | undefined {
  const sign = text.startsWith('-') ? -1 : 1
  const body = text.replace(/^[-+]/, '')
  if (body === '0') return 0
  let total = 0
  PART.lastIndex = 0
  let end = 0
  for (let match = PART.exec(body); match; match = PART.exec(body)) {
    total += Number(match[1]) * UNITS[match[2]!]!
    end = PART.lastIndex
  }
  return end === body.length && end > 0 ? sign * total : undefined
}
