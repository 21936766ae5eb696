import type { Problem } from './swap.ts'

/** More than this, and certificates, tokens and the times of events begin to lie. */
const MOST_MS = 30_000

/** `offsetMs`: how far the master's clock is ahead of this machine's. */
export function clockProblems(offsetMs: number): Problem[] {
  const off = Math.abs(offsetMs)
  if (off <= MOST_MS) return []
  const side = offsetMs > 0 ? 'behind' : 'ahead of'
  return [
    {
      problem: `the clock of this machine is ${inWords(off)} ${side} the master's`,
      remedy: 'set both by the network: timedatectl set-ntp true (by hand: date --set "YYYY-MM-DD HH:MM:SS")',
    },
  ]
}

const UNITS: readonly [string, number][] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
]

/** The two largest units that there are: `2 h 3 min`. */
function inWords(ms: number): string {
  const first = UNITS.findIndex(([, size]) => ms >= size)
  const [name, size] = UNITS[first]!
  const next = UNITS[first + 1]
  const rest = next ? Math.floor((ms % size) / next[1]) : 0
  return `${Math.floor(ms / size)} ${name}${next && rest > 0 ? ` ${rest} ${next[0]}` : ''}`
}
