import type { Probe } from '../../api/types/core-v1.ts'
import type { PodMemory, ProbeResults } from '../pod/memory.ts'
import { isRunning, liveSandbox, newest, type PodPicture, type SeenContainer } from '../pod/picture.ts'
import { type LivePod, type PodContainer, podContainers, reportedStatus } from '../pod/pod.ts'
import type { PodServices } from '../pod/services.ts'
import { podTeller } from '../pod/tell.ts'
import { Prober } from './prober.ts'
import type { ProbeKind } from './tally.ts'

const TITLES: Record<ProbeKind, string> = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' }

/** All probes of a node: starts and stops them as containers come and go, and keeps their results in the pods' memories. */
export class Probes {
  readonly #services: PodServices
  /** By pod, then by container id and kind. */
  readonly #running = new Map<string, Map<string, Prober>>()

  constructor(services: PodServices) {
    this.#services = services
  }

  /** Makes the probes that run those that should. `changed` is called when a result turns. */
  sync(pod: LivePod, picture: PodPicture, memory: PodMemory, changed: () => void): void {
    const { uid } = pod.metadata
    const before = this.#running.get(uid) ?? new Map<string, Prober>()
    const now = new Map<string, Prober>()
    for (const wanted of this.#wanted(pod, picture, memory)) {
      const key = `${wanted.seen.id}/${wanted.kind}`
      now.set(key, before.get(key) ?? this.#start(pod, picture, memory, wanted, changed))
    }
    for (const [key, prober] of before) if (!now.has(key)) prober.stop()
    if (now.size > 0) this.#running.set(uid, now)
    else this.#running.delete(uid)
  }

  forget(uid: string): void {
    for (const prober of this.#running.get(uid)?.values() ?? []) prober.stop()
    this.#running.delete(uid)
  }

  stop(): void {
    for (const uid of [...this.#running.keys()]) this.forget(uid)
  }

  #wanted(pod: LivePod, picture: PodPicture, memory: PodMemory): Wanted[] {
    const ending = memory.ending !== undefined || pod.metadata.deletionTimestamp !== undefined
    return podContainers(pod).flatMap(container => {
      const seen = newest(picture, container.spec.name)
      if (!isRunning(seen)) return []
      const results = resultsOf(pod, container, seen, memory)
      return wantedKinds(container, results, ending).map(({ kind, probe }) => ({
        kind,
        probe,
        container,
        seen,
        results,
      }))
    })
  }

  #start(pod: LivePod, picture: PodPicture, memory: PodMemory, wanted: Wanted, changed: () => void): Prober {
    const { runtime, clock, events, nodeIp } = this.#services
    const { kind, probe, container, seen, results } = wanted
    const tell = podTeller(events, pod, container.spec.name)
    const podIp = pod.spec.hostNetwork ? nodeIp() : (liveSandbox(picture)?.ipAddress ?? '')
    const ago = Math.max(0, clock.now() - (seen.startedAt ?? seen.createdAt))
    return new Prober({
      ...{ runtime, clock, kind, probe },
      target: { id: seen.id, podIp, container: container.spec },
      startedAt: clock.monotonic() - ago,
      wasReady: results.ready,
      failed: message => tell('Warning', 'Unhealthy', `${TITLES[kind]} probe failed: ${message}`),
      errored: message => {
        tell('Warning', 'Unhealthy', `${TITLES[kind]} probe errored and resulted in unknown state: ${message}`)
      },
      turned: (result, fatal) => {
        if (kind === 'startup') results.started = result
        if (kind === 'readiness') results.ready = result
        const own = probe.terminationGracePeriodSeconds
        if (fatal && kind !== 'readiness') results.failed = { probe: kind, graceSeconds: own }
        memory.probes.set(seen.id, results)
        changed()
      },
    })
  }
}

interface Wanted {
  kind: ProbeKind
  probe: Probe
  container: PodContainer
  seen: SeenContainer
  results: ProbeResults
}

/** What is known already; of a container that an earlier agent started, what that agent had told last. */
function resultsOf(pod: LivePod, { spec }: PodContainer, seen: SeenContainer, memory: PodMemory): ProbeResults {
  const known = memory.probes.get(seen.id)
  if (known) return known
  const reported = reportedStatus(pod, spec.name)
  const same = reported?.containerID === `docker://${seen.id}`
  const results = { started: same && reported.started === true, ready: same && reported.ready }
  memory.probes.set(seen.id, results)
  return results
}

/** Before the startup probe has succeeded no other runs; a pod that ends is only asked whether it is still ready. */
function wantedKinds(
  { spec }: PodContainer,
  results: ProbeResults,
  ending: boolean,
): { kind: ProbeKind; probe: Probe }[] {
  const { startupProbe, livenessProbe, readinessProbe } = spec
  const wanted: { kind: ProbeKind; probe: Probe }[] = []
  if (startupProbe && !results.started) {
    if (!ending && !results.failed) wanted.push({ kind: 'startup', probe: startupProbe })
    return wanted
  }
  if (livenessProbe && !ending && !results.failed) wanted.push({ kind: 'liveness', probe: livenessProbe })
  if (readinessProbe) wanted.push({ kind: 'readiness', probe: readinessProbe })
  return wanted
}
