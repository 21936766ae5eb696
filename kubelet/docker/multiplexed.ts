import { PassThrough, type Readable } from 'node:stream'

const HEADER_BYTES = 8
const STDERR = 2

/**
 * Docker frames the output of a program without a terminal: one byte stream number, three of padding, four of length.
 * This takes the frames apart with back-pressure: a reader that lags pauses the connection, nothing piles up.
 */
export function demultiplex(source: Readable): { stdout: Readable; stderr: Readable } {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  void copyFrames(source, stdout, stderr).then(
    () => {
      stdout.end()
      stderr.end()
    },
    error => {
      stdout.destroy(error)
      stderr.destroy(error)
    },
  )
  return { stdout, stderr }
}

async function copyFrames(source: Readable, stdout: PassThrough, stderr: PassThrough): Promise<void> {
  const splitter = new FrameSplitter()
  for await (const chunk of source) {
    for (const part of splitter.push(chunk as Buffer)) {
      const target = part.stream === STDERR ? stderr : stdout
      if (!target.destroyed && !target.write(part.data)) await drained(target)
    }
  }
}

function drained(stream: PassThrough): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      stream.off('drain', done)
      stream.off('close', done)
      resolve()
    }
    stream.once('drain', done)
    stream.once('close', done)
  })
}

/** Cuts a byte stream into pieces of frames; a piece is passed on as soon as it is there, not when its frame is whole. */
export class FrameSplitter {
  #header = Buffer.alloc(0)
  #stream = 0
  #remaining = 0

  push(chunk: Buffer): { stream: number; data: Buffer }[] {
    const parts: { stream: number; data: Buffer }[] = []
    let rest = chunk
    while (rest.length > 0) {
      if (this.#remaining === 0) {
        rest = this.#readHeader(rest)
        continue
      }
      const data = rest.subarray(0, this.#remaining)
      parts.push({ stream: this.#stream, data })
      this.#remaining -= data.length
      rest = rest.subarray(data.length)
    }
    return parts
  }

  #readHeader(chunk: Buffer): Buffer {
    const missing = HEADER_BYTES - this.#header.length
    this.#header = Buffer.concat([this.#header, chunk.subarray(0, missing)])
    if (this.#header.length === HEADER_BYTES) {
      this.#stream = this.#header[0]!
      this.#remaining = this.#header.readUInt32BE(4)
      this.#header = Buffer.alloc(0)
    }
    return chunk.subarray(missing)
  }
}
