import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { PodSecurityContext, PodSpec, SecurityContext } from '../../api/types/core-v1.ts'
import type { ContainerConfig, ImageDetail } from '../runtime.ts'
import { podWith } from '../testing/pictures.ts'
import { containerConfig, fullHostname, hostnameOf, sandboxConfig } from './config.ts'
import { containerRefusals, refusalsOf } from './refusals.ts'
import { checkNonRoot, effectiveSecurity, engineSecurity, userOf } from './security.ts'

describe('the security of a container over that of its pod', () => {
  const cases: [string, PodSecurityContext | undefined, SecurityContext | undefined, SecurityContext][] = [
    ['nothing said', undefined, undefined, {}],
    ["the pod's user", { runAsUser: 1 }, undefined, { runAsUser: 1 }],
    ['its own user', { runAsUser: 1 }, { runAsUser: 2 }, { runAsUser: 2 }],
    [
      "its own user, the pod's group",
      { runAsUser: 1, runAsGroup: 3 },
      { runAsUser: 2 },
      { runAsUser: 2, runAsGroup: 3 },
    ],
    ['root all the same', { runAsUser: 1 }, { runAsUser: 0 }, { runAsUser: 0 }],
    ['not root', { runAsNonRoot: true }, {}, { runAsNonRoot: true }],
    ['root allowed again', { runAsNonRoot: true }, { runAsNonRoot: false }, { runAsNonRoot: false }],
    ["the pod's seccomp", { seccompProfile: { type: 'Unconfined' } }, {}, { seccompProfile: { type: 'Unconfined' } }],
    [
      'its own seccomp',
      { seccompProfile: { type: 'Unconfined' } },
      { seccompProfile: { type: 'RuntimeDefault' } },
      { seccompProfile: { type: 'RuntimeDefault' } },
    ],
    ['groups of the pod are not its own', { fsGroup: 5, supplementalGroups: [6] }, {}, {}],
    [
      'what pods cannot say',
      {},
      { privileged: true, readOnlyRootFilesystem: true },
      { privileged: true, readOnlyRootFilesystem: true },
    ],
  ]
  for (const [name, securityContext, own, expected] of cases) {
    it(name, () => {
      const found = effectiveSecurity({ containers: [], securityContext }, { securityContext: own })
      assert.deepEqual(Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined)), expected)
    })
  }
})

describe('the user', () => {
  const cases: [SecurityContext, string, string | undefined][] = [
    [{}, 'web', undefined],
    [{ runAsUser: 1000 }, 'web', '1000'],
    [{ runAsUser: 0 }, 'web', '0'],
    [{ runAsUser: 1000, runAsGroup: 3000 }, 'web', '1000:3000'],
    [{ runAsGroup: 3000 }, 'web', 'web:3000'],
    [{ runAsGroup: 3000 }, 'web:staff', 'web:3000'],
    [{ runAsGroup: 3000 }, '', '0:3000'],
    [{ runAsUser: 1000 }, 'web:staff', '1000'],
  ]
  for (const [security, user, expected] of cases)
    it(`${JSON.stringify(security)} of ${user || 'none'}`, () => assert.equal(userOf(security, { user }), expected))

  const root: [string, SecurityContext, string, RegExp | undefined][] = [
    ['nobody asked', {}, '', undefined],
    ['a number', { runAsNonRoot: true }, '1000', undefined],
    ['a number and a group', { runAsNonRoot: true }, '1000:0', undefined],
    ['a user that is said', { runAsNonRoot: true, runAsUser: 5 }, 'root', undefined],
    ['root that is said', { runAsNonRoot: true, runAsUser: 0 }, '1000', /runAsUser breaks non-root policy/],
    ['an image without a user', { runAsNonRoot: true }, '', /image will run as root/],
    ['root by number', { runAsNonRoot: true }, '0', /image will run as root/],
    ['root by name', { runAsNonRoot: true }, 'root', /image will run as root/],
    ['a name', { runAsNonRoot: true }, 'web', /image has non-numeric user \(web\), cannot verify user is non-root/],
    ['a name and a group', { runAsNonRoot: true }, 'web:web', /non-numeric user \(web\)/],
    ['root is fine where nobody minds', { runAsNonRoot: false }, 'root', undefined],
  ]
  for (const [name, security, user, message] of root) {
    it(`not root: ${name}`, () => {
      const check = () => checkNonRoot(security, { user }, 'pod: "p", container: c')
      if (message) assert.throws(check, { message, reason: 'CreateContainerConfigError' })
      else check()
    })
  }
})

