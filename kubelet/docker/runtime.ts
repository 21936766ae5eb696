import { Readable } from 'node:stream'
import Docker from 'dockerode'
import { type Clock, sleep } from '../../platform/clock.ts'
import {
  type ContainerConfig,
  type ContainerDetail,
  type ContainerResources,
  type ContainerRuntime,
  type ContainerState,
  type ContainerStats,
  type ContainerSummary,
  type ExecOptions,
  type ImageDetail,
  type PodNetwork,
  type PullProgress,
  type RegistryAuth,
  RuntimeError,
  type RuntimeEvent,
  type RuntimeInfo,
  type StreamSession,
} from '../runtime.ts'
import { createBody, readResources, resourceFields } from './config.ts'
import { translateError } from './errors.ts'
import { KNOWN, readEvents } from './events.ts'
import { readImage, readInfo, readStats } from './facts.ts'
import { ensureNetwork, removeNetwork } from './network.ts'
import { PullMeter } from './pull.ts'
import { openAttach, openExec } from './session.ts'

/** Longer than any call that does its work may take: an engine that is silent for so long hangs. */
const CALL_TIMEOUT_MS = 120_000

/** The container engine: plain Docker from API 1.41 on. The only file, with its folder, that knows dockerode. */
export class DockerRuntime implements ContainerRuntime {
  readonly #docker: Docker
  readonly #clock: Clock

  constructor(clock: Clock, options: { socketPath?: string } = {}) {
    this.#clock = clock
    this.#docker = new Docker({ socketPath: options.socketPath ?? '/var/run/docker.sock' })
  }

  async info(): Promise<RuntimeInfo> {
    const [info, version] = await this.#call('info', () => Promise.all([this.#docker.info(), this.#docker.version()]))
    return readInfo(info, version)
  }

