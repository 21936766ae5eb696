import { ApiError } from '../../api/errors.ts'
import type { Pod, ServiceAccount, VolumeMount } from '../../api/types/core-v1.ts'
import { type Clock, sleep } from '../../platform/clock.ts'
import { nameSuffix, type Random } from '../../platform/random.ts'
import type { AdmissionPlugin } from './admission.ts'
import type { Lister } from './lister.ts'

const MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount'
const TOKEN_SECONDS = 3607
const MIRROR = 'kubernetes.io/config.mirror'
/** A new namespace gets its default account within moments: the first pod waits for it instead of failing. */
const ATTEMPTS = 10
const PAUSE_MS = 100

export interface ServiceAccountSurroundings {
  lister: Lister
  clock: Clock
  random: Random
}

/** Every pod acts as a service account, and finds that account's token in its containers. */
export function serviceAccountAdmission(around: ServiceAccountSurroundings): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    async mutate({ operation, kind, subresource, object, namespace }) {
      if (operation !== 'CREATE' || kind.kind !== 'Pod' || kind.group !== '' || subresource !== '') return
      const pod = object as Pod
      if (pod.metadata?.annotations?.[MIRROR]) return checkMirrorPod(pod)
      const spec = pod.spec
      if (!spec) return
      const name = spec.serviceAccountName || 'default'
      spec.serviceAccountName = name
      spec.serviceAccount = name
      const account = await findAccount(around, namespace, name)
      if (!account) throw noAccount(pod, namespace, name)
      if (mountsToken(account, pod)) mountToken(pod, `kube-api-access-${nameSuffix(around.random)}`)
      if (!spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
        spec.imagePullSecrets = account.imagePullSecrets.map(({ name }) => ({ name }))
      }
    },
  }
}

async function findAccount({ lister, clock }: ServiceAccountSurroundings, namespace: string, name: string) {
  for (let attempt = 1; ; attempt++) {
    const account =
      lister.get<ServiceAccount>('serviceaccounts', namespace, name) ??
      (await lister.getNow<ServiceAccount>('serviceaccounts', namespace, name))
    if (account || name !== 'default' || attempt === ATTEMPTS) return account
    await sleep(clock, PAUSE_MS)
  }
}

function noAccount(pod: Pod, namespace: string, name: string): ApiError {
  const podName = pod.metadata?.name ?? ''
  const why = `error looking up service account ${namespace}/${name}: serviceaccount "${name}" not found`
  return new ApiError('Forbidden', `pods "${podName}" is forbidden: ${why}`, { name: podName, kind: 'pods' })
}

/** Mirrors of static pods run without the API: they may not use what only the API gives. */
function checkMirrorPod(pod: Pod): void {
  const refuse = (why: string) => {
    const name = pod.metadata?.name ?? ''
    throw new ApiError('Forbidden', `pods "${name}" is forbidden: ${why}`, { name, kind: 'pods' })
  }
  if (pod.spec?.serviceAccountName) refuse('a mirror pod may not reference service accounts')
  for (const volume of pod.spec?.volumes ?? []) {
    if (volume.secret) refuse('a mirror pod may not reference secrets')
    if (volume.projected?.sources?.some(source => source.serviceAccountToken)) {
      refuse('a mirror pod may not use ServiceAccountToken volume projections')
    }
  }
}

function mountsToken(account: Readonly<ServiceAccount>, pod: Pod): boolean {
  return pod.spec?.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true
}

/** Adds one volume, and its mount to every container that has nothing at that path. */
function mountToken(pod: Pod, volumeName: string): void {
  const spec = pod.spec!
  const containers = [...(spec.initContainers ?? []), ...(spec.containers ?? [])]
  const without = containers.filter(({ volumeMounts = [] }) => volumeMounts.every(isElsewhere))
  if (without.length === 0) return
  for (const container of without) {
    container.volumeMounts = [
      ...(container.volumeMounts ?? []),
      { name: volumeName, readOnly: true, mountPath: MOUNT_PATH },
    ]
  }
  spec.volumes = [...(spec.volumes ?? []), { name: volumeName, projected: tokenProjection() }]
}

function isElsewhere(mount: VolumeMount): boolean {
  return mount.mountPath !== MOUNT_PATH
}

function tokenProjection() {
  return {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  }
}
