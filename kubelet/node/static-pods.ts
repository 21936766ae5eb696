import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { type Clock, pause, type Timer } from '../../platform/clock.ts'
import { type Disk, readTextIfAny } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import type { LivePod } from '../pod/pod.ts'
import { isManifestName, readManifest } from './static-files.ts'

interface Parts {
  directory: string
  nodeName: string
  disk: Disk
  clock: Clock
  log: Log
  /** A file is new or its contents are. */
  appeared(pod: LivePod): void
  vanished(pod: LivePod): void
}

/** Changes are noticed at once by the kernel's word; this is for file systems that give none. */
const REREAD_MS = 20_000
/** An editor writes a file in several steps. */
const SETTLE_MS = 100

/** Pods from files of this node. */
export class StaticPods {
  readonly #parts: Parts
  readonly #stopping = new AbortController()
  readonly #pods = new Map<string, LivePod>()
  readonly #told = new Map<string, string>()
  #watcher: FSWatcher | undefined
  #settling: Timer | undefined
  #reading = Promise.resolve()
  #rereading = Promise.resolve()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Resolves when the folder has been read once. */
  async start(): Promise<void> {
    const { directory, disk, clock } = this.#parts
    await disk.makeDirectory(directory)
    if (this.#stopping.signal.aborted) return
    this.#watcher = watch(directory, () => {
      this.#settling?.cancel()
      this.#settling = clock.after(SETTLE_MS, () => void this.read())
    })
    // What the kernel cannot watch any more is still read from time to time.
    this.#watcher.on('error', error => this.#parts.log.warn('The manifests folder is no longer watched', { error }))
    await this.read()
    this.#rereading = this.#reread()
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#watcher?.close()
    this.#settling?.cancel()
    await this.#rereading
    await this.#reading
  }

  list(): LivePod[] {
    return [...this.#pods.values()]
  }

  /** One reading at a time. */
  read(): Promise<void> {
    this.#reading = this.#reading
      .then(() => this.#read())
      .catch(error => this.#parts.log.warn('The manifests folder could not be read', { error }))
    return this.#reading
  }

  async #reread(): Promise<void> {
    const { signal } = this.#stopping
    while (!signal.aborted) {
      await pause(this.#parts.clock, REREAD_MS, signal)
      if (!signal.aborted) await this.read()
    }
  }

  async #read(): Promise<void> {
    const found = new Map<string, LivePod>()
    for (const name of (await this.#parts.disk.list(this.#parts.directory)).filter(isManifestName)) {
      const pod = await this.#readFile(name)
      if (pod) found.set(name, pod)
    }
    for (const [name, pod] of this.#pods) {
      if (found.get(name)?.metadata.uid !== pod.metadata.uid) this.#drop(name, pod)
    }
    for (const [name, pod] of found) if (!this.#pods.has(name)) this.#add(name, pod)
  }

  async #readFile(name: string): Promise<LivePod | undefined> {
    const { directory, disk, nodeName, clock, log } = this.#parts
    const text = await readTextIfAny(disk, join(directory, name))
    if (text === undefined) return undefined
    const { pod, problem } = readManifest({ name, text }, nodeName, clock.now())
    if (problem && this.#told.get(name) !== problem) log.warn('A manifest is left out', { problem })
    if (problem) this.#told.set(name, problem)
    // A file that was a pod and is damaged now: the pod it was goes on.
    return pod ?? (problem ? this.#pods.get(name) : undefined)
  }

  #drop(name: string, pod: LivePod): void {
    this.#pods.delete(name)
    this.#parts.vanished(pod)
  }

  #add(name: string, pod: LivePod): void {
    this.#told.delete(name)
    this.#pods.set(name, pod)
    this.#parts.appeared(pod)
  }
}
