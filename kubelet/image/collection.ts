import type { ImageCollection } from '../options.ts'
import type { ImageDetail } from '../runtime.ts'
import { SANDBOX_IMAGE } from '../sandbox/image.ts'

export interface CollectionInput {
  images: readonly ImageDetail[]
  /** Ids of images that some container, ours or not, is made from. */
  inUse: ReadonlySet<string>
  /** By image id: when a pod last asked for it, by the monotonic clock; never, if absent. */
  lastUsed: ReadonlyMap<string, number>
  disk: { capacityBytes: number; usedBytes: number }
  rules: ImageCollection
  /** Whatever the thresholds say: the disk is short. */
  urgent: boolean
  now: number
}

/**
 * Which images to remove so that the disk is as empty as it should be: the longest unused first. One that was built here
 * stays: no registry would bring it back.
 */
export function imagesToRemove(input: CollectionInput): ImageDetail[] {
  const { disk, rules, urgent } = input
  const usedPercent = (disk.usedBytes / disk.capacityBytes) * 100
  if (!urgent && usedPercent < rules.highPercent) return []
  let excess = urgent ? Number.POSITIVE_INFINITY : disk.usedBytes - (rules.lowPercent / 100) * disk.capacityBytes
  const chosen: ImageDetail[] = []
  for (const image of candidates(input)) {
    if (excess <= 0) break
    chosen.push(image)
    excess -= image.size
  }
  return chosen
}

function candidates({ images, inUse, lastUsed, rules, now }: CollectionInput): ImageDetail[] {
  const used = (image: ImageDetail) => lastUsed.get(image.id) ?? Number.NEGATIVE_INFINITY
  return images
    .filter(image => !inUse.has(image.id) && image.digests.length > 0 && !image.tags.includes(SANDBOX_IMAGE))
    .filter(image => now - used(image) >= rules.minimumAgeMs)
    .sort((a, b) => used(a) - used(b) || b.size - a.size)
}
