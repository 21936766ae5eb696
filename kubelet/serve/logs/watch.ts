import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'
import type { Clock } from '../../../platform/clock.ts'
import type { Log } from '../../../platform/log.ts'

const POLL_MS = 1000

export interface ChangeWatch {
  /** Returns at the next change, at once if there was one since the last call, and at the latest after a second. */
  changed(): Promise<void>
  close(): void
}

/** Watches the folder a log lies in: it also sees rotations, and the engine noting that the container has ended. */
export function watchFolderOf(path: string, clock: Clock, signal: AbortSignal, log: Log): ChangeWatch {
  let dirty = false
  let wake = () => {}
  const notice = () => {
    dirty = true
    wake()
  }
  const watcher = tryWatch(dirname(path), notice, log)
  signal.addEventListener('abort', notice, { once: true })
  return {
    async changed() {
      if (!dirty) {
        await new Promise<void>(resolve => {
          const timer = clock.after(POLL_MS, resolve)
          wake = () => {
            timer.cancel()
            resolve()
          }
        })
      }
      dirty = false
    },
    close: () => watcher?.close(),
  }
}

/** Without notifications (the kernel's limit of watches may be reached) polling alone has to do. */
function tryWatch(folder: string, notice: () => void, log: Log): FSWatcher | undefined {
  const failed = (error: unknown) => log.debug('watching a log folder failed; polling instead', { folder, error })
  try {
    return watch(folder, notice).on('error', failed)
  } catch (error) {
    failed(error)
    return undefined
  }
}