  async list(labels: Record<string, string>): Promise<ContainerSummary[]> {
    const filters = { label: labelFilter(labels) }
    const found = await this.#call('list containers', () => this.#docker.listContainers({ all: true, filters }))
    return found.map(container => ({
      id: container.Id,
      name: (container.Names[0] ?? '').replace(/^\//, ''),
      image: container.Image,
      imageId: container.ImageID,
      labels: container.Labels,
      state: container.State as ContainerState,
      createdAt: container.Created * 1000,
    }))
  }

  async inspect(id: string): Promise<ContainerDetail | undefined> {
    try {
      return readDetail(await this.#call('inspect', () => this.#docker.getContainer(id).inspect()))
    } catch (error) {
      if (error instanceof RuntimeError && error.reason === 'NotFound') return undefined
      throw error
    }
  }

  async create(config: ContainerConfig): Promise<string> {
    return (await this.#call('create container', () => this.#docker.createContainer(createBody(config)))).id
  }

  async start(id: string): Promise<void> {
    await this.#call('start container', () => this.#docker.getContainer(id).start())
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    const grace = Math.max(0, Math.ceil(graceSeconds))
    const call = () => this.#docker.getContainer(id).stop({ t: grace })
    await this.#tolerant(['NotFound'], 'stop container', call, CALL_TIMEOUT_MS + grace * 1000)
  }

  async kill(id: string, signal: string): Promise<void> {
    await this.#tolerant(['NotFound', 'Conflict'], 'kill container', () =>
      this.#docker.getContainer(id).kill({ signal }),
    )
  }

  async remove(id: string): Promise<void> {
    const call = () => this.#docker.getContainer(id).remove({ force: true, v: true })
    // Conflict: another removal of the same container is under way, which comes to the same.
    await this.#tolerant(['NotFound', 'Conflict'], 'remove container', call)
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    await this.#call('update container', () => this.#docker.getContainer(id).update(resourceFields(resources)))
  }

  async *events(labels: Record<string, string>, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    // Every exec probe makes three more kinds of events, which nobody waits for.
    const filters = { type: ['container'], event: [...KNOWN], label: labelFilter(labels) }
    const stream = await this.#call('follow events', () => this.#docker.getEvents({ filters: filters as never }))
    yield* readEvents(stream as Readable, signal)
  }

  exec(id: string, options: ExecOptions): Promise<StreamSession> {
    return this.#call('exec', () => openExec(this.#docker, id, options, this.#clock))
  }

  attach(id: string, options: Omit<ExecOptions, 'command'>): Promise<StreamSession> {
    return this.#call('attach', () => openAttach(this.#docker, id, options))
  }

  async image(reference: string): Promise<ImageDetail | undefined> {
    try {
      return readImage(await this.#call('inspect image', () => this.#docker.getImage(reference).inspect()))
    } catch (error) {
      if (error instanceof RuntimeError && error.reason === 'NotFound') return undefined
      throw error
    }
  }

  async images(): Promise<ImageDetail[]> {
    const images = await this.#call('list images', () => this.#docker.listImages())
    return images.map(image => ({
      id: image.Id,
      tags: (image.RepoTags ?? []).filter(tag => tag !== '<none>:<none>'),
      digests: (image.RepoDigests ?? []).filter(digest => digest !== '<none>@<none>'),
      size: image.Size,
      user: '',
      entrypoint: [],
      command: [],
      layers: [],
      createdAt: image.Created * 1000,
    }))
  }

  async pull(
    reference: string,
    auth: RegistryAuth | undefined,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    const options = { abortSignal: signal, ...(auth ? { authconfig: auth } : {}) }
    const stream = await this.#call('pull', () => this.#docker.pull(reference, options as never))
    await new PullMeter(onProgress).follow(stream as Readable, signal)
  }

  async loadImage(archive: Uint8Array): Promise<void> {
    const answer = await this.#call('load image', () => this.#docker.loadImage(Readable.from([archive])))
    for await (const line of answer) {
      const text = String(line)
      if (text.includes('"errorDetail"')) throw new RuntimeError('Invalid', `image archive refused: ${text}`, false)
    }
  }

  async removeImage(reference: string): Promise<void> {
    await this.#tolerant(['NotFound'], 'remove image', () => this.#docker.getImage(reference).remove())
  }

  async stats(id: string): Promise<ContainerStats | undefined> {
    const options = { stream: false as const, 'one-shot': true }
    const stats = await this.#tolerant(['NotFound'], 'stats', () => this.#docker.getContainer(id).stats(options))
    return stats === undefined ? undefined : readStats(stats as never, this.#clock.now())
  }

  async ensureNetwork(network: PodNetwork): Promise<void> {
    await this.#call('ensure network', () => ensureNetwork(this.#docker, network))
  }

  async removeNetwork(name: string): Promise<void> {
    await this.#call('remove network', () => removeNetwork(this.#docker, name, this.#clock))
  }

  async #tolerant<T>(
    fine: RuntimeError['reason'][],
    what: string,
    run: () => Promise<T>,
    timeoutMs?: number,
  ): Promise<T | undefined> {
    try {
      return await this.#call(what, run, timeoutMs)
    } catch (error) {
      if (error instanceof RuntimeError && fine.includes(error.reason)) return undefined
      throw error
    }
  }

  async #call<T>(what: string, run: () => Promise<T>, timeoutMs = CALL_TIMEOUT_MS): Promise<T> {
    const done = new AbortController()
    const late = sleep(this.#clock, timeoutMs, done.signal).then(
      () => Promise.reject(new RuntimeError('Unavailable', `Docker did not answer ${what} in ${timeoutMs} ms`, true)),
      () => new Promise<never>(() => {}),
    )
    try {
      return await Promise.race([run(), late])
    } catch (error) {
      // 304 is the engine's way to say "it is so already".
      if ((error as { statusCode?: number }).statusCode === 304) return undefined as T
      throw translateError(what, error)
    } finally {
      done.abort()
    }
  }
}

function labelFilter(labels: Record<string, string>): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`)
}

function readDetail(found: Docker.ContainerInspectInfo): ContainerDetail {
  const networks = Object.values(found.NetworkSettings.Networks ?? {})
  return {
    id: found.Id,
    name: found.Name.replace(/^\//, ''),
    image: found.Config.Image,
    imageId: found.Image,
    labels: found.Config.Labels ?? {},
    state: found.State.Status as ContainerState,
    createdAt: Date.parse(found.Created),
    pid: found.State.Pid,
    startedAt: readTime(found.State.StartedAt),
    finishedAt: readTime(found.State.FinishedAt),
    exitCode: found.State.ExitCode,
    oomKilled: found.State.OOMKilled,
    error: found.State.Error,
    ipAddress: networks.find(network => network.IPAddress)?.IPAddress ?? '',
    logPath: found.LogPath ?? '',
    resources: readResources(found.HostConfig),
  }
}

/** The engine says `0001-01-01T00:00:00Z` for never. */
function readTime(text: string): number | undefined {
  const at = Date.parse(text)
  return at > 0 ? at : undefined
}
