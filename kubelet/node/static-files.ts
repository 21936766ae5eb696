import { createHash } from 'node:crypto'
import { load } from 'js-yaml'
import type { Pod } from '../../api/types/core-v1.ts'
import { isRecord } from '../../api/values.ts'
import { timestamp } from '../../client/times.ts'
import { HASH_ANNOTATION, type LivePod, SOURCE_ANNOTATION } from '../pod/pod.ts'

/** One file of the manifests folder. */
export interface ManifestFile {
  name: string
  text: string
}

export interface ReadManifest {
  pod?: LivePod
  /** Why the file is no pod that can run. */
  problem?: string
}

/** Files that editors and package managers leave beside the real ones. */
export function isManifestName(name: string): boolean {
  return !name.startsWith('.') && /\.(ya?ml|json)$/.test(name)
}

/** A static pod from its file: named after the node, with an identity that changes when the file does. */
export function readManifest(file: ManifestFile, nodeName: string, now: number): ReadManifest {
  let parsed: unknown
  try {
    parsed = load(file.text)
  } catch (error) {
    return { problem: `${file.name}: ${(error as Error).message.split('\n')[0]}` }
  }
  const problem = problemOf(parsed)
  return problem ? { problem: `${file.name}: ${problem}` } : { pod: staticPod(parsed as Pod, file, nodeName, now) }
}

function problemOf(parsed: unknown): string | undefined {
  if (!isRecord(parsed) || parsed.kind !== 'Pod') return 'it does not hold a Pod'
  const { metadata, spec } = parsed as Pod
  if (!metadata?.name) return 'the pod has no metadata.name'
  if (!Array.isArray(spec?.containers) || spec.containers.length === 0) return 'the pod has no containers'
  const nameless = spec.containers.findIndex(container => !container?.name || !container.image)
  return nameless < 0 ? undefined : `spec.containers[${nameless}] needs a name and an image`
}

function staticPod(pod: Pod, file: ManifestFile, nodeName: string, now: number): LivePod {
  const hash = createHash('md5')
    .update(`${nodeName}\0${file.name}\0${JSON.stringify(pod)}`)
    .digest('hex')
  const annotations = {
    ...pod.metadata?.annotations,
    [HASH_ANNOTATION]: hash,
    [SOURCE_ANNOTATION]: 'file',
    'kubernetes.io/config.seen': timestamp(now),
  }
  const metadata = {
    ...pod.metadata,
    name: `${pod.metadata?.name}-${nodeName}`,
    namespace: pod.metadata?.namespace ?? 'default',
    uid: hash,
    resourceVersion: '',
    creationTimestamp: timestamp(now),
    annotations,
  }
  const tolerations = [...(pod.spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }]
  return { ...pod, apiVersion: 'v1', kind: 'Pod', metadata, spec: { ...pod.spec!, nodeName, tolerations } }
}