describe('what the engine is told of security', () => {
  const cases: [string, SecurityContext, object][] = [
    ['nothing', {}, { securityOpt: [] }],
    ['no new rights', { allowPrivilegeEscalation: false }, { securityOpt: ['no-new-privileges'] }],
    ['new rights', { allowPrivilegeEscalation: true }, { securityOpt: [] }],
    ['no filter of calls', { seccompProfile: { type: 'Unconfined' } }, { securityOpt: ['seccomp=unconfined'] }],
    ["the engine's own filter", { seccompProfile: { type: 'RuntimeDefault' } }, { securityOpt: [] }],
    [
      'a filter of this node',
      { seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } },
      { securityOpt: ['seccomp={}'] },
    ],
    ['no profile', { appArmorProfile: { type: 'Unconfined' } }, { securityOpt: ['apparmor=unconfined'] }],
    [
      'a profile of this node',
      { appArmorProfile: { type: 'Localhost', localhostProfile: 'k8s-web' } },
      { securityOpt: ['apparmor=k8s-web'] },
    ],
    ["the engine's own profile", { appArmorProfile: { type: 'RuntimeDefault' } }, { securityOpt: [] }],
    [
      'SELinux',
      { seLinuxOptions: { level: 's0:c1,c2', type: 't' } },
      { securityOpt: ['label=level:s0:c1,c2', 'label=type:t'] },
    ],
    [
      'capabilities',
      { capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] } },
      { capAdd: ['NET_ADMIN'], capDrop: ['ALL'] },
    ],
    ['in small letters', { capabilities: { add: ['net_admin'] } }, { capAdd: ['NET_ADMIN'] }],
    ['a root that is not written to', { readOnlyRootFilesystem: true }, { readOnlyRootfs: true }],
    ['everything', { privileged: true }, { privileged: true }],
    ['all of /proc', { procMount: 'Unmasked' }, { maskedPaths: [], readonlyPaths: [] }],
    ['/proc as usual', { procMount: 'Default' }, { maskedPaths: undefined }],
  ]
  const profiles = new Map([['a.json', '{}']])
  for (const [name, security, expected] of cases) {
    it(name, () => {
      const found = engineSecurity(security, profiles) as unknown as Record<string, unknown>
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(key => [key, found[key]])), expected)
    })
  }
  it('a filter that is not there', () => {
    assert.throws(
      () => engineSecurity({ seccompProfile: { type: 'Localhost', localhostProfile: 'b.json' } }, profiles),
      /cannot load seccomp profile "b.json"/,
    )
  })
})

const NODE = {
  nodeName: 'n1',
  network: 'kubox',
  clusterDomain: 'cluster.local',
  appArmor: true,
  limits: { memoryCapacity: 2 ** 32, lowestOomScore: -1000 },
  logOptions: { maxSize: '10m', maxFiles: 5 },
}

describe('the name of a pod for itself', () => {
  const long = 'a'.repeat(62)
  const cases: [string, string, Partial<PodSpec>, string, string | undefined][] = [
    ['its name', 'web', {}, 'web', undefined],
    ['its hostname', 'web', { hostname: 'one' }, 'one', undefined],
    ['under a service', 'web', { hostname: 'one', subdomain: 'svc' }, 'one', 'one.svc.default.svc.cluster.local'],
    ['under a service by its name', 'web', { subdomain: 'svc' }, 'web', 'web.svc.default.svc.cluster.local'],
    [
      'the full one',
      'web',
      { subdomain: 'svc', setHostnameAsFQDN: true },
      'web.svc.default.svc.cluster.local',
      'web.svc.default.svc.cluster.local',
    ],
    ['the full one that there is not', 'web', { setHostnameAsFQDN: true }, 'web', undefined],
    ['a long one is cut', `${long}bcd`, {}, `${long}b`, undefined],
    ['not so that it ends in a dash', `${long}-bcd`, {}, long, undefined],
    ['nor in a dot', `${long}.bcd`, {}, long, undefined],
    [
      'another one altogether',
      'web',
      { hostnameOverride: 'x.example.com', subdomain: 'svc' },
      'x.example.com',
      undefined,
    ],
  ]
  for (const [name, podName, spec, hostname, full] of cases) {
    it(name, () => {
      const pod = podWith(spec, { metadata: { name: podName } })
      assert.equal(hostnameOf(pod, NODE), hostname)
      if (!spec.hostnameOverride)
        assert.equal(fullHostname(pod, spec.setHostnameAsFQDN ? podName : hostname, NODE), full)
    })
  }
})

