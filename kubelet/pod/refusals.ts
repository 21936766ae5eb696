import type { Container } from '../../api/types/core-v1.ts'
import { isRecord } from '../../api/values.ts'
import type { LivePod } from './pod.ts'

/** One thing that a pod may ask for and that cannot be had on plain Docker. */
export interface Refusal {
  /** The field, as `Message.field`. */
  field: string
  /** Where it stands in a pod's spec; `*` is every item of a list. */
  paths: string[]
  /** For which of its values; any, if absent. */
  when?(value: unknown): boolean
  reason: string
}

const CONTAINERS = ['containers.*', 'initContainers.*']
const inContainers = (path: string) => CONTAINERS.map(container => `${container}.${path}`)
const is = (wanted: unknown) => (value: unknown) => value === wanted

const NO_DRIVER = 'the agent has no driver for it'
const WINDOWS = 'nodes run Linux'

const VOLUME_TYPES = [
  ...['awsElasticBlockStore', 'azureDisk', 'azureFile', 'cephfs', 'cinder', 'csi', 'fc', 'flexVolume', 'flocker'],
  ...['gcePersistentDisk', 'gitRepo', 'glusterfs', 'iscsi', 'photonPersistentDisk', 'portworxVolume', 'quobyte', 'rbd'],
  ...['scaleIO', 'storageos', 'vsphereVolume'],
]

/** Everything that is refused. What is not in this list is done; docs/status/podspec.md is checked against both. */
export const REFUSALS: readonly Refusal[] = [
  {
    field: 'PodSpec.hostUsers',
    paths: ['hostUsers'],
    when: is(false),
    reason: 'Docker maps users for all containers or for none, not by pod',
  },
  { field: 'PodSpec.resourceClaims', paths: ['resourceClaims'], reason: 'there are no drivers for dynamic resources' },
  { field: 'PodSpec.runtimeClassName', paths: ['runtimeClassName'], reason: 'there is one runtime: plain Docker' },
  {
    field: 'PodSpec.resources',
    paths: ['resources.limits'],
    reason: 'Docker has no limit that several containers share; give each container its own',
  },
  { field: 'PodOS.name', paths: ['os.name'], when: value => value !== 'linux', reason: WINDOWS },
  {
    field: 'PodSecurityContext.seLinuxChangePolicy',
    paths: ['securityContext.seLinuxChangePolicy'],
    reason: 'volumes are not relabelled for SELinux',
  },
  {
    field: 'PodSecurityContext.supplementalGroupsPolicy',
    paths: ['securityContext.supplementalGroupsPolicy'],
    when: is('Strict'),
    reason: "Docker always adds the groups of the image's /etc/group",
  },
  {
    field: 'PodSecurityContext.windowsOptions',
    paths: ['securityContext.windowsOptions'],
    reason: WINDOWS,
  },
  { field: 'SecurityContext.windowsOptions', paths: inContainers('securityContext.windowsOptions'), reason: WINDOWS },
  { field: 'Container.volumeDevices', paths: inContainers('volumeDevices'), reason: 'block devices are not passed on' },
  {
    field: 'ContainerRestartRule.action',
    paths: inContainers('restartPolicyRules.*.action'),
    when: value => value !== 'Restart',
    reason: 'only Restart is known',
  },
  {
    field: 'ResourceRequirements.limits',
    paths: inContainers('resources.limits'),
    when: value => isRecord(value) && Object.keys(value).some(name => name.startsWith('hugepages-')),
    reason: 'Docker cannot limit huge pages',
  },
  {
    field: 'ResourceRequirements.claims',
    paths: inContainers('resources.claims'),
    reason: 'there are no drivers for dynamic resources',
  },
  {
    field: 'VolumeMount.recursiveReadOnly',
    paths: inContainers('volumeMounts.*.recursiveReadOnly'),
    when: is('Enabled'),
    reason: 'Docker before 25 cannot; IfPossible and Disabled work',
  },
  {
    field: 'EnvVarSource.fileKeyRef',
    paths: inContainers('env.*.valueFrom.fileKeyRef'),
    reason: 'variables do not come from files; use configMapKeyRef or secretKeyRef',
  },
  {
    field: 'LifecycleHandler.tcpSocket',
    paths: [...inContainers('lifecycle.postStart.tcpSocket'), ...inContainers('lifecycle.preStop.tcpSocket')],
    reason: 'no Kubernetes has ever run it; use exec, httpGet or sleep',
  },
  {
    field: 'VolumeProjection.clusterTrustBundle',
    paths: ['volumes.*.projected.sources.*.clusterTrustBundle'],
    reason: 'trust bundles are not served',
  },
  {
    field: 'VolumeProjection.podCertificate',
    paths: ['volumes.*.projected.sources.*.podCertificate'],
    reason: 'certificates for pods are not signed',
  },
  ...VOLUME_TYPES.map(type => ({ field: `VolumeSource.${type}`, paths: [`volumes.*.${type}`], reason: NO_DRIVER })),
]

/** Each field of a pod that is refused, with its reason. Debug containers, which come later, are asked about one by one. */
export function refusalsOf(pod: Pick<LivePod, 'spec'>): string[] {
  return REFUSALS.flatMap(({ paths, when, reason }) =>
    paths
      .flatMap(path => valuesAt(pod.spec, path.split('.'), 'spec'))
      .filter(found => !when || when(found.value))
      .map(found => `${found.path} is not supported: ${reason}`),
  )
}

/** The same for one container alone. */
export function containerRefusals(spec: Container): string[] {
  return refusalsOf({ spec: { containers: [spec] } }).map(text =>
    text.replace('spec.containers[0]', `container ${spec.name}`),
  )
}

function valuesAt(value: unknown, steps: string[], path: string): { path: string; value: unknown }[] {
  const [step, ...rest] = steps
  if (value === undefined || value === null) return []
  if (step === undefined) return isEmptyList(value) ? [] : [{ path, value }]
  if (step === '*') {
    return Array.isArray(value) ? value.flatMap((item, index) => valuesAt(item, rest, `${path}[${index}]`)) : []
  }
  return isRecord(value) ? valuesAt(value[step], rest, `${path}.${step}`) : []
}

function isEmptyList(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0
}
