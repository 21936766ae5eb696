import * as fs from 'node:fs/promises'
import { dirname } from 'node:path'
import { ifPresent } from '../../platform/disk.ts'
import { logLink, terminationFile } from '../paths.ts'
import type { ContainerDetail, ContainerState, ContainerSummary } from '../runtime.ts'
import { lastWords } from './last-words.ts'
import type { PodMemory } from './memory.ts'
import { allSeen, isOver, type PodPicture, podPicture, type SeenContainer } from './picture.ts'
import type { PodServices } from './services.ts'

/** Kubernetes' ceiling for a termination message. */
const LONGEST_MESSAGE = 4096

/** Looks at one pod's containers, and remembers of each what cannot change any more. */
export class PodObserver {
  readonly messages = new Map<string, string>()
  readonly imageIds = new Map<string, string>()
  readonly #services: PodServices
  readonly #known = new Map<string, ContainerDetail>()
  readonly #suspects = new Set<string>()
  readonly #linked = new Set<string>()

  constructor(services: PodServices) {
    this.#services = services
  }

  async look(uid: string, memory: PodMemory): Promise<PodPicture> {
    const [summaries, fresh] = await Promise.all([this.#services.listing.ofPod(uid), this.#lookAtSuspects()])
    const details = await Promise.all(summaries.map(summary => this.#detail(summary, fresh)))
    const picture = podPicture(details.filter(detail => detail !== undefined))
    this.#forgetOthers(new Set(summaries.map(summary => summary.id)), memory)
    await Promise.all(allSeen(picture).map(seen => this.#learn(uid, seen, memory)))
    return picture
  }

  /** Lists of the engine lag behind its events: this container is looked at itself next time. */
  suspect(id: string): void {
    this.#suspects.add(id)
  }

  /** At the same time as the list: on a busy machine each question takes its time. */
  async #lookAtSuspects(): Promise<ReadonlySet<string>> {
    const ids = new Set(this.#suspects)
    this.#suspects.clear()
    await Promise.all([...ids].map(id => this.#inspect(id)))
    return ids
  }

  /** A container of ours only ever goes from created to running to exited: what is known of a state stays true. */
  async #detail(summary: ContainerSummary, fresh: ReadonlySet<string>): Promise<ContainerDetail | undefined> {
    const known = this.#known.get(summary.id)
    const settled = known?.state === summary.state && (summary.state !== 'created' || fresh.has(summary.id))
    return known && (settled || isEnd(known.state)) ? known : this.#inspect(summary.id)
  }

  async #inspect(id: string): Promise<ContainerDetail | undefined> {
    const detail = await this.#services.runtime.inspect(id)
    if (detail) this.#known.set(id, detail)
    return detail
  }

  async #learn(uid: string, seen: SeenContainer, memory: PodMemory): Promise<void> {
    await Promise.all([this.#learnImage(seen.imageId), this.#linkLog(seen)])
    if (!isOver(seen) || memory.diedAt.has(seen.id)) return
    const { clock } = this.#services
    // The engine's time is wall time, which may have jumped since: it can only shorten what is left to wait.
    const ago = Math.max(0, clock.now() - (seen.finishedAt ?? seen.createdAt))
    memory.diedAt.set(seen.id, clock.monotonic() - ago)
    this.messages.set(seen.id, await this.#message(uid, seen))
  }

  async #learnImage(id: string): Promise<void> {
    if (this.imageIds.has(id)) return
    this.imageIds.set(id, await this.#services.images.nameOf(id))
  }

  /** The engine writes the log, once the program starts; under /var/log/pods it is found by pod and container. */
  async #linkLog({ podName: name, podNamespace: namespace, podUid: uid, ...seen }: SeenContainer): Promise<void> {
    if (!seen.logPath || this.#linked.has(seen.id)) return
    const link = logLink(this.#services.paths, { name, namespace, uid }, seen.container!, seen.attempt)
    await fs.mkdir(dirname(link), { recursive: true, mode: 0o755 })
    await fs.rm(link, { force: true })
    await fs.symlink(seen.logPath, link)
    this.#linked.add(seen.id)
  }

  async #message(uid: string, seen: SeenContainer): Promise<string> {
    const path = terminationFile(this.#services.paths, uid, seen.container!, seen.attempt)
    const written = (await readIfAny(path)).slice(0, LONGEST_MESSAGE)
    if (written || seen.messagePolicy !== 'FallbackToLogsOnError' || seen.exitCode === 0) return written
    return lastWords(await readIfAny(seen.logPath))
  }

  #forgetOthers(ids: Set<string>, memory: PodMemory): void {
    const lost = [...this.#known.keys(), ...memory.diedAt.keys(), ...memory.probes.keys()].filter(id => !ids.has(id))
    for (const id of lost) {
      this.#known.delete(id)
      this.#linked.delete(id)
      this.messages.delete(id)
      memory.diedAt.delete(id)
      memory.probes.delete(id)
    }
  }
}

function isEnd(state: ContainerState): boolean {
  return state === 'exited' || state === 'dead'
}

async function readIfAny(path: string): Promise<string> {
  return (path && (await ifPresent(fs.readFile(path, 'utf8')))) || ''
}
