import { BAD, describeFaults, POD } from '../../testing.ts'

const ofPod = { object: POD, at: 'spec.securityContext' }
const ofContainer = { object: POD, at: 'spec.containers[0].securityContext' }
const ID = 'must be between 0 and 2147483647, inclusive'
const TYPES = 'supported values: "Localhost", "RuntimeDefault", "Unconfined"'

describeFaults('who a pod is', ofPod, [
  [{ runAsUser: 0, runAsGroup: 0, fsGroup: 0, runAsNonRoot: false, supplementalGroups: [1, 1] }],
  [{ runAsUser: -1 }, `runAsUser: Invalid value: -1: ${ID}`],
  [{ runAsUser: 2147483648 }, `runAsUser: Invalid value: 2147483648: ${ID}`],
  [{ runAsGroup: -1 }, `runAsGroup: Invalid value: -1: ${ID}`],
  [{ fsGroup: 2147483648 }, `fsGroup: Invalid value: 2147483648: ${ID}`],
  [{ supplementalGroups: [1, -5] }, `supplementalGroups[1]: Invalid value: -5: ${ID}`],
  [{ supplementalGroupsPolicy: 'Strict' }],
  [
    { supplementalGroupsPolicy: 'x' },
    'supplementalGroupsPolicy: Unsupported value: "x": supported values: "Merge", "Strict"',
  ],
  [{ fsGroupChangePolicy: 'OnRootMismatch' }],
  [
    { fsGroupChangePolicy: 'x' },
    'fsGroupChangePolicy: Unsupported value: "x": supported values: "Always", "OnRootMismatch"',
  ],
  [{ seLinuxChangePolicy: 'MountOption' }],
  [
    { seLinuxChangePolicy: 'x' },
    'seLinuxChangePolicy: Unsupported value: "x": supported values: "MountOption", "Recursive"',
  ],
])

const REGEX = 'must have at most 253 characters and match regex'

