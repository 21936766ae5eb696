import { watch } from 'node:fs'
import type { Clock, Timer } from '../../platform/clock.ts'
import type { Disk } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { COMPONENTS, type Component, type Flags, readManifestFlags, sameFlags } from '../manifests.ts'
import type { ComponentState } from './mirror-pods.ts'

export interface Running {
  stop(): Promise<void>
}

/** Starts a component from its flags; `onFailure` is called when it has ended by itself later on. */
export type Starter = (flags: Flags, onFailure: (error: unknown) => void) => Promise<Running>

/** Whoever is started later finds what was started before. */
export type Starters = Readonly<Record<Component, Starter>>

/** Without its store an API server is nothing; the others only know its address. */
const DEPENDS_ON: Partial<Record<Component, Component>> = { 'kube-apiserver': 'etcd' }

const FIRST_RETRY_MS = 1000
const LONGEST_RETRY_MS = 30_000

export type Move = 'keep' | 'stop' | 'start' | 'restart'

/** What is to be done with each component so that it runs with the flags that its manifest has now. */
export function decideMoves(
  wanted: ReadonlyMap<Component, Flags>,
  present: ReadonlyMap<Component, { flags: Flags; isRunning: boolean }>,
): Map<Component, Move> {
  const moves = new Map<Component, Move>()
  for (const component of COMPONENTS) {
    const flags = wanted.get(component)
    const now = present.get(component)
    const dependency = DEPENDS_ON[component]
    const shaken = dependency !== undefined && moves.get(dependency) !== 'keep' && present.has(component)
    if (!flags) moves.set(component, now ? 'stop' : 'keep')
    else if (!now) moves.set(component, 'start')
    else moves.set(component, !now.isRunning || shaken || !sameFlags(flags, now.flags) ? 'restart' : 'keep')
  }
  return moves
}

interface Slot extends ComponentState {
  running?: Running
}

export interface ControlPlaneOptions {
  manifests: string
  starters: Starters
  disk: Disk
  clock: Clock
  log: Log
  /** Told after every change, with all components as they are now. */
  onChange(states: readonly ComponentState[]): void
}

/**
 * The components of this master, each running with the flags of its manifest. An edited manifest restarts its component; a
 * removed one stops it; one that cannot be read or started is told in the log, and tried again, later and later.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions
  readonly #slots = new Map<Component, Slot>()
  #work: Promise<void> = Promise.resolve()
  #watcher: { close(): void } | undefined
  #retry: Timer | undefined
  #retryMs = FIRST_RETRY_MS
  #stopped = false

  constructor(options: ControlPlaneOptions) {
    this.#options = options
  }

  get states(): ComponentState[] {
    return [...this.#slots.values()].map(({ running: _, ...state }) => state)
  }

  /** Resolves when every component was started once, successfully or not. */
  async start(): Promise<void> {
    await this.#options.disk.makeDirectory(this.#options.manifests)
    this.#watcher = watch(this.#options.manifests, () => this.#look())
    await this.#look()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#watcher?.close()
    this.#retry?.cancel()
    await this.#work
    for (const component of [...COMPONENTS].reverse()) await this.#stopOne(component)
  }

  /** One look at a time; each sees the newest manifests. */
  #look(): Promise<void> {
    this.#work = this.#work.then(() => (this.#stopped ? undefined : this.#reconcile()))
    return this.#work
  }

  async #reconcile(): Promise<void> {
    const wanted = await this.#readManifests()
    const present = new Map(
      [...this.#slots].map(([name, slot]) => [name, { flags: slot.flags, isRunning: slot.running !== undefined }]),
    )
    const moves = decideMoves(wanted, present)
    if ([...moves.values()].every(move => move === 'keep')) return
    for (const component of [...COMPONENTS].reverse()) {
      if (moves.get(component) === 'stop' || moves.get(component) === 'restart') await this.#stopOne(component)
      if (moves.get(component) === 'stop') this.#slots.delete(component)
    }
    for (const component of COMPONENTS) {
      const move = moves.get(component)
      if (move === 'start' || move === 'restart') await this.#startOne(component, wanted.get(component)!)
    }
    this.#planRetry()
    this.#options.onChange(this.states)
  }

  /** A manifest that cannot be read leaves its component as it is: a typing mistake must not stop the cluster. */
  async #readManifests(): Promise<Map<Component, Flags>> {
    const found = new Map<Component, Flags>()
    for (const component of COMPONENTS) {
      try {
        const flags = await readManifestFlags(this.#options.disk, this.#options.manifests, component)
        if (flags) found.set(component, flags)
      } catch (error) {
        this.#options.log.error('A manifest cannot be read; its component stays as it is', { component, error })
        const slot = this.#slots.get(component)
        if (slot) found.set(component, slot.flags)
      }
    }
    return found
  }

  async #startOne(component: Component, flags: Flags): Promise<void> {
    const { log, clock, starters } = this.#options
    const before = this.#slots.get(component)
    const startedAt = new Date(clock.now()).toISOString().replace(/\.\d+/, '')
    const slot: Slot = { component, flags, startedAt, restarts: before ? before.restarts + 1 : 0 }
    this.#slots.set(component, slot)
    try {
      slot.running = await starters[component](flags, error => this.#failed(slot, error))
      log.info('Component started', { component, restarts: slot.restarts })
    } catch (error) {
      slot.failure = describe(error)
      log.error('Component does not start', { component, error })
    }
  }

  /** One that ended by itself is started again, after a pause. */
  #failed(slot: Slot, error: unknown): void {
    const { component } = slot
    this.#options.log.error('Component has failed', { component, error })
    this.#work = this.#work.then(async () => {
      if (this.#slots.get(component) !== slot || !slot.running) return
      await this.#stopOne(component)
      slot.failure = describe(error)
      this.#planRetry()
      this.#options.onChange(this.states)
    })
  }

  async #stopOne(component: Component): Promise<void> {
    const slot = this.#slots.get(component)
    if (!slot?.running) return
    await slot.running.stop()
    slot.running = undefined
    this.#options.log.info('Component stopped', { component })
  }

  #planRetry(): void {
    this.#retry?.cancel()
    const failing = [...this.#slots.values()].some(slot => slot.failure !== undefined)
    if (!failing) this.#retryMs = FIRST_RETRY_MS
    if (!failing || this.#stopped) return
    this.#retry = this.#options.clock.after(this.#retryMs, () => void this.#look())
    this.#retryMs = Math.min(this.#retryMs * 2, LONGEST_RETRY_MS)
  }
}

const describe = (error: unknown): string => (error instanceof Error ? error.message : String(error))
