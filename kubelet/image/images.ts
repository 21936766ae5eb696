import type { Clock } from '../../platform/clock.ts'
import { StartError } from '../pod/errors.ts'
import type { ContainerRuntime, ImageDetail, PullProgress, RegistryAuth } from '../runtime.ts'
import { describeDuration, describeProgress } from './progress.ts'
import { Pulls } from './pulls.ts'
import { defaultPolicy, type ImageReference, type PullPolicy, parseReference } from './reference.ts'

/** Tells what happens to an image in words for `kubectl describe`. */
export type Tell = (type: 'Normal' | 'Warning', reason: string, message: string) => void

export interface ImageRequest {
  image: string
  policy?: string
  /** Asked only when a registry is. */
  logins(reference: ImageReference): Promise<(RegistryAuth | undefined)[]>
  tell: Tell
  signal: AbortSignal
}

const PROGRESS_EVERY_MS = 10_000
/** How long a registry may take to say anything about an image that is here and was built here. */
const BUILT_HERE_PATIENCE_MS = 10_000
/** A restart of such a container need not wait for the registry's silence again. */
const ASK_AGAIN_AFTER_MS = 300_000

/** Sees to it that an image is there before a container is made from it, as its pull policy says. */
export class Images {
  readonly #runtime: ContainerRuntime
  readonly #clock: Clock
  readonly #pulls: Pulls
  /** Images built here that no registry gave when last asked, and until when that is believed. */
  readonly #nobodyHas = new Map<string, number>()
  /** When each image was last asked for: the collector takes the longest unused first. */
  readonly lastUsed = new Map<string, number>()
  /** Of what was asked for, by id, as it was then. */
  readonly #names = new Map<string, string>()

  constructor(runtime: ContainerRuntime, clock: Clock) {
    this.#runtime = runtime
    this.#clock = clock
    this.#pulls = new Pulls(runtime)
  }

  async ensure(request: ImageRequest): Promise<ImageDetail> {
    const { image, tell } = request
    const reference = parseReference(image)
    if (!reference) throw invalidName(image, tell)
    const policy = (request.policy as PullPolicy | undefined) ?? defaultPolicy(reference)
    const present = await this.#runtime.image(image)
    const found = present && policy !== 'Always' ? present : await this.#fetch(request, reference, policy, present)
    if (found === present) tell('Normal', 'Pulled', `Container image "${image}" already present on machine`)
    this.lastUsed.set(found.id, this.#clock.monotonic())
    this.#names.set(found.id, nameInStatus(found.id, found))
    return found
  }

  /** How statuses call an image that containers show by its id only. */
  async nameOf(id: string): Promise<string> {
    return this.#names.get(id) ?? nameInStatus(id, await this.#runtime.image(id))
  }

  async #fetch(
    request: ImageRequest,
    reference: ImageReference,
    policy: PullPolicy,
    present: ImageDetail | undefined,
  ): Promise<ImageDetail> {
    const { image, tell } = request
    if (policy === 'Never') {
      const message = `Container image "${image}" is not present with pull policy of Never`
      tell('Warning', 'ErrImageNeverPull', message)
      throw new StartError('ErrImageNeverPull', message)
    }
    if (present && this.#clock.monotonic() < (this.#nobodyHas.get(present.id) ?? 0)) return present
    try {
      return await this.#pull(request, reference, wasBuiltHere(present))
    } catch (error) {
      if (!present || !wasBuiltHere(present) || request.signal.aborted) throw pullFailed(image, error, tell)
      this.#nobodyHas.set(present.id, this.#clock.monotonic() + ASK_AGAIN_AFTER_MS)
      const why = `No registry gave it (${messageOf(error)})`
      tell('Normal', 'BuiltHere', `${why}, but the image "${image}" was built on this node: it is used as it is`)
      return present
    }
  }

  async #pull(request: ImageRequest, reference: ImageReference, impatient: boolean): Promise<ImageDetail> {
    const { image, tell } = request
    tell('Normal', 'Pulling', `Pulling image "${image}"`)
    const began = this.#clock.monotonic()
    const guard = impatient ? this.#firstWordWithin(BUILT_HERE_PATIENCE_MS, request.signal) : undefined
    const report = this.#reporter(image, tell)
    const onProgress = (progress: PullProgress) => {
      guard?.heard()
      report(progress)
    }
    const logins = await request.logins(reference)
    await this.#pulls.pull(pullName(image, reference), logins, onProgress, guard?.signal ?? request.signal)
    guard?.heard()
    const found = await this.#runtime.image(image)
    if (!found) throw new StartError('ErrImagePull', `image "${image}" was pulled and is gone again`)
    const took = describeDuration(this.#clock.monotonic() - began)
    tell('Normal', 'Pulled', `Successfully pulled image "${image}" in ${took}. Image size: ${found.size} bytes.`)
    return found
  }

  #firstWordWithin(ms: number, outer: AbortSignal) {
    const silence = new AbortController()
    const timer = this.#clock.after(ms, () => silence.abort())
    return { signal: AbortSignal.any([silence.signal, outer]), heard: () => timer.cancel() }
  }

  #reporter(image: string, tell: Tell): (progress: PullProgress) => void {
    const began = this.#clock.monotonic()
    let reported = began
    return progress => {
      const now = this.#clock.monotonic()
      if (now - reported < PROGRESS_EVERY_MS) return
      reported = now
      tell('Normal', 'Pulling', `Pulling image "${image}": ${describeProgress(progress, now - began)}`)
    }
  }
}

function nameInStatus(id: string, image: ImageDetail | undefined): string {
  return image?.digests[0] ? `docker-pullable://${image.digests[0]}` : `docker://${id}`
}

/** Without a tag or digest the engine would fetch every tag there is. */
function pullName(image: string, reference: ImageReference): string {
  return reference.tag || reference.digest ? image : `${image}:latest`
}

/** An image that never came from a registry has no digest there. */
function wasBuiltHere(image: ImageDetail | undefined): boolean {
  return image !== undefined && image.digests.length === 0
}

function invalidName(image: string, tell: Tell): StartError {
  const why = `couldn't parse image name "${image}": invalid reference format`
  tell('Warning', 'InspectFailed', `Failed to apply default image tag "${image}": ${why}`)
  return new StartError('InvalidImageName', `Failed to apply default image tag "${image}": ${why}`)
}

function pullFailed(image: string, error: unknown, tell: Tell): StartError {
  if (error instanceof StartError) return error
  const message = `Failed to pull image "${image}": ${messageOf(error)}`
  tell('Warning', 'Failed', message)
  return new StartError('ErrImagePull', message, { cause: error })
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