describe('the sandbox', () => {
  const port = (more: object) => ({ containers: [{ name: 'c', ports: [{ containerPort: 80, ...more }] }] })
  const bound = (more: object) => [{ containerPort: 80, hostPort: 8080, hostIp: undefined, protocol: 'tcp', ...more }]
  const cases: [string, Partial<PodSpec>, Partial<ContainerConfig>][] = [
    ['its own network and name', {}, { networkMode: 'kubox', hostname: 'web', utsMode: undefined }],
    ["the node's", { hostNetwork: true }, { networkMode: 'host', utsMode: 'host', hostname: undefined }],
    ['its own memory to share', {}, { ipcMode: 'shareable' }],
    ["the node's memory", { hostIPC: true }, { ipcMode: 'host' }],
    ["the node's processes", { hostPID: true }, { pidMode: 'host' }],
    ['no ports', port({}), { portBindings: undefined }],
    ['a port of the node', port({ hostPort: 8080 }), { portBindings: bound({}) as never }],
    [
      'at one address',
      port({ hostPort: 8080, hostIP: '127.0.0.1' }),
      { portBindings: bound({ hostIp: '127.0.0.1' }) as never },
    ],
    ['UDP', port({ hostPort: 8080, protocol: 'UDP' }), { portBindings: bound({ protocol: 'udp' }) as never }],
    ["none on the node's network", { ...port({ hostPort: 80 }), hostNetwork: true }, { portBindings: undefined }],
    [
      'kernel settings',
      { securityContext: { sysctls: [{ name: 'net.core.somaxconn', value: '1024' }] } },
      { sysctls: { 'net.core.somaxconn': '1024' } },
    ],
    [
      'kernel settings with slashes',
      { securityContext: { sysctls: [{ name: 'net/core/somaxconn', value: '1' }] } },
      { sysctls: { 'net.core.somaxconn': '1' } },
    ],
  ]
  for (const [name, spec, expected] of cases) {
    it(name, () => {
      const made = sandboxConfig(podWith(spec), 0, NODE) as unknown as Record<string, unknown>
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(key => [key, made[key]])), expected)
    })
  }
})

describe('a container beside its sandbox', () => {
  const image = { id: 'sha256:1', user: '' } as ImageDetail
  const made = (spec: Partial<PodSpec>, own: object = {}, targetId?: string) =>
    containerConfig(
      podWith(spec),
      { name: 'c', ...own },
      { kind: 'app', attempt: 2, crashes: 0, sandboxId: 'box' },
      { env: new Map([['A', '1']]), mounts: [], image, seccompProfiles: new Map(), targetId },
      NODE,
    )
  const cases: [string, Partial<PodSpec>, object, Partial<ContainerConfig>][] = [
    [
      'joins network and memory',
      {},
      {},
      { networkMode: 'container:box', ipcMode: 'container:box', pidMode: undefined },
    ],
    ['joins processes where asked', { shareProcessNamespace: true }, {}, { pidMode: 'container:box' }],
    ["the node's processes", { hostPID: true, shareProcessNamespace: true }, {}, { pidMode: 'host' }],
    ["the node's memory", { hostIPC: true }, {}, { ipcMode: 'host' }],
    [
      'its command, with variables',
      {},
      { command: ['echo', '$(A)'], args: ['$(B)'] },
      { entrypoint: ['echo', '1'], command: ['$(B)'] },
    ],
    ["arguments alone leave the image's program", {}, { args: ['x'] }, { entrypoint: undefined, command: ['x'] }],
    [
      'groups',
      { securityContext: { supplementalGroups: [1, 2], fsGroup: 3 } },
      {},
      { supplementalGroups: ['1', '2', '3'] },
    ],
    ['no groups', {}, {}, { supplementalGroups: undefined }],
    ['variables', {}, {}, { env: ['A=1'] }],
    ['a signal of its own', {}, { lifecycle: { stopSignal: 'SIGUSR1' } }, { stopSignal: 'SIGUSR1' }],
    ['a terminal', {}, { tty: true, stdin: true, stdinOnce: true }, { tty: true, openStdin: true, stdinOnce: true }],
    ['its name', {}, {}, { name: 'k8s_c_web_default_uid-1_2' }],
  ]
  for (const [name, spec, own, expected] of cases) {
    it(name, () => {
      const found = made(spec, own) as unknown as Record<string, unknown>
      assert.deepEqual(Object.fromEntries(Object.keys(expected).map(key => [key, found[key]])), expected)
    })
  }
  it('a debugger sees its target', () => assert.equal(made({}, {}, 'target').pidMode, 'container:target'))
})

