import type { ContainerDetail } from '../runtime.ts'
import { type ContainerLabels, readLabels } from './labels.ts'

/** One container of a pod as the engine shows it, with what its labels say. */
export interface SeenContainer extends ContainerLabels, Pick<ContainerDetail, DetailFields> {}

type DetailFields =
  | 'id'
  | 'image'
  | 'imageId'
  | 'state'
  | 'createdAt'
  | 'startedAt'
  | 'finishedAt'
  | 'exitCode'
  | 'oomKilled'
  | 'error'
  | 'pid'
  | 'ipAddress'
  | 'logPath'
  | 'resources'

/** All that the engine has of one pod. Every list has the newest attempt first. */
export interface PodPicture {
  sandboxes: SeenContainer[]
  containers: Map<string, SeenContainer[]>
}

export const EMPTY_PICTURE: PodPicture = { sandboxes: [], containers: new Map() }

export function podPicture(details: readonly ContainerDetail[]): PodPicture {
  const seen = details.flatMap(see).sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt)
  const containers = new Map<string, SeenContainer[]>()
  for (const one of seen) {
    if (one.container === undefined) continue
    containers.set(one.container, [...(containers.get(one.container) ?? []), one])
  }
  return { sandboxes: seen.filter(one => one.kind === 'sandbox'), containers }
}

function see(detail: ContainerDetail): SeenContainer[] {
  const labels = readLabels(detail.labels)
  return labels ? [{ ...detail, ...labels }] : []
}

export function isRunning(seen: SeenContainer | undefined): seen is SeenContainer {
  return seen?.state === 'running' || seen?.state === 'paused'
}

/** It ran or tried to, and does not any more. */
export function isOver(seen: SeenContainer | undefined): seen is SeenContainer {
  return (seen?.state === 'exited' || seen?.state === 'dead' || seen?.state === 'created') && !isLeftover(seen)
}

/** A container that was made, never started, and nobody is at work on, but perhaps to remove it. */
export function isLeftover(seen: SeenContainer | undefined): boolean {
  if (seen === undefined || seen.error !== '') return false
  const isGoing = seen.state === 'dead' || seen.state === 'removing'
  return seen.state === 'created' || (isGoing && seen.startedAt === undefined)
}

export function newest(picture: PodPicture, name: string): SeenContainer | undefined {
  return picture.containers.get(name)?.[0]
}

/** The sandbox that containers can be started in. */
export function liveSandbox(picture: PodPicture): SeenContainer | undefined {
  return isRunning(picture.sandboxes[0]) ? picture.sandboxes[0] : undefined
}

export function allSeen(picture: PodPicture): SeenContainer[] {
  return [...picture.containers.values()].flat()
}

/** Milliseconds it ran. */
export function ranFor(seen: SeenContainer): number {
  return (seen.finishedAt ?? seen.createdAt) - (seen.startedAt ?? seen.createdAt)
}
