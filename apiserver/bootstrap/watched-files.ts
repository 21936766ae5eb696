import { createHash } from 'node:crypto'
import type { Clock } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import type { Changeable, WatchedFile } from '../options.ts'
import type { Counter, Metrics } from '../traffic/metrics.ts'
import type { Chore } from './chores.ts'

interface Surroundings {
  clock: Clock
  log: Log
  metrics: Metrics
  /** Who this server is. */
  address: string
}

const LOOK_EVERY_MS = 10_000

/** Looks at files from time to time. One that has become wrong is told of, and what it said before goes on. */
export function watchFiles(files: readonly WatchedFile[], server: Changeable, around: Surroundings): Chore[] {
  return files.map(file => {
    const reloads = new ReloadMetrics(file.subject, around)
    const look = looker(file, server)
    return {
      name: `look at the ${file.subject} configuration`,
      everyMs: LOOK_EVERY_MS,
      async run() {
        const fields = { subject: file.subject }
        try {
          if (!(await look())) return
          reloads.note('success')
          around.log.info('A file of the configuration was read again', fields)
        } catch (error) {
          reloads.note('failure')
          around.log.error('A file of the configuration is wrong; what it said before goes on', { ...fields, error })
        }
      },
    }
  })
}

/** Whether it has changed; what is wrong is looked at once only. */
function looker(file: WatchedFile, server: Changeable): () => Promise<boolean> {
  let known = file.text
  return async () => {
    const text = await file.read()
    if (text === known) return false
    known = text
    await file.use(text, server)
    return true
  }
}

class ReloadMetrics {
  readonly #clock: Clock
  readonly #total: Counter
  readonly #last: Counter
  readonly #server: string

  constructor(subject: WatchedFile['subject'], { clock, metrics, address }: Surroundings) {
    const name = `apiserver_${subject}_config_controller_automatic_reload`
    this.#clock = clock
    this.#total = metrics.counter(`${name}s_total`, 'How often the configuration has been read again.')
    this.#last = metrics.level(`${name}_last_timestamp_seconds`, 'When the configuration was last read again.')
    this.#server = `sha256:${createHash('sha256').update(address).digest('hex')}`
  }

  note(status: 'success' | 'failure'): void {
    const labels = { apiserver_id_hash: this.#server, status }
    this.#total.add(labels)
    this.#last.of(labels).value = this.#clock.now() / 1000
  }
}
