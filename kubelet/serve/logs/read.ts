import { EntryPrinter, type LogEntry, parseEntry } from './entry.ts'
import { closeAll, type LogFile, type LogFolder } from './files.ts'
import { LineReader, linesBackward } from './lines.ts'
import type { LogOptions } from './options.ts'

export interface LogSurroundings {
  folder: LogFolder
  /** Whether the container may still write. */
  running(): Promise<boolean>
  /** Returns when the log may have changed, or after a while anyway. */
  changed(): Promise<void>
  signal: AbortSignal
}

/** A container's log as the client wants it, across rotations; with `follow` until the container or the client ends. */
export async function* readLog(options: LogOptions, around: LogSurroundings): AsyncGenerator<Buffer> {
  let left = options.limitBytes ?? Number.POSITIVE_INFINITY
  const printer = new EntryPrinter(options)
  for await (const lines of readLines(options, around)) {
    const text = lines.map(line => print(printer, parseEntry(line))).join('')
    const bytes = Buffer.from(text).subarray(0, left)
    left -= bytes.length
    if (bytes.length > 0) yield bytes
    if (left === 0) return
  }
}

function print(printer: EntryPrinter, entry: LogEntry | undefined): string {
  return entry ? printer.print(entry) : ''
}

async function* readLines(options: LogOptions, around: LogSurroundings): AsyncGenerator<string[]> {
  const files = await around.folder.open()
  const waiting = new Set(files)
  let last: LineReader | undefined
  try {
    const start = await startingPoint(files, options)
    for (const [index, file] of files.entries()) {
      last = new LineReader(file, index === start.index ? start.position : 0)
      if (index >= start.index) yield* drain(last, around.signal)
      if (file === files.at(-1)) break
      await file.close()
      waiting.delete(file)
    }
    if (options.follow) yield* follow(last, waiting, around)
  } finally {
    await closeAll(waiting)
  }
}

async function* drain(reader: LineReader, signal: AbortSignal): AsyncGenerator<string[]> {
  for (let lines = await reader.next(); lines; lines = await reader.next()) {
    if (signal.aborted) return
    yield lines
  }
}

/** Goes on where `last` has come to. Of the files in `open`, closed by the caller, only the one being read stays. */
async function* follow(
  start: LineReader | undefined,
  open: Set<LogFile>,
  around: LogSurroundings,
): AsyncGenerator<string[]> {
  let last = start
  while (!around.signal.aborted) {
    // Asked before the last look: what a container wrote before it ended is in the file by then.
    const more = await around.running()
    await last?.restartIfCut()
    if (last) yield* drain(last, around.signal)
    if ((await around.folder.current()) !== last?.file.identity) {
      if (last) yield* drain(last, around.signal)
      for (const file of await newerFiles(around.folder, last?.file.identity)) {
        await replaceOpen(open, file)
        last = new LineReader(file)
        yield* drain(last, around.signal)
      }
    }
    if (!more) return
    await around.changed()
  }
}

/** A rotated file that is held open takes disk space even when it has been deleted: one at a time. */
async function replaceOpen(open: Set<LogFile>, file: LogFile): Promise<void> {
  const old = [...open]
  open.clear()
  open.add(file)
  await closeAll(old)
}

/** The files that came after the one with this identity; all of them when it has been rotated out of existence. */
async function newerFiles(folder: LogFolder, identity: string | undefined): Promise<LogFile[]> {
  const files = await folder.open()
  const known = files.findIndex(file => file.identity === identity)
  await closeAll(files.slice(0, known + 1))
  return files.slice(known + 1)
}

interface StartingPoint {
  index: number
  position: number
}

async function startingPoint(files: LogFile[], { tailLines, since }: LogOptions): Promise<StartingPoint> {
  if (tailLines !== undefined) return await tailStart(files, tailLines)
  // Nothing in a file is younger than its last change: whole files can be left out.
  const floor = since ? Date.parse(since) : 0
  const index = files.findIndex((file, at) => at === files.length - 1 || file.modifiedAt >= floor)
  return { index: Math.max(0, index), position: 0 }
}

/** Where the last `count` lines begin. Reads backward from the end, so a long log costs no more than a short one. */
export async function tailStart(files: LogFile[], count: number): Promise<StartingPoint> {
  let found = 0
  let newest = true
  for (let index = files.length - 1; index >= 0; index--) {
    for await (const line of linesBackward(files[index]!)) {
      const whole = parseEntry(line.text)?.text.endsWith('\n') ?? true
      // A line that has not ended yet is one too; the rest of a line lies before its end.
      if (whole || newest) found++
      newest = false
      if (found > count) return { index, position: line.end }
    }
  }
  return { index: 0, position: 0 }
}
