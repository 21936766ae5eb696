import type { Deployment, ReplicaSet } from '../../api/types/apps-v1.ts'
import type { PodTemplateSpec } from '../../api/types/core-v1.ts'
import { deepEqual } from '../../api/values.ts'
import type { Live } from '../../client/client.ts'
import { DEPLOYMENTS } from '../../client/resources.ts'
import { controllerReference } from '../context.ts'
import { hashOf } from '../hash.ts'

export const HASH_LABEL = 'pod-template-hash'
const PREFIX = 'deployment.kubernetes.io/'
export const REVISION = `${PREFIX}revision`
export const REVISION_HISTORY = `${PREFIX}revision-history`
export const DESIRED_REPLICAS = `${PREFIX}desired-replicas`
export const MAX_REPLICAS = `${PREFIX}max-replicas`

/** Annotations that are about one object alone. */
const NOT_COPIED = [
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
]

export function revisionOf(object: { metadata?: { annotations?: Record<string, string> } }): number {
  return Number(object.metadata?.annotations?.[REVISION] ?? 0) || 0
}

export function hasTemplate(set: ReplicaSet, template: PodTemplateSpec | undefined): boolean {
  return deepEqual(withoutHash(set.spec?.template), withoutHash(template))
}

function withoutHash(template: PodTemplateSpec | undefined): unknown {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {}
  const { creationTimestamp: __, ...metadata } = template?.metadata ?? {}
  return JSON.parse(JSON.stringify({ ...template, metadata: { ...metadata, labels } }))
}

/** The set that has the Deployment's template; the oldest, should there be several. */
export function findNewSet(deployment: Deployment, sets: readonly Live<ReplicaSet>[]): Live<ReplicaSet> | undefined {
  return [...sets]
    .sort((a, b) => a.metadata.creationTimestamp.localeCompare(b.metadata.creationTimestamp))
    .find(set => hasTemplate(set, deployment.spec?.template))
}

/** The set for the Deployment's template as it is to be made. */
export function makeNewSet(deployment: Live<Deployment>, revision: number, replicas: number, max: number): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec
  const hash = hashOf(withoutHash(template), deployment.status?.collisionCount)
  const labels = { ...template.metadata?.labels, [HASH_LABEL]: hash }
  return {
    metadata: {
      name: `${deployment.metadata.name}-${hash}`,
      namespace: deployment.metadata.namespace,
      labels,
      annotations: {
        ...copiedAnnotations(deployment),
        ...sizeAnnotations(deployment, max),
        [REVISION]: String(revision),
      },
      ownerReferences: [controllerReference(deployment, DEPLOYMENTS)],
    },
    spec: {
      replicas,
      minReadySeconds,
      selector: { ...selector, matchLabels: { ...selector.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  }
}

function copiedAnnotations(deployment: Live<Deployment>): Record<string, string> {
  const annotations = Object.entries(deployment.metadata.annotations ?? {})
  return Object.fromEntries(annotations.filter(([name]) => !NOT_COPIED.includes(name)))
}

/** From these the proportion of a set is known when the Deployment is scaled in the midst of a rollout. */
export function sizeAnnotations(deployment: Live<Deployment>, max: number): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(deployment.spec.replicas ?? 1), [MAX_REPLICAS]: String(max) }
}

/** What the new set's annotations should be: a set that is used again gets a new revision and remembers its old ones. */
export function newSetAnnotations(
  deployment: Live<Deployment>,
  set: Live<ReplicaSet>,
  revision: number,
): Record<string, string> {
  const old = set.metadata.annotations ?? {}
  const annotations = { ...old, ...copiedAnnotations(deployment) }
  const before = revisionOf(set)
  if (before >= revision) return annotations
  const history = [old[REVISION_HISTORY], before > 0 ? String(before) : undefined].filter(Boolean).join(',')
  return { ...annotations, [REVISION]: String(revision), ...(history ? { [REVISION_HISTORY]: history } : {}) }
}

/** Sets that nobody will roll back to any more: the oldest beyond the limit, as long as they are empty. */
export function outdatedSets(oldSets: readonly Live<ReplicaSet>[], limit: number): Live<ReplicaSet>[] {
  const oldestFirst = oldSets
    .filter(set => !set.metadata.deletionTimestamp)
    .sort((a, b) => revisionOf(a) - revisionOf(b))
  return oldestFirst.slice(0, Math.max(0, oldestFirst.length - limit)).filter(isEmptyForGood)
}

function isEmptyForGood({ metadata, spec, status }: Live<ReplicaSet>): boolean {
  const isEmpty = (spec.replicas ?? 1) === 0 && (status?.replicas ?? 0) === 0
  return isEmpty && (metadata.generation ?? 0) <= (status?.observedGeneration ?? 0)
}
