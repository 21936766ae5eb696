import type { Column } from '../kind.ts'
import type {
  ComponentStatus,
  ConfigMap,
  EndpointSubset,
  Endpoints,
  Event,
  Namespace,
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PodTemplate,
  ReplicationController,
  ResourceQuota,
  Secret,
  Service,
  ServiceAccount,
} from '../types/core-v1.ts'
import {
  age,
  ageColumn,
  column,
  createdAtColumn,
  firstOf,
  mapText,
  NONE,
  nameColumn,
  templateColumns,
  UNKNOWN,
  UNSET,
} from './basic.ts'

const ROLE = 'node-role.kubernetes.io/'

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find(condition => condition.type === 'Ready')
  const words = [ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown']
  if (node.spec?.unschedulable) words.push('SchedulingDisabled')
  return words.join(',')
}

function nodeRoles(node: Node): string {
  const labels = Object.entries(node.metadata?.labels ?? {})
  const prefixed = labels.filter(([key]) => key.startsWith(ROLE) && key.length > ROLE.length)
  const named = labels.filter(([key, value]) => key === 'kubernetes.io/role' && value !== '')
  const roles = [...prefixed.map(([key]) => key.slice(ROLE.length)), ...named.map(([, value]) => value)]
  return roles.sort().join(',') || NONE
}

const nodeAddress = (node: Node, type: string) =>
  node.status?.addresses?.find(one => one.type === type)?.address || NONE

export const nodeColumns: readonly Column[] = [
  nameColumn,
  column<Node>('Status', nodeStatus),
  column<Node>('Roles', nodeRoles),
  ageColumn,
  column<Node>('Version', node => node.status?.nodeInfo?.kubeletVersion ?? ''),
  column<Node>('Internal-IP', node => nodeAddress(node, 'InternalIP'), { wide: true }),
  column<Node>('External-IP', node => nodeAddress(node, 'ExternalIP'), { wide: true }),
  column<Node>('OS-Image', node => node.status?.nodeInfo?.osImage || UNKNOWN, { wide: true }),
  column<Node>('Kernel-Version', node => node.status?.nodeInfo?.kernelVersion || UNKNOWN, { wide: true }),
  column<Node>('Container-Runtime', node => node.status?.nodeInfo?.containerRuntimeVersion || UNKNOWN, { wide: true }),
]

export const namespaceColumns: readonly Column[] = [
  nameColumn,
  column<Namespace>('Status', namespace => namespace.status?.phase ?? ''),
  ageColumn,
]

function externalAddress(service: Service): string {
  const ips = service.spec?.externalIPs ?? []
  const ingress = service.status?.loadBalancer?.ingress ?? []
  const given = ingress.map(one => one.ip || one.hostname || '').filter(Boolean)
  switch (service.spec?.type) {
    case 'ExternalName':
      return service.spec.externalName ?? ''
    case 'LoadBalancer':
      return [...given, ...ips].join(',') || '<pending>'
    default:
      return ips.join(',') || NONE
  }
}

