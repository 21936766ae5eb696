import { type Clock, pause } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { NODE_LABEL, POD_UID_LABEL } from '../pod/labels.ts'
import type { ContainerRuntime } from '../runtime.ts'

interface Parts {
  runtime: ContainerRuntime
  clock: Clock
  log: Log
  nodeName: string
  /** The stream is open: what happened before has to be looked up. */
  connected(): void
  /** Something happened to a container of this pod. */
  happened(podUid: string, containerId: string): void
}

const RECONNECT_MS = 1000

/** Follows the engine's events until the signal aborts, across restarts of the engine. */
export async function followEngine(parts: Parts, signal: AbortSignal): Promise<void> {
  const { runtime, clock, log, nodeName, connected, happened } = parts
  while (!signal.aborted) {
    try {
      for await (const event of runtime.events({ [NODE_LABEL]: nodeName }, signal)) {
        const uid = event.labels[POD_UID_LABEL]
        if (event.type === 'connected') connected()
        else if (event.type !== 'other' && uid !== undefined) happened(uid, event.id)
      }
    } catch (error) {
      log.warn('The stream of container events broke', { error })
    }
    await pause(clock, RECONNECT_MS, signal)
  }
}
