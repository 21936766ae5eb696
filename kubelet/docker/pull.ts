import type { Readable } from 'node:stream'
import { type PullProgress, RuntimeError } from '../runtime.ts'
import { reasonOf } from './errors.ts'
import { jsonLines } from './lines.ts'

export interface PullLine {
  status?: string
  id?: string
  progressDetail?: { current?: number; total?: number }
  error?: string
  errorDetail?: { message?: string }
}

/** Adds up what the engine says of each layer into one figure for the whole image. */
export class PullMeter {
  readonly #onProgress: (progress: PullProgress) => void
  readonly #layers = new Map<string, { current: number; total: number }>()

  constructor(onProgress: (progress: PullProgress) => void) {
    this.#onProgress = onProgress
  }

  /** Reads a pull's output to its end; an error inside it is thrown. */
  async follow(stream: Readable, signal: AbortSignal): Promise<void> {
    const close = () => stream.destroy(new RuntimeError('Unavailable', 'the pull was cut off', true))
    signal.addEventListener('abort', close, { once: true })
    try {
      for await (const line of jsonLines<PullLine>(stream)) this.read(line)
    } finally {
      signal.removeEventListener('abort', close)
    }
  }

  read(line: PullLine): void {
    if (line.error !== undefined) throw pullError(line.errorDetail?.message ?? line.error)
    const { current = 0, total = 0 } = line.progressDetail ?? {}
    if (line.status === 'Downloading' && line.id) this.#layers.set(line.id, { current, total })
    if (line.status === 'Download complete' && line.id) this.#complete(line.id)
    if (line.status === 'Downloading' || line.status === 'Extracting') this.#onProgress(this.#sum(line.status))
  }

  #complete(id: string): void {
    const layer = this.#layers.get(id)
    if (layer) layer.current = layer.total
  }

  #sum(stage: string): PullProgress {
    const layers = [...this.#layers.values()]
    return {
      currentBytes: layers.reduce((sum, layer) => sum + layer.current, 0),
      totalBytes: layers.reduce((sum, layer) => sum + layer.total, 0),
      stage,
    }
  }
}

function pullError(message: string): RuntimeError {
  const reason = reasonOf(500, message)
  return new RuntimeError(reason, message, reason !== 'Unauthorized' && reason !== 'NotFound')
}
