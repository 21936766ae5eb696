import type { Volume } from '../../api/types/core-v1.ts'
import type { EventRecorder } from '../../client/events.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'
import type { References } from '../env/environment.ts'
import type { Images } from '../image/images.ts'
import { loginsFor } from '../image/logins.ts'
import type { LivePod } from '../pod/pod.ts'
import { podTeller } from '../pod/tell.ts'

interface Parts {
  images: Images
  processes: Processes
  references: References
  events: EventRecorder
}

/** Images as volumes: their layers, read-only, without a container around them. */
export class ImageVolumes {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  async mount(pod: LivePod, volume: Volume, path: string): Promise<void> {
    const { images, references, events, processes } = this.#parts
    const { reference: image = '', pullPolicy: policy } = volume.image ?? {}
    const found = await images.ensure({
      image,
      policy,
      logins: reference => loginsFor(references, pod, reference),
      tell: podTeller(events, pod),
      signal: new AbortController().signal,
    })
    const [top, ...lower] = found.layers
    if (top === undefined)
      throw new Error(`image ${image} shows no layers: the engine's storage driver is not overlay2`)
    if (lower.length === 0) await runChecked(processes, 'mount', ['--bind', '-o', 'ro', top, path])
    else
      await runChecked(processes, 'mount', [
        '-t',
        'overlay',
        '-o',
        `ro,lowerdir=${found.layers.join(':')}`,
        'overlay',
        path,
      ])
  }
}
