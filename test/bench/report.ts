/**
 * test/bench/ measures kubox against its peers on the same machine, in one run. Each benchmark is a program of its own
 * (etcd.ts, ...) that prints one table; report.ts is that table, and the same as JSON.
 */
import { writeFile } from 'node:fs/promises'

export interface Row {
  measure: string
  value: number
  unit: string
  /** What the peer reached in the same run. */
  peer?: number
  /** What the ratio (value to peer), or where there is no peer the value, must be. */
  budget: { atLeast: number } | { atMost: number }
  /** What else there is to say of it. */
  detail?: string
}

export interface Judged extends Row {
  ratio: number | undefined
  met: boolean
}

export function judge(row: Row): Judged {
  const ratio = row.peer === undefined ? undefined : row.value / row.peer
  const judged = ratio ?? row.value
  const met = 'atLeast' in row.budget ? judged >= row.budget.atLeast : judged <= row.budget.atMost
  return { ...row, ratio, met }
}

/** Prints a line as soon as it is known; `finish` writes the JSON and tells whether every budget was met. */
export class Report {
  readonly #rows: Judged[] = []
  readonly #title: string

  constructor(title: string) {
    this.#title = title
    console.log(`${title}\n${line(['measure', 'value', 'peer', 'ratio', 'budget', ''])}`)
  }

  add(row: Row): void {
    const judged = judge(row)
    this.#rows.push(judged)
    console.log(line(cells(judged)))
  }

  async finish(jsonFile?: string): Promise<boolean> {
    if (jsonFile) await writeFile(jsonFile, `${JSON.stringify({ title: this.#title, rows: this.#rows }, null, 2)}\n`)
    const missed = this.#rows.filter(row => !row.met).length
    console.log(missed === 0 ? 'every budget is met' : `${missed} of ${this.#rows.length} budgets are not met`)
    return missed === 0
  }
}

function cells({ measure, value, unit, peer, ratio, budget, met, detail }: Judged): string[] {
  const sign = 'atLeast' in budget ? '>=' : '<='
  const limit = 'atLeast' in budget ? budget.atLeast : budget.atMost
  // Measured to be known, with nothing to reach.
  const free = limit === 0 || limit === Number.POSITIVE_INFINITY
  return [
    measure,
    `${shown(value)} ${unit}`,
    peer === undefined ? '-' : `${shown(peer)} ${unit}`,
    ratio === undefined ? '-' : ratio.toFixed(2),
    free ? '-' : peer === undefined ? `${sign} ${shown(limit)} ${unit}` : `${sign} ${limit} x`,
    free ? '' : met ? 'met' : 'NOT MET',
    ...(detail ? [detail] : []),
  ]
}

const WIDTHS = [48, 16, 16, 7, 14, 8]

function line(texts: readonly string[]): string {
  return texts.map((text, i) => (i === 0 ? text.padEnd(WIDTHS[i]!) : text.padStart(WIDTHS[i] ?? 0))).join(' ')
}

function shown(value: number): string {
  return value >= 100 ? String(Math.round(value)) : value.toFixed(value >= 10 ? 1 : 2)
}
