import type { Container, PodSpec, SecurityContext } from '../../../api/types/core-v1.ts'

/** The Pod Security Standards as a table: each row refuses something, in Kubernetes' words. Pure. */
export interface Check {
  level: 'baseline' | 'restricted'
  /** What is wrong, with the reason in brackets; undefined when nothing is. */
  violation(pod: PodAnnotated): string | undefined
}

export interface PodAnnotated {
  spec: PodSpec
  annotations: Readonly<Record<string, string>>
}

type Named = Container & { securityContext?: SecurityContext }

function containersOf(spec: PodSpec): Named[] {
  return [
    ...(spec.initContainers ?? []),
    ...(spec.containers ?? []),
    ...((spec.ephemeralContainers ?? []) as Container[]),
  ]
}

/** `container "a"`, `containers "a", "b"` */
function naming(containers: readonly Named[]): string {
  const names = containers.map(({ name }) => JSON.stringify(name)).join(', ')
  return `container${containers.length > 1 ? 's' : ''} ${names}`
}

function containerCheck(
  level: Check['level'],
  what: string,
  why: string,
  isBad: (container: Named, spec: PodSpec) => boolean,
): Check {
  return {
    level,
    violation({ spec }) {
      const bad = containersOf(spec).filter(container => isBad(container, spec))
      return bad.length > 0 ? `${what} (${naming(bad)} ${why})` : undefined
    },
  }
}

const BASELINE_CAPABILITIES = new Set([
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD'],
  ...['NET_BIND_SERVICE', 'SETFCAP', 'SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
])
const SELINUX_TYPES = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'])
const SAFE_SYSCTLS = new Set([
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
])
const RESTRICTED_VOLUMES = new Set([
  ...[
    'name',
    'configMap',
    'csi',
    'downwardAPI',
    'emptyDir',
    'ephemeral',
    'persistentVolumeClaim',
    'projected',
    'secret',
    'image',
  ],
])

const hostNamespaces: Check = {
  level: 'baseline',
  violation({ spec }) {
    const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter(field => spec[field])
    return used.length > 0 ? `host namespaces (${used.map(field => `${field}=true`).join(', ')})` : undefined
  },
}

const hostPathVolumes: Check = {
  level: 'baseline',
  violation({ spec }) {
    const bad = (spec.volumes ?? []).filter(volume => volume.hostPath)
    const names = bad.map(({ name }) => JSON.stringify(name)).join(', ')
    return bad.length > 0 ? `hostPath volumes (volume${bad.length > 1 ? 's' : ''} ${names})` : undefined
  },
}

const hostPorts: Check = {
  level: 'baseline',
  violation({ spec }) {
    const bad = containersOf(spec).filter(({ ports }) => ports?.some(port => port.hostPort))
    const numbers = bad.flatMap(({ ports }) => (ports ?? []).flatMap(port => port.hostPort || []))
    if (bad.length === 0) return undefined
    return `hostPort (${naming(bad)} use${bad.length > 1 ? '' : 's'} hostPort${numbers.length > 1 ? 's' : ''} ${numbers.join(', ')})`
  },
}

const sysctls: Check = {
  level: 'baseline',
  violation({ spec }) {
    const bad = (spec.securityContext?.sysctls ?? []).filter(({ name }) => !SAFE_SYSCTLS.has(name))
    return bad.length > 0 ? `forbidden sysctls (${bad.map(({ name }) => name).join(', ')})` : undefined
  },
}

const seLinux: Check = {
  level: 'baseline',
  violation({ spec }) {
    const all = [spec.securityContext, ...containersOf(spec).map(({ securityContext }) => securityContext)]
    const options = all.map(context => context?.seLinuxOptions).filter(one => one !== undefined)
    const bad = options.filter(({ type = '', user, role }) => !SELINUX_TYPES.has(type) || user || role)
    return bad.length > 0
      ? 'seLinuxOptions (pod or containers set forbidden securityContext.seLinuxOptions)'
      : undefined
  },
}

const appArmor: Check = {
  level: 'baseline',
  violation({ spec, annotations }) {
    const prefix = 'container.apparmor.security.beta.kubernetes.io/'
    const bad = Object.entries(annotations).filter(
      ([key, value]) =>
        key.startsWith(prefix) && !['', 'runtime/default'].includes(value) && !value.startsWith('localhost/'),
    )
    const all = [spec.securityContext, ...containersOf(spec).map(({ securityContext }) => securityContext)]
    const unconfined = all.some(context => context?.appArmorProfile?.type === 'Unconfined')
    return bad.length > 0 || unconfined ? 'forbidden AppArmor profile (unconfined)' : undefined
  },
}

const seccompBaseline: Check = {
  level: 'baseline',
  violation({ spec }) {
    const unconfined = (context: { seccompProfile?: { type?: string } } | undefined) =>
      context?.seccompProfile?.type === 'Unconfined'
    const bad = containersOf(spec).filter(({ securityContext }) => unconfined(securityContext))
    const where = [...(unconfined(spec.securityContext) ? ['pod'] : []), ...(bad.length > 0 ? [naming(bad)] : [])]
    return where.length > 0
      ? `seccompProfile (${where.join(' and ')} must not set securityContext.seccompProfile.type to "Unconfined")`
      : undefined
  },
}

const volumeTypes: Check = {
  level: 'restricted',
  violation({ spec }) {
    const bad = (spec.volumes ?? []).filter(volume => Object.keys(volume).some(key => !RESTRICTED_VOLUMES.has(key)))
    const types = bad.flatMap(volume => Object.keys(volume).filter(key => !RESTRICTED_VOLUMES.has(key)))
    const names = bad.map(({ name }) => JSON.stringify(name)).join(', ')
    const quoted = [...new Set(types)].map(type => JSON.stringify(type)).join(', ')
    if (bad.length === 0) return undefined
    return `restricted volume types (volume${bad.length > 1 ? 's' : ''} ${names} use${bad.length > 1 ? '' : 's'} restricted volume type${types.length > 1 ? 's' : ''} ${quoted})`
  },
}

const runAsNonRoot: Check = {
  level: 'restricted',
  violation({ spec }) {
    const pod = spec.securityContext?.runAsNonRoot
    const explicit = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsNonRoot === false)
    const silent = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsNonRoot === undefined)
    if (explicit.length > 0)
      return `runAsNonRoot != true (${naming(explicit)} must not set securityContext.runAsNonRoot=false)`
    if (pod || silent.length === 0) return undefined
    return `runAsNonRoot != true (pod or ${naming(silent)} must set securityContext.runAsNonRoot=true)`
  },
}

