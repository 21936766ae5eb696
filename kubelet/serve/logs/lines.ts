import type { LogFile } from './files.ts'

const BLOCK = 64 * 1024
const NEWLINE = 0x0a

/** Reads a file's lines forward, as far as they are complete, and goes on from there when asked again. */
export class LineReader {
  readonly file: LogFile
  #position: number
  #rest: Buffer = Buffer.alloc(0)

  constructor(file: LogFile, position = 0) {
    this.file = file
    this.#position = position
  }

  /** The lines of the next block, or undefined when there is nothing more just now. */
  async next(): Promise<string[] | undefined> {
    const block = await this.file.read(this.#position, BLOCK)
    if (block.length === 0) return undefined
    this.#position += block.length
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, block]) : block
    const end = bytes.lastIndexOf(NEWLINE) + 1
    this.#rest = bytes.subarray(end)
    return end === 0 ? [] : bytes.toString('utf8', 0, end - 1).split('\n')
  }

  /** A log that is cut in place, as with a single file allowed, starts over. */
  async restartIfCut(): Promise<void> {
    if ((await this.file.size()) >= this.#position) return
    this.#position = 0
    this.#rest = Buffer.alloc(0)
  }
}

export interface PlacedLine {
  text: string
  /** Where the line after this one begins. */
  end: number
}

/** A file's complete lines from its last one on, reading no more than is asked for. */
export async function* linesBackward(file: LogFile): AsyncGenerator<PlacedLine> {
  let start = await file.size()
  let tail: Buffer = Buffer.alloc(0)
  let complete = false
  while (start > 0) {
    const from = Math.max(0, start - BLOCK)
    const bytes = Buffer.concat([await file.read(from, start - from), tail])
    start = from
    let end = bytes.length
    // The tail kept from the block before ends with the newline that has been found already.
    const last = complete ? previousNewline(bytes, end - 1) : bytes.lastIndexOf(NEWLINE)
    for (let newline = last; newline >= 0; newline = previousNewline(bytes, newline)) {
      if (complete) yield { text: bytes.toString('utf8', newline + 1, end - 1), end: from + end }
      complete = true
      end = newline + 1
    }
    tail = bytes.subarray(0, end)
  }
  if (complete && tail.length > 0) yield { text: tail.toString('utf8', 0, tail.length - 1), end: tail.length }
}

function previousNewline(bytes: Buffer, before: number): number {
  return before === 0 ? -1 : bytes.lastIndexOf(NEWLINE, before - 1)
}
