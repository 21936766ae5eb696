import type {
  AppArmorProfile,
  Capabilities,
  Container,
  PodSpec,
  SELinuxOptions,
  SeccompProfile,
  SecurityContext,
} from '../../api/types/core-v1.ts'
import type { ContainerSecurity, ImageDetail } from '../runtime.ts'
import { ConfigError } from './errors.ts'

/** A container's security context over its pod's, field by field. */
export function effectiveSecurity(spec: PodSpec, container: Pick<Container, 'securityContext'>): SecurityContext {
  const { runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile, seLinuxOptions } =
    spec.securityContext ?? {}
  const inherited = { runAsUser, runAsGroup, runAsNonRoot, seccompProfile, appArmorProfile, seLinuxOptions }
  return { ...inherited, ...container.securityContext }
}

/** `user[:group]` for the engine; undefined leaves it to the image. */
export function userOf(security: SecurityContext, image: Pick<ImageDetail, 'user'>): string | undefined {
  const { runAsUser, runAsGroup } = security
  if (runAsUser === undefined && runAsGroup === undefined) return undefined
  const user = runAsUser ?? (image.user.split(':')[0] || '0')
  return runAsGroup === undefined ? String(user) : `${user}:${runAsGroup}`
}

/** Refuses to run as root what has to run as somebody else. */
export function checkNonRoot(security: SecurityContext, image: Pick<ImageDetail, 'user'>, title: string): void {
  if (!security.runAsNonRoot) return
  if (security.runAsUser !== undefined) {
    if (security.runAsUser !== 0) return
    throw new ConfigError(`container's runAsUser breaks non-root policy (${title})`)
  }
  const user = image.user.split(':')[0] ?? ''
  if (user === '' || user === '0' || user === 'root') {
    throw new ConfigError(`container has runAsNonRoot and image will run as root (${title})`)
  }
  if (!/^\d+$/.test(user)) {
    const message = `container has runAsNonRoot and image has non-numeric user (${user}), cannot verify user is non-root`
    throw new ConfigError(`${message} (${title})`)
  }
}

/** A profile that would not be enforced is no profile. */
export function checkAppArmor({ appArmorProfile }: SecurityContext, isEnabled: boolean): void {
  if (isEnabled || !appArmorProfile || appArmorProfile.type === 'Unconfined') return
  throw new ConfigError('Cannot enforce AppArmor: AppArmor is not enabled on the host')
}

/** What the engine is told; `profiles` holds the text of the seccomp files the pod names. */
export function engineSecurity(security: SecurityContext, profiles: Map<string, string>): ContainerSecurity {
  const unmasked = security.procMount === 'Unmasked' ? { maskedPaths: [], readonlyPaths: [] } : {}
  return {
    privileged: security.privileged,
    ...capabilities(security.capabilities),
    readOnlyRootfs: security.readOnlyRootFilesystem,
    securityOpt: [
      ...(security.allowPrivilegeEscalation === false ? ['no-new-privileges'] : []),
      ...seccomp(security.seccompProfile, profiles),
      ...appArmor(security.appArmorProfile),
      ...seLinux(security.seLinuxOptions),
    ],
    ...unmasked,
  }
}

function capabilities(wanted: Capabilities | undefined): Pick<ContainerSecurity, 'capAdd' | 'capDrop'> {
  return {
    ...(wanted?.add ? { capAdd: wanted.add.map(name => name.toUpperCase()) } : {}),
    ...(wanted?.drop ? { capDrop: wanted.drop.map(name => name.toUpperCase()) } : {}),
  }
}

function seccomp(profile: SeccompProfile | undefined, profiles: Map<string, string>): string[] {
  if (profile?.type === 'Unconfined') return ['seccomp=unconfined']
  if (profile?.type !== 'Localhost') return []
  const text = profiles.get(profile.localhostProfile ?? '')
  if (text === undefined) throw new ConfigError(`cannot load seccomp profile "${profile.localhostProfile}"`)
  return [`seccomp=${text}`]
}

function appArmor(profile: AppArmorProfile | undefined): string[] {
  if (profile?.type === 'Unconfined') return ['apparmor=unconfined']
  return profile?.type === 'Localhost' ? [`apparmor=${profile.localhostProfile}`] : []
}

function seLinux(options: SELinuxOptions | undefined): string[] {
  return Object.entries(options ?? {}).map(([key, value]) => `label=${key}:${value}`)
}
