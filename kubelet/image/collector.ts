import type { KubeObject } from '../../api/objects.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Clock, pause } from '../../platform/clock.ts'
import type { Log } from '../../platform/log.ts'
import { filesystem } from '../node/machine.ts'
import type { ImageCollection } from '../options.ts'
import type { ContainerRuntime, ImageDetail } from '../runtime.ts'
import { imagesToRemove } from './collection.ts'
import type { Images } from './images.ts'

interface Parts {
  runtime: ContainerRuntime
  images: Images
  events: EventRecorder
  node(): KubeObject
  rules: ImageCollection
  rootDirectory: string
  clock: Clock
  log: Log
}

const LOOK_MS = 300_000

/** Removes images that no container needs before they fill the disk, and says which. */
export class ImageCollector {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#parts
    while (!signal.aborted) {
      await pause(clock, LOOK_MS, signal)
      if (!signal.aborted)
        await this.collect(false).catch(error => log.warn('Images could not be collected', { error }))
    }
  }

  /** True if anything was removed. */
  async collect(urgent: boolean): Promise<boolean> {
    const { runtime, images, rules, rootDirectory, clock, log } = this.#parts
    const [all, containers] = await Promise.all([runtime.images(), runtime.list({})])
    // What was there before this agent counts as used when it was first seen.
    for (const { id } of all) if (!images.lastUsed.has(id)) images.lastUsed.set(id, clock.monotonic())
    const chosen = imagesToRemove({
      images: all,
      inUse: new Set(containers.map(container => container.imageId)),
      lastUsed: images.lastUsed,
      disk: await filesystem(rootDirectory),
      ...{ rules, urgent, now: clock.monotonic() },
    })
    const removed: ImageDetail[] = []
    for (const image of chosen) {
      try {
        await runtime.removeImage(image.id)
        removed.push(image)
      } catch (error) {
        // In use after all, or an ancestor of another image.
        log.info('An image stays', { image: image.tags[0] ?? image.id, error })
      }
    }
    if (removed.length > 0) this.#tell(removed)
    return removed.length > 0
  }

  #tell(removed: readonly ImageDetail[]): void {
    const megabytes = Math.round(removed.reduce((sum, image) => sum + image.size, 0) / 1e6)
    const names = removed.map(image => image.tags[0] ?? image.digests[0] ?? image.id).join(', ')
    const message = `The disk was filling up: removed ${removed.length} unused images (${megabytes} MB): ${names}`
    this.#parts.events.event(this.#parts.node(), 'Normal', 'ImagesCollected', message)
  }
}