describeFaults('settings of the kernel', ofPod, [
  [
    {
      sysctls: [
        { name: 'kernel.shm_rmid_forced', value: '1' },
        { name: 'net.ipv4.conf.eth0/0.forwarding', value: '1' },
      ],
    },
  ],
  [{ sysctls: [{ value: '1' }] }, 'sysctls[0].name: Required value'],
  [
    { sysctls: [{ name: 'Kernel.x', value: '1' }] },
    `sysctls[0].name: Invalid value: "Kernel.x": ${REGEX} ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
  ],
  [
    { sysctls: [{ name: 'a..b', value: '1' }] },
    `sysctls[0].name: Invalid value: "a..b": ${REGEX} ^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$`,
  ],
  [
    {
      sysctls: [
        { name: 'a.b', value: '1' },
        { name: 'a.b', value: '2' },
      ],
    },
    'sysctls[1].name: Duplicate value: "a.b"',
  ],
])

describeFaults("settings of a kernel's part that the host shares", { object: POD, at: 'spec' }, [
  [
    { hostNetwork: true, 'securityContext.sysctls': [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] },
    'securityContext.sysctls[0].name: Invalid value: "net.ipv4.tcp_syncookies": may not be specified when \'hostNetwork\' is true',
  ],
  [
    { hostIPC: true, 'securityContext.sysctls': [{ name: 'kernel.shmmax', value: '1' }] },
    'securityContext.sysctls[0].name: Invalid value: "kernel.shmmax": may not be specified when \'hostIPC\' is true',
  ],
  [
    { hostIPC: true, 'securityContext.sysctls': [{ name: 'fs.mqueue.msg_max', value: '1' }] },
    'securityContext.sysctls[0].name: Invalid value: "fs.mqueue.msg_max": may not be specified when \'hostIPC\' is true',
  ],
  [{ hostNetwork: true, 'securityContext.sysctls': [{ name: 'kernel.shmmax', value: '1' }] }],
  [{ hostIPC: true, 'securityContext.sysctls': [{ name: 'net.core.somaxconn', value: '1' }] }],
])

for (const where of [ofPod, ofContainer]) {
  describeFaults(`profiles, ${where.at}`, where, [
    [{ seccompProfile: { type: 'RuntimeDefault' }, appArmorProfile: { type: 'Unconfined' } }],
    [{ seccompProfile: {} }, 'seccompProfile.type: Required value: type is required when seccompProfile is set'],
    [{ seccompProfile: { type: 'Default' } }, `seccompProfile.type: Unsupported value: "Default": ${TYPES}`],
    [{ seccompProfile: { type: 'Localhost', localhostProfile: 'profiles/a.json' } }],
    [
      { seccompProfile: { type: 'Localhost' } },
      'seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost',
    ],
    [
      { seccompProfile: { type: 'Localhost', localhostProfile: '/etc/a.json' } },
      'seccompProfile.localhostProfile: Invalid value: "/etc/a.json": must be a relative path',
    ],
    [
      { seccompProfile: { type: 'Localhost', localhostProfile: '../a.json' } },
      'seccompProfile.localhostProfile: Invalid value: "../a.json": must not contain \'..\'',
    ],
    [
      { seccompProfile: { type: 'Unconfined', localhostProfile: 'a' } },
      'seccompProfile.localhostProfile: Invalid value: {"type":"Unconfined","localhostProfile":"a"}: can only be set when seccomp type is Localhost',
    ],
    [{ appArmorProfile: { type: 'Localhost', localhostProfile: 'k8s-apparmor' } }],
    [{ appArmorProfile: {} }, 'appArmorProfile.type: Required value: type is required when appArmorProfile is set'],
    [{ appArmorProfile: { type: 'x' } }, `appArmorProfile.type: Unsupported value: "x": ${TYPES}`],
    [
      { appArmorProfile: { type: 'Localhost' } },
      'appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost',
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: '' } },
      'appArmorProfile.localhostProfile: Required value: must be set when AppArmor type is Localhost',
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: ' a ' } },
      'appArmorProfile.localhostProfile: Invalid value: " a ": must not be padded with whitespace',
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: 'x'.repeat(4096) } },
      'appArmorProfile.localhostProfile: Too long: may not be more than 4095 bytes',
    ],
    [
      { appArmorProfile: { type: 'RuntimeDefault', localhostProfile: 'a' } },
      'appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost',
    ],
  ])
}

describeFaults('what a container may', ofContainer, [
  [{ privileged: true, capabilities: { add: ['NET_ADMIN', 'ALL'], drop: ['ALL'] }, readOnlyRootFilesystem: true }],
  [{ runAsUser: -1 }, `runAsUser: Invalid value: -1: ${ID}`],
  [{ runAsGroup: -1 }, `runAsGroup: Invalid value: -1: ${ID}`],
  [{ procMount: 'Default' }],
  [{ procMount: 'x' }, 'procMount: Unsupported value: "x": supported values: "Default", "Unmasked"'],
  [{ procMount: 'Unmasked' }, 'procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`'],
  [{ allowPrivilegeEscalation: true, privileged: true }],
  [
    { allowPrivilegeEscalation: false, privileged: true },
    ': Invalid value: {"allowPrivilegeEscalation":false,"privileged":true}: cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
  ],
  [
    { allowPrivilegeEscalation: false, capabilities: { add: ['CAP_SYS_ADMIN'] } },
    ': Invalid value: {"allowPrivilegeEscalation":false,"capabilities":{"add":["CAP_SYS_ADMIN"]}}: cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN',
  ],
  [{ allowPrivilegeEscalation: false, capabilities: { add: ['SYS_ADMIN'] } }],
])

describeFaults('a proc of its own', { object: POD, at: 'spec' }, [
  [{ hostUsers: false, 'containers[0].securityContext.procMount': 'Unmasked' }],
])

const user = (runAsUserName: string) => ({ windowsOptions: { runAsUserName } })
const USER = (name: string, problem: string) =>
  `windowsOptions.runAsUserName: Invalid value: ${JSON.stringify(name)}: ${problem}`

describeFaults('Windows', ofContainer, [
  [user('ContainerAdministrator')],
  [user('NT AUTHORITY\\SYSTEM')],
  [user('example.com\\me')],
  [user(''), USER('', 'runAsUserName cannot be an empty string')],
  [user('a\nb'), USER('a\nb', 'runAsUserName cannot contain control characters')],
  [user('a\\b\\c'), USER('a\\b\\c', 'runAsUserName cannot contain more than one backslash')],
  [user('a\\'), USER('a\\', "runAsUserName's User cannot be empty")],
  [user('\\a'), USER('\\a', "runAsUserName's Domain doesn't match the NetBios nor the DNS format")],
  [user('...'), USER('...', "runAsUserName's User cannot contain only periods or spaces")],
  [user('a@b'), USER('a@b', 'runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]')],
  [user('x'.repeat(105)), USER('x'.repeat(105), "runAsUserName's User length must not be longer than 104 characters")],
  [
    { windowsOptions: { gmsaCredentialSpecName: 'A b' } },
    `windowsOptions.gmsaCredentialSpecName: Invalid value: "A b": ${BAD.subdomain}`,
  ],
  [
    { windowsOptions: { gmsaCredentialSpec: '' } },
    'windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
  ],
])

const ON_WINDOWS = 'Forbidden: cannot be set for a windows pod'

describeFaults('the operating system of a pod', { object: POD, at: 'spec' }, [
  [{ os: { name: 'linux' } }],
  [{ os: { name: 'windows' } }],
  [{ os: {} }, 'os.name: Required value: cannot be empty'],
  [{ os: { name: 'plan9' } }, 'os: Unsupported value: "plan9": supported values: "linux", "windows"'],
  [
    { os: { name: 'linux' }, 'securityContext.windowsOptions': { runAsUserName: 'a' } },
    'securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
  ],
  [
    { os: { name: 'linux' }, 'containers[0].securityContext.windowsOptions': { runAsUserName: 'a' } },
    'containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
  ],
  [{ os: { name: 'windows' }, hostPID: true }, `hostPID: ${ON_WINDOWS}`],
  [{ os: { name: 'windows' }, hostPID: false }],
  [{ os: { name: 'windows' }, hostUsers: true }, `hostUsers: ${ON_WINDOWS}`],
  [{ os: { name: 'windows' }, shareProcessNamespace: false }, `shareProcessNamespace: ${ON_WINDOWS}`],
  [
    { os: { name: 'windows' }, securityContext: { runAsUser: 1, fsGroup: 1, sysctls: [] } },
    `securityContext.runAsUser: ${ON_WINDOWS}`,
    `securityContext.fsGroup: ${ON_WINDOWS}`,
  ],
  [
    {
      os: { name: 'windows' },
      'containers[0].securityContext': { privileged: false, capabilities: { drop: ['ALL'] } },
    },
    `containers[0].securityContext.privileged: ${ON_WINDOWS}`,
    `containers[0].securityContext.capabilities: ${ON_WINDOWS}`,
  ],
  [{ hostNetwork: true, 'securityContext.windowsOptions': { hostProcess: true } }],
  [
    { 'securityContext.windowsOptions': { hostProcess: true } },
    'hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
  ],
  [
    {
      hostNetwork: true,
      'securityContext.windowsOptions': { hostProcess: true },
      'containers[0].securityContext.windowsOptions': { hostProcess: false },
    },
    'containers[0].securityContext.windowsOptions.hostProcess: Invalid value: false: pod hostProcess value must be identical if both are specified, was true',
  ],
  [
    {
      hostNetwork: true,
      'containers[0].securityContext.windowsOptions': { hostProcess: true },
      initContainers: [{ name: 'i', image: 'i' }],
    },
    ': Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
  ],
])
