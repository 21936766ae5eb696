import { randomBytes } from 'node:crypto'
import * as fs from 'node:fs'
import { PassThrough } from 'node:stream'
import type { Clock } from '../../platform/clock.ts'
import {
  type ContainerConfig,
  type ContainerDetail,
  type ContainerResources,
  type ContainerRuntime,
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
import { FakeFiles } from './files.ts'
import { FakeProcess } from './shell.ts'

interface FakeContainer {
  detail: ContainerDetail
  config: ContainerConfig
  files: FakeFiles
  process?: FakeProcess
  output: string
}

export interface FakeOptions {
  /** Folder for logs. */
  directory: string
  /** How long the engine takes for one call that changes something. */
  latencyMs?: number
}

/** What a registry has, for pulls. */
export interface FakeRegistryImage {
  size: number
  pullMs: number
  login?: { username: string; password: string }
}

/** A container engine in memory, under any clock: containers run small shell scripts, images come from a fake registry. */
export class FakeRuntime implements ContainerRuntime {
  readonly containers = new Map<string, FakeContainer>()
  readonly localImages = new Map<string, ImageDetail>()
  readonly registry = new Map<string, FakeRegistryImage>()
  readonly networks = new Map<string, PodNetwork>()
  /** Names of calls, in order. */
  readonly calls: string[] = []
  /** Asked before each call: may throw what the engine would. */
  obstacle: (call: string) => void = () => {}
  /** Waited for when a container has been made, before its id is told. */
  afterCreate: () => Promise<void> = async () => {}
  readonly #clock: Clock
  readonly #options: FakeOptions
  readonly #listeners = new Set<(event: RuntimeEvent | Error) => void>()
  #nextAddress = 2

  constructor(clock: Clock, options: FakeOptions) {
    this.#clock = clock
    this.#options = options
  }

  addImage(reference: string, more: Partial<ImageDetail> = {}): void {
    const tag = /:[^/]+$/.test(reference) ? reference : `${reference}:latest`
    const id = `sha256:${Buffer.from(tag).toString('hex').padEnd(64, '0').slice(0, 64)}`
    const { createdAt, ...rest } = { createdAt: this.#clock.now(), ...more }
    const blank = { id, tags: [tag], digests: [], size: 1000, user: '', entrypoint: [], command: ['sleep', 'infinity'] }
    this.localImages.set(tag, { ...blank, layers: [], createdAt, ...rest })
  }

  /** Cuts all event streams, as a restart of the engine does. */
  breakEvents(): void {
    for (const listener of this.#listeners) listener(new RuntimeError('Unavailable', 'the engine went away', true))
  }

  async info(): Promise<RuntimeInfo> {
    this.#enter('info')
    return {
      ...{ name: 'fake', version: '20.10.0', apiVersion: '1.41', cgroupDriver: 'cgroupfs', cgroupVersion: '1' },
      ...{ rootDirectory: this.#options.directory, operatingSystem: 'Fake Linux', kernelVersion: '6.1' },
      ...{ architecture: 'amd64', cpus: 2, memoryBytes: 2 ** 32, liveRestore: false },
    } as RuntimeInfo
  }

  async list(labels: Record<string, string>): Promise<ContainerSummary[]> {
    this.#enter('list')
    const all = [...this.containers.values()].map(container => container.detail)
    return all.filter(detail => hasLabels(detail.labels, labels)).map(detail => ({ ...detail }))
  }

  async inspect(id: string): Promise<ContainerDetail | undefined> {
    this.#enter('inspect')
    const container = this.containers.get(id)
    return container && { ...container.detail, resources: { ...container.config.resources } }
  }

  async create(config: ContainerConfig): Promise<string> {
    await this.#change('create')
    const image = this.#image(config.image)
    if (!image) throw new RuntimeError('NotFound', `No such image: ${config.image}`, false)
    if ([...this.containers.values()].some(one => one.detail.name === config.name)) {
      throw new RuntimeError('Conflict', `The container name "/${config.name}" is already in use`, false)
    }
    for (const mount of config.mounts) {
      if (fs.existsSync(mount.source)) continue
      throw new RuntimeError('Invalid', `invalid mount config for type "bind": bind source path does not exist`, false)
    }
    const id = randomBytes(32).toString('hex')
    this.containers.set(id, this.#newContainer(id, config, image))
    await this.afterCreate()
    return id
  }

  #newContainer(id: string, config: ContainerConfig, image: ImageDetail): FakeContainer {
    const logPath = `${this.#options.directory}/${id}-json.log`
    const detail: ContainerDetail = {
      ...{ id, name: config.name, image: config.image, imageId: image.id, labels: config.labels, state: 'created' },
      ...{
        resources: config.resources,
        createdAt: this.#clock.now(),
        pid: 0,
        exitCode: 0,
        oomKilled: false,
        error: '',
        ipAddress: '',
        logPath,
      },
    } as ContainerDetail
    return { detail, config, files: new FakeFiles(config.mounts), output: '' }
  }

  async start(id: string): Promise<void> {
    await this.#change('start')
    const container = this.#container(id)
    if (container.detail.state === 'running') return
    const network = ownNetwork(container.config)
    if (network !== undefined && !this.networks.has(network)) {
      throw new RuntimeError('NotFound', `network ${network} not found`, false)
    }
    const command = this.#commandOf(container.config)
    if (command[0] === '/no-such-program') {
      const error = `OCI runtime create failed: exec: "${command[0]}": stat ${command[0]}: no such file or directory`
      container.detail.error = error
      container.detail.exitCode = 127
      throw new RuntimeError('Invalid', error, false)
    }
    this.#run(container, command)
  }

  #run(container: FakeContainer, command: string[]): void {
    const { detail, config } = container
    const ipAddress = ownNetwork(config) ? `10.88.0.${this.#nextAddress++}` : ''
    Object.assign(detail, {
      state: 'running',
      pid: 1000 + this.containers.size,
      startedAt: this.#clock.now(),
      ipAddress,
    })
    const write = (text: string) => this.#log(container, text)
    const env = new Map(config.env.map(pair => pair.split(/=(.*)/s).slice(0, 2) as [string, string]))
    const process = new FakeProcess(command, { clock: this.#clock, files: container.files, env, write })
    container.process = process
    void process.exited.then(code => this.#ended(container, code, process.oomKilled))
  }

  #ended({ detail }: FakeContainer, exitCode: number, oomKilled: boolean): void {
    Object.assign(detail, {
      state: 'exited',
      exitCode,
      oomKilled,
      pid: 0,
      finishedAt: this.#clock.now(),
      ipAddress: '',
    })
    if (this.containers.has(detail.id)) this.#tellDeath(detail)
  }

  #log(container: FakeContainer, text: string): void {
    container.output += text
    const time = new Date(this.#clock.now()).toISOString()
    fs.appendFileSync(container.detail.logPath, `${JSON.stringify({ log: text, stream: 'stdout', time })}\n`)
  }

  async stop(id: string, graceSeconds: number): Promise<void> {
    await this.#change('stop')
    const container = this.containers.get(id)
    if (!container?.process || container.detail.state !== 'running') return
    container.process.signal('SIGTERM')
    const timer = this.#clock.after(graceSeconds * 1000, () => container.process?.signal('SIGKILL'))
    await container.process.exited
    timer.cancel()
  }

  async kill(id: string, signal: string): Promise<void> {
    await this.#change('kill')
    this.containers.get(id)?.process?.signal(signal)
  }

  async remove(id: string): Promise<void> {
    await this.#change('remove')
    this.vanish(id)
  }

  /** As `docker rm -f` behind the agent's back. */
  vanish(id: string): void {
    const container = this.containers.get(id)
    if (!container) return
    container.process?.signal('SIGKILL')
    this.containers.delete(id)
    fs.rmSync(container.detail.logPath, { force: true })
    for (const listener of this.#listeners) listener({ type: 'destroy', id, labels: container.detail.labels })
  }

  async updateResources(id: string, resources: ContainerResources): Promise<void> {
    await this.#change('update')
    Object.assign(this.#container(id).config.resources, resources)
  }

  async *events(labels: Record<string, string>, signal: AbortSignal): AsyncIterable<RuntimeEvent> {
    this.#enter('events')
    const queue: (RuntimeEvent | Error)[] = []
    let wake = () => {}
    const listener = (event: RuntimeEvent | Error) => {
      queue.push(event)
      wake()
    }
    this.#listeners.add(listener)
    signal.addEventListener('abort', () => wake(), { once: true })
    try {
      yield { type: 'connected', id: '', labels: {} }
      while (!signal.aborted) {
        for (let event = queue.shift(); event; event = queue.shift()) {
          if (event instanceof Error) throw event
          if (hasLabels(event.labels, labels)) yield event
        }
        await new Promise<void>(resolve => {
          wake = resolve
          if (signal.aborted || queue.length > 0) resolve()
        })
      }
    } finally {
      this.#listeners.delete(listener)
    }
  }

  async exec(id: string, options: ExecOptions): Promise<StreamSession> {
    await this.#change('exec')
    const container = this.#container(id)
    if (container.detail.state !== 'running') {
      throw new RuntimeError('Conflict', `Container ${id} is not running`, false)
    }
    const stdout = new PassThrough()
    const env = new Map(container.config.env.map(pair => pair.split(/=(.*)/s).slice(0, 2) as [string, string]))
    const write = (text: string) => void stdout.write(text)
    const process = new FakeProcess(options.command, { clock: this.#clock, files: container.files, env, write })
    const began = this.#clock.monotonic()
    void process.exited.then(() => stdout.end())
    return {
      stdout,
      runningForMs: async () => this.#clock.monotonic() - began,
      resize: async () => {},
      exited: process.exited,
      kill: async () => process.signal('SIGKILL'),
    }
  }

  async attach(id: string): Promise<StreamSession> {
    await this.#change('attach')
    const container = this.#container(id)
    const stdout = new PassThrough()
    const exited = (container.process?.exited ?? Promise.resolve(0)).then(() => {
      stdout.end()
      return undefined
    })
    return { stdout, resize: async () => {}, exited, kill: async () => void stdout.end() }
  }

  async image(reference: string): Promise<ImageDetail | undefined> {
    this.#enter('image')
    return this.#image(reference)
  }

  async images(): Promise<ImageDetail[]> {
    this.#enter('images')
    return [...this.localImages.values()]
  }

  async pull(
    reference: string,
    auth: RegistryAuth | undefined,
    onProgress: (progress: PullProgress) => void,
    signal: AbortSignal,
  ): Promise<void> {
    this.#enter(`pull ${reference}`)
    const found = this.registry.get(reference)
    if (!found) throw new RuntimeError('NotFound', `manifest for ${reference} not found: manifest unknown`, false)
    const { login } = found
    if (login && (login.username !== auth?.username || login.password !== auth?.password)) {
      throw new RuntimeError('Unauthorized', `pull access denied for ${reference}`, false)
    }
    for (let part = 1; part <= 10; part++) {
      await this.#sleep(found.pullMs / 10)
      if (signal.aborted) throw new RuntimeError('Unavailable', 'the pull was cut off', true)
      onProgress({ currentBytes: (found.size * part) / 10, totalBytes: found.size, stage: 'Downloading' })
    }
    this.addImage(reference, { size: found.size, digests: [`${reference.split(':')[0]}@sha256:${'a'.repeat(64)}`] })
  }

  async loadImage(): Promise<void> {
    await this.#change('load')
    this.addImage('kubox.io/sandbox:1')
  }

  async removeImage(reference: string): Promise<void> {
    await this.#change('remove image')
    for (const [tag, image] of this.localImages) {
      if (tag === reference || image.id === reference) this.localImages.delete(tag)
    }
  }

  async stats(id: string): Promise<ContainerStats | undefined> {
    this.#enter('stats')
    if (!this.containers.has(id)) return undefined
    return { at: this.#clock.now(), cpuNanoseconds: 0, memoryBytes: 2 ** 20, workingSetBytes: 2 ** 20, pids: 1 }
  }

  async ensureNetwork(network: PodNetwork): Promise<void> {
    this.#enter('network')
    this.networks.set(network.name, network)
  }

  async removeNetwork(name: string): Promise<void> {
    this.#enter('remove network')
    this.networks.delete(name)
  }

  #image(reference: string): ImageDetail | undefined {
    const tag = /:[^/]+$/.test(reference) ? reference : `${reference}:latest`
    return this.localImages.get(tag) ?? [...this.localImages.values()].find(image => image.id === reference)
  }

  #commandOf(config: ContainerConfig): string[] {
    const image = this.#image(config.image)
    if (config.entrypoint) return [...config.entrypoint, ...(config.command ?? [])]
    return [...(image?.entrypoint ?? []), ...(config.command ?? image?.command ?? [])]
  }

  #container(id: string): FakeContainer {
    const container = this.containers.get(id)
    if (!container) throw new RuntimeError('NotFound', `No such container: ${id}`, false)
    return container
  }

  #tellDeath({ id, labels }: ContainerDetail): void {
    for (const listener of this.#listeners) listener({ type: 'die', id, labels })
  }

  #enter(call: string): void {
    this.calls.push(call)
    this.obstacle(call)
  }

  async #change(call: string): Promise<void> {
    this.#enter(call)
    if (this.#options.latencyMs) await this.#sleep(this.#options.latencyMs)
  }

  #sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.#clock.after(ms, resolve))
  }
}

/** The network it has an address of its own on. */
function ownNetwork({ networkMode }: ContainerConfig): string | undefined {
  return /^(host$|container:)/.test(networkMode ?? 'host') ? undefined : networkMode
}

function hasLabels(labels: Record<string, string>, wanted: Record<string, string>): boolean {
  return Object.entries(wanted).every(([key, value]) => labels[key] === value)
}
