import type { FieldError } from '../kind.ts'
import type { PodSecurityContext, PodSpec } from '../types/core-v1.ts'
import { duplicates } from './checks.ts'
import { listContainers } from './containers.ts'
import { forbidden, invalid, required, unsupported } from './errors.ts'

/** What a pod shares with its node, and what its operating system has no notion of. */
export function validateSystem(spec: PodSpec, path: string): FieldError[] {
  return [
    ...hostNamespaces(spec, path),
    ...sysctls(spec, `${path}.securityContext.sysctls`),
    ...procMounts(spec, path),
    ...hostProcesses(spec, path),
    ...operatingSystem(spec, path),
  ]
}

function hostNamespaces(spec: PodSpec, path: string): FieldError[] {
  const errors: FieldError[] = []
  if (spec.hostPID && spec.shareProcessNamespace) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled'
    errors.push(invalid(`${path}.securityContext.shareProcessNamespace`, true, detail))
  }
  if (spec.hostUsers !== false) return errors
  const shared = { hostNetwork: spec.hostNetwork, HostPID: spec.hostPID, HostIPC: spec.hostIPC }
  const names = Object.entries(shared).filter(([, is]) => is)
  return [...errors, ...names.map(([name]) => forbidden(`${path}.${name}`, 'when `hostUsers` is false'))]
}

const IPC = /^(kernel\.(sem|shmall|shmmax|shmmni|shm_rmid_forced)$|kernel\.msg|fs\.mqueue\.)/

/** Settings of a namespace that the pod shares with the host would be the host's. */
function sysctls(spec: PodSpec, path: string): FieldError[] {
  const list = spec.securityContext?.sysctls ?? []
  const shared = list.flatMap(({ name = '' }, index) => {
    const where = `${path}[${index}].name`
    const plain = name.replaceAll('/', '.')
    if (spec.hostNetwork && plain.startsWith('net.')) {
      return [invalid(where, name, "may not be specified when 'hostNetwork' is true")]
    }
    return spec.hostIPC && IPC.test(plain) ? [invalid(where, name, "may not be specified when 'hostIPC' is true")] : []
  })
  return [...duplicates(list, path, '.name', ({ name }) => name), ...shared]
}

function procMounts(spec: PodSpec, path: string): FieldError[] {
  if (spec.hostUsers === false) return []
  return listContainers(spec, path).flatMap(({ container, at }) => {
    const procMount = container.securityContext?.procMount
    const where = `${at}.securityContext.procMount`
    return procMount === 'Unmasked' ? [invalid(where, procMount, '`hostUsers` must be false to use `Unmasked`')] : []
  })
}

/** A Windows process on the host itself: all containers of the pod are, or none. */
function hostProcesses(spec: PodSpec, path: string): FieldError[] {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess
  const all = listContainers(spec, path)
  const errors = all.flatMap(({ container, at }) => {
    const own = container.securityContext?.windowsOptions?.hostProcess
    if (ofPod === undefined || own === undefined || ofPod === own) return []
    const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`
    return [invalid(`${at}.securityContext.windowsOptions.hostProcess`, own, detail)]
  })
  const count = all.filter(({ container }) => container.securityContext?.windowsOptions?.hostProcess ?? ofPod).length
  if (count === 0) return errors
  if (count < all.length) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers'
    errors.push(invalid(path, '', detail))
  }
  if (spec.hostNetwork) return errors
  const detail = 'hostNetwork must be true if pod contains any hostProcess containers'
  return [...errors, invalid(`${path}.hostNetwork`, false, detail)]
}

function operatingSystem(spec: PodSpec, path: string): FieldError[] {
  if (!spec.os) return []
  const { name } = spec.os
  if (!name) return [required(`${path}.os.name`, 'cannot be empty')]
  if (name === 'linux') return linux(spec, path)
  return name === 'windows' ? windows(spec, path) : [unsupported(`${path}.os`, name, ['linux', 'windows'])]
}

function linux(spec: PodSpec, path: string): FieldError[] {
  const detail = 'windows options cannot be set for a linux pod'
  const places: [string, PodSecurityContext | undefined][] = [
    [path, spec.securityContext],
    ...listContainers(spec, path).map(({ container, at }): [string, PodSecurityContext | undefined] => [
      at,
      container.securityContext,
    ]),
  ]
  return places.flatMap(([at, context]) =>
    context?.windowsOptions ? [forbidden(`${at}.securityContext.windowsOptions`, detail)] : [],
  )
}

const NOT_ON_WINDOWS = {
  spec: ['hostUsers', 'shareProcessNamespace'],
  pod: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'fsGroup', 'fsGroupChangePolicy', 'sysctls'],
    ...['runAsUser', 'runAsGroup', 'supplementalGroups', 'supplementalGroupsPolicy', 'seLinuxChangePolicy'],
  ],
  container: [
    ...['appArmorProfile', 'seLinuxOptions', 'seccompProfile', 'capabilities', 'readOnlyRootFilesystem', 'privileged'],
    ...['allowPrivilegeEscalation', 'procMount', 'runAsUser', 'runAsGroup'],
  ],
}

function windows(spec: PodSpec, path: string): FieldError[] {
  const set = (value: object | undefined, names: readonly string[], at: string) =>
    names
      .filter(name => isSet((value as Record<string, unknown> | undefined)?.[name]))
      .map(name => forbidden(`${at}.${name}`, 'cannot be set for a windows pod'))
  return [
    ...set(spec.securityContext, NOT_ON_WINDOWS.pod, `${path}.securityContext`),
    ...set(spec, NOT_ON_WINDOWS.spec, path),
    ...set({ hostPID: spec.hostPID || undefined, hostIPC: spec.hostIPC || undefined }, ['hostPID', 'hostIPC'], path),
    ...listContainers(spec, path).flatMap(({ container, at }) =>
      set(container.securityContext, NOT_ON_WINDOWS.container, `${at}.securityContext`),
    ),
  ]
}

/** What is false or empty was not asked for. */
function isSet(value: unknown): boolean {
  return value !== undefined && !(Array.isArray(value) && value.length === 0)
}
