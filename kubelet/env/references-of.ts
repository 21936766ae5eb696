import type { Container, Volume } from '../../api/types/core-v1.ts'
import { type LivePod, podContainers } from '../pod/pod.ts'

/** `configmap/NAME` and `secret/NAME` for every object of its namespace that a pod refers to. */
export function referencesOf(pod: LivePod): Set<string> {
  const { volumes = [], imagePullSecrets = [] } = pod.spec
  const containers = podContainers(pod).map(one => one.spec)
  return new Set([
    ...containers.flatMap(ofContainer),
    ...volumes.flatMap(ofVolume),
    ...imagePullSecrets.map(secret => `secret/${secret.name}`),
  ])
}

function ofContainer({ env = [], envFrom = [] }: Container): string[] {
  const single = env.flatMap(({ valueFrom }) => [
    ...named('configmap', valueFrom?.configMapKeyRef?.name),
    ...named('secret', valueFrom?.secretKeyRef?.name),
  ])
  const whole = envFrom.flatMap(from => [
    ...named('configmap', from.configMapRef?.name),
    ...named('secret', from.secretRef?.name),
  ])
  return [...single, ...whole]
}

function ofVolume({ configMap, secret, projected }: Volume): string[] {
  const sources = (projected?.sources ?? []).flatMap(source => [
    ...named('configmap', source.configMap?.name),
    ...named('secret', source.secret?.name),
  ])
  return [...named('configmap', configMap?.name), ...named('secret', secret?.secretName), ...sources]
}

function named(kind: string, name: string | undefined): string[] {
  return name === undefined ? [] : [`${kind}/${name}`]
}