const runAsUser: Check = {
  level: 'restricted',
  violation({ spec }) {
    const bad = containersOf(spec).filter(({ securityContext }) => securityContext?.runAsUser === 0)
    const where = [...(spec.securityContext?.runAsUser === 0 ? ['pod'] : []), ...(bad.length > 0 ? [naming(bad)] : [])]
    return where.length > 0 ? `runAsUser=0 (${where.join(' and ')} must not set runAsUser=0)` : undefined
  },
}

const seccompRestricted: Check = {
  level: 'restricted',
  violation({ spec }) {
    const fine = (type: string | undefined) => type === 'RuntimeDefault' || type === 'Localhost'
    const bad = containersOf(spec).filter(({ securityContext }) => {
      const own = securityContext?.seccompProfile?.type
      return own === undefined ? !fine(spec.securityContext?.seccompProfile?.type) : !fine(own)
    })
    if (bad.length === 0) return undefined
    return `seccompProfile (pod or ${naming(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`
  },
}

const windows = (spec: PodSpec) => spec.os?.name === 'windows'

const CHECKS: readonly Check[] = [
  hostNamespaces,
  containerCheck(
    'baseline',
    'privileged',
    'must not set securityContext.privileged=true',
    ({ securityContext }) => securityContext?.privileged === true,
  ),
  containerCheck(
    'baseline',
    'non-default capabilities',
    'must not include capabilities beyond the default in securityContext.capabilities.add',
    ({ securityContext }) =>
      (securityContext?.capabilities?.add ?? []).some(capability => !BASELINE_CAPABILITIES.has(capability)),
  ),
  hostPathVolumes,
  hostPorts,
  appArmor,
  seLinux,
  containerCheck(
    'baseline',
    'procMount',
    'must not set securityContext.procMount to anything but "Default"',
    ({ securityContext }) => !['Default', undefined].includes(securityContext?.procMount),
  ),
  seccompBaseline,
  sysctls,
  volumeTypes,
  containerCheck(
    'restricted',
    'allowPrivilegeEscalation != false',
    'must set securityContext.allowPrivilegeEscalation=false',
    ({ securityContext }, spec) => !windows(spec) && securityContext?.allowPrivilegeEscalation !== false,
  ),
  containerCheck(
    'restricted',
    'unrestricted capabilities',
    'must set securityContext.capabilities.drop=["ALL"]',
    ({ securityContext }, spec) => {
      const { add = [], drop = [] } = securityContext?.capabilities ?? {}
      return !windows(spec) && (!drop.includes('ALL') || add.some(capability => capability !== 'NET_BIND_SERVICE'))
    },
  ),
  runAsNonRoot,
  runAsUser,
  seccompRestricted,
]

export type Level = 'privileged' | 'baseline' | 'restricted'

/** Everything that a level forbids and the pod does. */
export function violations(pod: PodAnnotated, level: Level): string[] {
  if (level === 'privileged') return []
  const asked = CHECKS.filter(check => level === 'restricted' || check.level === 'baseline')
  return asked.map(check => check.violation(pod)).filter(found => found !== undefined)
}
