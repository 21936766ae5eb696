import type { Clock } from '../platform/clock.ts'

/** What a person sees: one line a step, with its time when it took over a second. Diaries go elsewhere. */
export interface Output {
  line(text?: string): void
  /** Shows `title` while `work` runs, and then how it ended. */
  step<T>(title: string, work: (tell: (detail: string) => void) => Promise<T>): Promise<T>
}

export function terminalOutput(stream: NodeJS.WriteStream, clock: Clock): Output {
  // Whoever reads along may stop reading, as `kubox init | head` does: the work goes on.
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
  })
  return {
    line: (text = '') => void stream.write(`${text}\n`),
    step: (title, work) => runStep(stream, clock, title, work),
  }
}

async function runStep<T>(
  stream: NodeJS.WriteStream,
  clock: Clock,
  title: string,
  work: (tell: (detail: string) => void) => Promise<T>,
): Promise<T> {
  const started = clock.monotonic()
  const seconds = () => (clock.monotonic() - started) / 1000
  const tell = (detail: string) => {
    if (stream.isTTY) stream.write(`\r\x1b[K  ${title} ... ${detail}`)
  }
  stream.write(`  ${title} ... `)
  try {
    const result = await work(tell)
    if (stream.isTTY) stream.write(`\r\x1b[K  ${title} ... `)
    stream.write(seconds() < 1 ? 'done\n' : `done in ${seconds().toFixed(1)} s\n`)
    return result
  } catch (error) {
    stream.write(`failed after ${seconds().toFixed(1)} s\n`)
    throw error
  }
}

/** A refusal that a person reads: what was wrong, and what to do. Printed without a stack. */
export class UserError extends Error {
  override name = 'UserError'
  readonly remedy: string | undefined
  constructor(message: string, remedy?: string, options?: ErrorOptions) {
    super(message, options)
    this.remedy = remedy
  }
}

/** Columns padded to their widest cell, three spaces apart, as kubectl prints them. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0))) ?? []
  return rows
    .map(row =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n')
}
