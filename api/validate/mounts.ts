import type { FieldError } from '../kind.ts'
import type { Container, EphemeralContainer, PodSpec, Volume, VolumeDevice, VolumeMount } from '../types/core-v1.ts'
import { forbidden, invalid, notFoundValue } from './errors.ts'

/** Where a container has a pod's volumes, as folders and as devices: each once, each there. */
export function validateMounts(container: Container | EphemeralContainer, spec: PodSpec, path: string): FieldError[] {
  const volumes = new Map((spec.volumes ?? []).map(volume => [volume.name, volume]))
  const { volumeMounts: mounts = [], volumeDevices: devices = [] } = container
  const paths = mounts.map(mount => mount.mountPath)
  return [
    ...mounts.flatMap((mount, index) => {
      const where = `${path}.volumeMounts[${index}]`
      const repeated = paths.indexOf(mount.mountPath) < index
      return [
        ...(mount.name && !volumes.has(mount.name) ? [notFoundValue(`${where}.name`, mount.name)] : []),
        ...(repeated ? [invalid(`${where}.mountPath`, mount.mountPath, 'must be unique')] : []),
        ...besides(mount, devices, where),
        ...validateMount(mount, container, where),
      ]
    }),
    ...devices.flatMap((device, index) => validateDevice(device, index, container, volumes, `${path}.volumeDevices`)),
  ]
}

/** What is mounted as a folder is no device as well. */
function besides({ name, mountPath }: VolumeMount, devices: readonly VolumeDevice[], path: string): FieldError[] {
  const errors: FieldError[] = []
  if (devices.some(device => device.name === name)) {
    errors.push(invalid(`${path}.name`, name, 'must not already exist in volumeDevices'))
  }
  if (devices.some(device => device.devicePath === mountPath)) {
    errors.push(invalid(`${path}.mountPath`, mountPath, 'must not already exist as a path in volumeDevices'))
  }
  return errors
}

function validateMount(mount: VolumeMount, container: Container | EphemeralContainer, path: string): FieldError[] {
  const { subPath, subPathExpr, mountPropagation } = mount
  const errors: FieldError[] = []
  if (subPath && subPathExpr) {
    errors.push(invalid(`${path}.subPathExpr`, subPathExpr, 'subPathExpr and subPath are mutually exclusive'))
  }
  if (mountPropagation === 'Bidirectional' && !container.securityContext?.privileged) {
    const detail = 'Bidirectional mount propagation is available only to privileged containers'
    errors.push(forbidden(`${path}.mountPropagation`, detail))
  }
  return [...errors, ...recursion(mount, path)]
}

function recursion({ recursiveReadOnly, readOnly, mountPropagation }: VolumeMount, path: string): FieldError[] {
  if (recursiveReadOnly !== 'Enabled' && recursiveReadOnly !== 'IfPossible') return []
  const where = `${path}.recursiveReadOnly`
  const errors = readOnly ? [] : [forbidden(where, 'may only be specified when readOnly is true')]
  if (!mountPropagation || mountPropagation === 'None') return errors
  return [...errors, forbidden(where, 'may only be specified when mountPropagation is None or not specified')]
}

function validateDevice(
  { name, devicePath }: VolumeDevice,
  index: number,
  { volumeMounts = [], volumeDevices = [] }: Container | EphemeralContainer,
  volumes: ReadonlyMap<string, Volume>,
  path: string,
): FieldError[] {
  const where = `${path}[${index}]`
  const volume = volumes.get(name)
  const isRepeated = (field: 'name' | 'devicePath', value: string) =>
    volumeDevices.findIndex(one => one[field] === value) < index
  const errors: FieldError[] = []
  const wrongName = (detail: string) => errors.push(invalid(`${where}.name`, name, detail))
  const wrongPath = (detail: string) => errors.push(invalid(`${where}.devicePath`, devicePath, detail))
  if (!volume && name) errors.push(notFoundValue(`${where}.name`, name))
  if (volume && !volume.persistentVolumeClaim && !volume.ephemeral) {
    wrongName('can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode')
  }
  if (isRepeated('name', name)) wrongName('must be unique')
  if (isRepeated('devicePath', devicePath)) wrongPath('must be unique')
  if (volumeMounts.some(mount => mount.name === name)) wrongName('must not already exist in volumeMounts')
  if (volumeMounts.some(mount => mount.mountPath === devicePath)) {
    wrongPath('must not already exist as a path in volumeMounts')
  }
  return errors
}
