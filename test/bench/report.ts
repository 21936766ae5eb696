/**
 * test/bench/ measures kubox against its peers on the same machine, in one run. Each benchmark is a program of its own
 * (etcd.ts, ...) that prints one table; report.ts is that table, and the same as JSON.
 */
import { writeFile } from 'node:fs/promises'

export interface Row {
  measure: string
  /** One figure, or one of each run: then the median counts. */
  value: number | readonly number[]
  unit: string
  /** What the peer reached in the same run. */
  peer?: number | readonly number[]
  /** What the ratio (value to peer), or where there is no peer the value, must be. */
  budget: { atLeast: number } | { atMost: number }
  /** What else there is to say of it. */
  detail?: string
}

export interface Judged extends Row {
  value: number
  peer?: number
  runs?: readonly number[]
  /** How far the runs lie from the median, as a part of it. */
  spread?: number
  ratio: number | undefined
  met: boolean
}

export function judge(row: Row): Judged {
  const [value, peer] = [middle(row.value), row.peer === undefined ? undefined : middle(row.peer)]
  const ratio = peer === undefined ? undefined : value / peer
  const judged = ratio ?? value
  const met = 'atLeast' in row.budget ? judged >= row.budget.atLeast : judged <= row.budget.atMost
  return { ...row, value, peer, ...spreadOf(row.value), ratio, met }
}

function middle(figures: number | readonly number[]): number {
  return typeof figures === 'number' ? figures : median(figures)
}

function spreadOf(runs: number | readonly number[]): { runs?: readonly number[]; spread?: number } {
  if (typeof runs === 'number' || runs.length < 2) return {}
  return { runs, spread: (Math.max(...runs) - Math.min(...runs)) / 2 / median(runs) }
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const [low, high] = [sorted[Math.ceil(values.length / 2) - 1], sorted[Math.floor(values.length / 2)]]
  return ((low ?? Number.NaN) + (high ?? Number.NaN)) / 2
}

/** What `--only` leaves of the names there are; a name that is not among them must not pass for a success. */
export function chosen<T extends string>(names: readonly T[], only: string | undefined): T[] {
  const left = names.filter(name => only === undefined || only === name)
  if (left.length === 0) throw new Error(`there is no ${only}: --only takes one of ${names.join(', ')}`)
  return left
}

/** The same so many times, one after the other. */
export async function repeat<T>(times: number, measure: (round: number) => Promise<T>): Promise<T[]> {
  const found: T[] = []
  for (let round = 0; round < times; round++) found.push(await measure(round))
  return found
}

/** Prints a line as soon as it is known; `finish` writes the JSON and tells whether every budget was met. */
export class Report {
  readonly #rows: Judged[] = []
  readonly #title: string

  constructor(title: string) {
    this.#title = title
    console.log(`${title}\n${line(['measure', 'value', 'spread', 'peer', 'ratio', 'budget', ''])}`)
  }

  add(row: Row): void {
    const judged = judge(row)
    this.#rows.push(judged)
    console.log(line(cells(judged)))
  }

  async finish(jsonFile?: string): Promise<boolean> {
    if (jsonFile) await writeFile(jsonFile, `${JSON.stringify({ title: this.#title, rows: this.#rows }, null, 2)}\n`)
    const missed = this.#rows.filter(row => !row.met).length
    const budgets = this.#rows.filter(row => !isFree(row)).length
    console.log(missed === 0 ? 'every budget is met' : `${missed} of ${budgets} budgets are not met`)
    return missed === 0
  }
}

function limitOf({ budget }: Row): number {
  return 'atLeast' in budget ? budget.atLeast : budget.atMost
}

/** Measured to be known, with nothing to reach. */
function isFree(row: Row): boolean {
  return limitOf(row) === 0 || limitOf(row) === Number.POSITIVE_INFINITY
}

function cells(row: Judged): string[] {
  const { measure, value, spread, unit, peer, ratio, budget, met, detail } = row
  const sign = 'atLeast' in budget ? '>=' : '<='
  const [limit, free] = [limitOf(row), isFree(row)]
  return [
    measure,
    `${shown(value)} ${unit}`,
    spread === undefined ? '-' : `±${Math.round(spread * 100)} %`,
    peer === undefined ? '-' : `${shown(peer)} ${unit}`,
    ratio === undefined ? '-' : ratio.toFixed(2),
    free ? '-' : peer === undefined ? `${sign} ${shown(limit)} ${unit}` : `${sign} ${limit} x`,
    free ? '' : met ? 'met' : 'NOT MET',
    ...(detail ? [detail] : []),
  ]
}

const WIDTHS = [48, 16, 7, 16, 7, 14, 8]

function line(texts: readonly string[]): string {
  return texts.map((text, i) => (i === 0 ? text.padEnd(WIDTHS[i]!) : text.padStart(WIDTHS[i] ?? 0))).join(' ')
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2)
}
