import type { FieldError } from '../../kind.ts'
import { isSubdomainName } from '../../names.ts'
import type {
  AppArmorProfile,
  SeccompProfile,
  SecurityContext,
  Sysctl,
  WindowsSecurityContextOptions,
} from '../../types/core-v1.ts'
import { eachUserId, oneOf, pathInside, type Rules, userId } from '../checks.ts'
import { invalid, required, tooLong, unsupported } from '../errors.ts'

const PROFILES = ['Localhost', 'RuntimeDefault', 'Unconfined']

/** A profile's type, and that a file is named where, and only where, it is one of the node's own. */
function profileType(type: string, path: string, field: string): FieldError[] {
  if (!type) return [required(`${path}.type`, `type is required when ${field} is set`)]
  return PROFILES.includes(type) ? [] : [unsupported(`${path}.type`, type, PROFILES)]
}

function seccomp(profile: SeccompProfile, path: string): FieldError[] {
  const { type, localhostProfile: file } = profile
  const where = `${path}.localhostProfile`
  const errors = profileType(type, path, 'seccompProfile')
  if (type === 'Localhost') {
    if (file === undefined) return [required(where, 'must be set when seccomp type is Localhost')]
    return pathInside(file, where)
  }
  if (file === undefined) return errors
  return [...errors, invalid(where, profile, 'can only be set when seccomp type is Localhost')]
}

/** The longest path there is. */
const LONGEST_PATH = 4095

function appArmor({ type, localhostProfile: file }: AppArmorProfile, path: string): FieldError[] {
  const where = `${path}.localhostProfile`
  const errors = profileType(type, path, 'appArmorProfile')
  if (type !== 'Localhost') {
    const isStray = file !== undefined && PROFILES.includes(type)
    return isStray ? [invalid(where, file, 'can only be set when AppArmor type is Localhost')] : errors
  }
  if (!file) return [required(where, 'must be set when AppArmor type is Localhost')]
  if (file.trim() !== file) return [invalid(where, file, 'must not be padded with whitespace')]
  return file.length > LONGEST_PATH ? [tooLong(where, LONGEST_PATH)] : []
}

function escalation(context: SecurityContext, path: string): FieldError[] {
  if (context.allowPrivilegeEscalation !== false) return []
  const errors: FieldError[] = []
  if (context.privileged) {
    errors.push(invalid(path, context, 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true'))
  }
  if (context.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN'
    errors.push(invalid(path, context, detail))
  }
  return errors
}

const SYSCTL_PATTERN = '^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$'
const SYSCTL = new RegExp(SYSCTL_PATTERN)
const LONGEST_SYSCTL = 253

function sysctl({ name }: Sysctl, path: string): FieldError[] {
  const where = `${path}.name`
  if (!name) return [required(where)]
  if (name.length <= LONGEST_SYSCTL && SYSCTL.test(name)) return []
  return [invalid(where, name, `must have at most ${LONGEST_SYSCTL} characters and match regex ${SYSCTL_PATTERN}`)]
}

const LARGEST_SPEC_KIB = 64

function windows(options: WindowsSecurityContextOptions, path: string): FieldError[] {
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName: user } = options
  const errors: FieldError[] = []
  if (specName !== undefined) {
    errors.push(...isSubdomainName(specName).map(one => invalid(`${path}.gmsaCredentialSpecName`, specName, one)))
  }
  if (spec === '')
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, 'gmsaCredentialSpec cannot be an empty string'))
  if (spec && spec.length > LARGEST_SPEC_KIB * 1024) {
    const detail = `gmsaCredentialSpec size must be under ${LARGEST_SPEC_KIB} KiB`
    errors.push(invalid(`${path}.gmsaCredentialSpec`, spec, detail))
  }
  if (user !== undefined) errors.push(...windowsUser(user).map(one => invalid(`${path}.runAsUserName`, user, one)))
  return errors
}

const NETBIOS = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/
const DNS_DOMAIN = /^[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(\.[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$/

/** `DOMAIN\user`, or the user alone. */
function windowsUser(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string']
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\x00-\x1f\x7f]/.test(name)) return ['runAsUserName cannot contain control characters']
  const parts = name.split('\\')
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash']
  const [user = '', domain] = parts.reverse()
  const problems: string[] = []
  if (domain !== undefined && domain.length >= 256) {
    problems.push("runAsUserName's Domain length must be under 256 characters")
  }
  if (domain !== undefined && !NETBIOS.test(domain) && !DNS_DOMAIN.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format")
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty")
  if (user.length > 104) problems.push("runAsUserName's User length must not be longer than 104 characters")
  if (/^[. ]+$/.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces")
  if (/["/\\:;|=,+*?<>@[\]]/.test(user)) {
    problems.push('runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')
  }
  return problems
}

/** Who a container is on its node, and what it may do there. */
export const SECURITY_RULES: Rules = {
  'core.v1.SecurityContext': {
    runAsUser: [userId],
    runAsGroup: [userId],
    procMount: [oneOf('Default', 'Unmasked')],
    '*': [escalation],
  },
  'core.v1.PodSecurityContext': {
    runAsUser: [userId],
    runAsGroup: [userId],
    fsGroup: [userId],
    supplementalGroups: [eachUserId],
    fsGroupChangePolicy: [oneOf('Always', 'OnRootMismatch')],
    supplementalGroupsPolicy: [oneOf('Merge', 'Strict')],
    seLinuxChangePolicy: [oneOf('MountOption', 'Recursive')],
  },
  'core.v1.Sysctl': { '*': [sysctl] },
  'core.v1.SeccompProfile': { '*': [seccomp] },
  'core.v1.AppArmorProfile': { '*': [appArmor] },
  'core.v1.WindowsSecurityContextOptions': { '*': [windows] },
}