function servicePorts(service: Service): string {
  const ports = (service.spec?.ports ?? []).map(({ port, nodePort, protocol = 'TCP' }) =>
    nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`,
  )
  return ports.join(',') || NONE
}

export const serviceColumns: readonly Column[] = [
  nameColumn,
  column<Service>('Type', service => service.spec?.type ?? ''),
  column<Service>('Cluster-IP', service => service.spec?.clusterIPs?.[0] || service.spec?.clusterIP || NONE),
  column<Service>('External-IP', externalAddress),
  column<Service>('Port(s)', servicePorts),
  ageColumn,
  column<Service>('Selector', service => mapText(service.spec?.selector), { wide: true }),
]

function endpointsText(endpoints: Endpoints): string {
  const all = (endpoints.subsets ?? []).flatMap(({ addresses = [], ports = [] }: EndpointSubset) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) =>
          addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
        ),
  )
  return firstOf(all, 3) || NONE
}

export const endpointsColumns: readonly Column[] = [nameColumn, column('Endpoints', endpointsText), ageColumn]

const lastSeen = (event: Event) => event.series?.lastObservedTime ?? event.lastTimestamp ?? event.eventTime
const firstSeen = (event: Event) => event.firstTimestamp ?? event.eventTime

function eventInterval(event: Event, now: number): string {
  const count = event.series?.count ?? event.count ?? 0
  const last = age(lastSeen(event), now)
  return count > 1 ? `${last} (x${count} over ${age(firstSeen(event), now)})` : last
}

function eventSource({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || reportingComponent || ''
  const host = source?.host || reportingInstance
  return host ? `${component}, ${host}` : component
}

export const eventColumns: readonly Column[] = [
  column<Event>('Last Seen', eventInterval),
  column<Event>('Type', event => event.type ?? ''),
  column<Event>('Reason', event => event.reason ?? ''),
  column<Event>('Object', ({ involvedObject: { kind = '', name = '' } }) => `${kind.toLowerCase()}/${name}`),
  column<Event>('Subobject', event => event.involvedObject.fieldPath ?? '', { wide: true }),
  column<Event>('Source', eventSource, { wide: true }),
  column<Event>('Message', event => (event.message ?? '').trim()),
  column<Event>('First Seen', (event, now) => age(firstSeen(event), now), { wide: true }),
  column<Event>('Count', event => event.series?.count ?? (event.count || 1), { wide: true }),
  column<Event>('Name', event => event.metadata?.name ?? '', { wide: true, format: 'name' }),
]

const size = (map: object | undefined) => Object.keys(map ?? {}).length

export const configMapColumns: readonly Column[] = [
  nameColumn,
  column<ConfigMap>('Data', map => size(map.data) + size(map.binaryData)),
  ageColumn,
]

export const secretColumns: readonly Column[] = [
  nameColumn,
  column<Secret>('Type', secret => secret.type ?? ''),
  column<Secret>('Data', secret => size(secret.data)),
  ageColumn,
]

export const serviceAccountColumns: readonly Column[] = [
  nameColumn,
  column<ServiceAccount>('Secrets', account => account.secrets?.length ?? 0),
  ageColumn,
]

const MODES: Readonly<Record<string, string>> = {
  ReadWriteOnce: 'RWO',
  ReadOnlyMany: 'ROX',
  ReadWriteMany: 'RWX',
  ReadWriteOncePod: 'RWOP',
}

const accessModes = (modes: readonly string[] = []) =>
  Object.keys(MODES)
    .filter(mode => modes.includes(mode))
    .map(mode => MODES[mode])
    .join(',')

const STORAGE_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class'

const storageClass = (object: PersistentVolume | PersistentVolumeClaim) =>
  object.metadata?.annotations?.[STORAGE_CLASS_ANNOTATION] ?? object.spec?.storageClassName ?? ''

export const volumeColumns: readonly Column[] = [
  nameColumn,
  column<PersistentVolume>('Capacity', volume => String(volume.spec?.capacity?.storage ?? '')),
  column<PersistentVolume>('Access Modes', volume => accessModes(volume.spec?.accessModes)),
  column<PersistentVolume>('Reclaim Policy', volume => volume.spec?.persistentVolumeReclaimPolicy ?? ''),
  column<PersistentVolume>('Status', volume => phaseOf(volume, volume.status?.phase)),
  column<PersistentVolume>('Claim', ({ spec }) =>
    spec?.claimRef ? `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}` : '',
  ),
  column<PersistentVolume>('StorageClass', storageClass),
  column<PersistentVolume>('VolumeAttributesClass', volume => volume.spec?.volumeAttributesClassName || UNSET),
  column<PersistentVolume>('Reason', volume => volume.status?.reason ?? ''),
  ageColumn,
  column<PersistentVolume>('VolumeMode', volume => volume.spec?.volumeMode ?? UNSET, { wide: true }),
]

function phaseOf(object: PersistentVolume | PersistentVolumeClaim, phase = ''): string {
  return object.metadata?.deletionTimestamp ? 'Terminating' : phase
}

export const claimColumns: readonly Column[] = [
  nameColumn,
  column<PersistentVolumeClaim>('Status', claim => phaseOf(claim, claim.status?.phase)),
  column<PersistentVolumeClaim>('Volume', claim => claim.spec?.volumeName ?? ''),
  column<PersistentVolumeClaim>('Capacity', claim =>
    claim.spec?.volumeName ? String(claim.status?.capacity?.storage ?? '') : '',
  ),
  column<PersistentVolumeClaim>('Access Modes', claim =>
    claim.spec?.volumeName ? accessModes(claim.status?.accessModes) : '',
  ),
  column<PersistentVolumeClaim>('StorageClass', storageClass),
  column<PersistentVolumeClaim>('VolumeAttributesClass', claim => claim.spec?.volumeAttributesClassName || UNSET),
  ageColumn,
  column<PersistentVolumeClaim>('VolumeMode', claim => claim.spec?.volumeMode ?? UNSET, { wide: true }),
]

function quotaText(quota: ResourceQuota, limits: boolean): string {
  const { hard = {}, used = {} } = quota.status ?? {}
  const names = Object.keys(hard).filter(name => name.startsWith('limits') === limits)
  return names
    .sort()
    .map(name => `${name}: ${used[name] ?? 0}/${hard[name]}`)
    .join(', ')
}

export const quotaColumns: readonly Column[] = [
  nameColumn,
  column<ResourceQuota>('Request', quota => quotaText(quota, false)),
  column<ResourceQuota>('Limit', quota => quotaText(quota, true)),
  ageColumn,
]

export const limitRangeColumns: readonly Column[] = [nameColumn, createdAtColumn]

export const controllerColumns: readonly Column[] = [
  nameColumn,
  column<ReplicationController>('Desired', controller => controller.spec?.replicas ?? 0, { type: 'integer' }),
  column<ReplicationController>('Current', controller => controller.status?.replicas ?? 0, { type: 'integer' }),
  column<ReplicationController>('Ready', controller => controller.status?.readyReplicas ?? 0, { type: 'integer' }),
  ageColumn,
  ...templateColumns<ReplicationController>(
    controller => controller.spec?.template?.spec,
    controller => mapText(controller.spec?.selector),
  ),
]

export const podTemplateColumns: readonly Column[] = [
  nameColumn,
  column<PodTemplate>('Containers', ({ template }) => template?.spec?.containers.map(one => one.name).join(',') ?? ''),
  column<PodTemplate>('Images', ({ template }) => template?.spec?.containers.map(one => one.image).join(',') ?? ''),
  column<PodTemplate>('Pod Labels', ({ template }) => mapText(template?.metadata?.labels)),
]

export const componentColumns: readonly Column[] = [
  nameColumn,
  column<ComponentStatus>('Status', ({ conditions = [] }) =>
    conditions.some(one => one.type === 'Healthy' && one.status === 'True') ? 'Healthy' : 'Unhealthy',
  ),
  column<ComponentStatus>(
    'Message',
    ({ conditions = [] }) => conditions.find(one => one.type === 'Healthy')?.message ?? '',
  ),
  column<ComponentStatus>(
    'Error',
    ({ conditions = [] }) => conditions.find(one => one.type === 'Healthy')?.error ?? '',
  ),
]