describe('what cannot be had', () => {
  const one = (more: object) => ({ containers: [{ name: 'c', ...more }] })
  const cases: [string, Partial<PodSpec>, string[]][] = [
    ['nothing of the kind', {}, []],
    ['users of its own', { hostUsers: false }, ['spec.hostUsers']],
    ["the node's users", { hostUsers: true }, []],
    ['another runtime', { runtimeClassName: 'gvisor' }, ['spec.runtimeClassName']],
    ['Windows', { os: { name: 'windows' } }, ['spec.os.name']],
    ['Linux', { os: { name: 'linux' } }, []],
    [
      'a driver',
      {
        volumes: [
          { name: 'a', emptyDir: {} },
          { name: 'v', csi: { driver: 'x' } },
        ],
      },
      ['spec.volumes[1].csi'],
    ],
    [
      'a block device',
      one({ volumeDevices: [{ name: 'v', devicePath: '/dev/x' }] }),
      ['spec.containers[0].volumeDevices'],
    ],
    ['no block devices', one({ volumeDevices: [] }), []],
    [
      'mounts that are read-only all the way down',
      one({ volumeMounts: [{ name: 'v', mountPath: '/v', recursiveReadOnly: 'Enabled' }] }),
      ['spec.containers[0].volumeMounts[0].recursiveReadOnly'],
    ],
    ['if possible', one({ volumeMounts: [{ name: 'v', mountPath: '/v', recursiveReadOnly: 'IfPossible' }] }), []],
    [
      'strict groups',
      { securityContext: { supplementalGroupsPolicy: 'Strict' } },
      ['spec.securityContext.supplementalGroupsPolicy'],
    ],
    ['merged groups', { securityContext: { supplementalGroupsPolicy: 'Merge' } }, []],
    ['a limit for all', { resources: { limits: { cpu: '1' } } }, ['spec.resources.limits']],
    ['a request for all', { resources: { requests: { cpu: '1' } } }, []],
    [
      'a hook that never was',
      one({ lifecycle: { preStop: { tcpSocket: { port: 1 } } } }),
      ['spec.containers[0].lifecycle.preStop.tcpSocket'],
    ],
    [
      'of an init container',
      { initContainers: [{ name: 'i', volumeDevices: [{ name: 'v', devicePath: '/x' }] }] },
      ['spec.initContainers[0].volumeDevices'],
    ],
    ['several', { hostUsers: false, runtimeClassName: 'x' }, ['spec.hostUsers', 'spec.runtimeClassName']],
  ]
  for (const [name, spec, expected] of cases) {
    it(name, () =>
      assert.deepEqual(
        refusalsOf(podWith(spec)).map(text => text.split(' ')[0]),
        expected,
      ),
    )
  }
  it('of a debugger by its name', () => {
    assert.match(
      containerRefusals({ name: 'dbg', volumeDevices: [{ name: 'v', devicePath: '/x' }] })[0]!,
      /^container dbg\.volumeDevices is not supported: /,
    )
  })
})
