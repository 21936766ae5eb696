import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { podQosClass } from '../../api/pods/qos.ts'
import type { Container, PodSpec } from '../../api/types/core-v1.ts'
import type { ContainerConfig, ImageDetail } from '../runtime.ts'
import { podWith } from '../testing/pictures.ts'
import { type ContainerParts, containerConfig, hostnameOf, type NodeSettings, sandboxConfig } from './config.ts'
import { oomScoreAdjust } from './oom.ts'
import { adjustment, cpuQuota, cpuShares } from './resources.ts'
import { checkAppArmor } from './security.ts'

const NODE: NodeSettings = {
  nodeName: 'node1',
  network: 'kubox',
  clusterDomain: 'cluster.local',
  limits: { memoryCapacity: 2 ** 32, lowestOomScore: -1000 },
  appArmor: true,
  logOptions: { maxSize: '10m', maxFiles: 5 },
}
const IMAGE: ImageDetail = {
  ...{
    id: 'sha256:1',
    tags: [],
    digests: [],
    size: 1,
    user: '',
    entrypoint: [],
    command: [],
    layers: [],
    createdAt: 0,
  },
}
const PARTS: ContainerParts = { env: new Map([['A', '1']]), mounts: [], image: IMAGE, seccompProfiles: new Map() }
const MADE = { kind: 'app', attempt: 2, crashes: 1, sandboxId: 'box' } as const

function made(
  spec: Partial<PodSpec>,
  container: Partial<Container>,
  parts: Partial<ContainerParts> = {},
): ContainerConfig {
  const whole = { name: 'main', image: 'busybox', ...container }
  return containerConfig(podWith({ containers: [whole], ...spec }), whole, MADE, { ...PARTS, ...parts }, NODE)
}

const CASES: {
  title: string
  spec?: Partial<PodSpec>
  container?: Partial<Container>
  expect: Partial<ContainerConfig>
}[] = [
  {
    title: 'name and image',
    expect: {
      name: 'k8s_main_web_default_uid-1_2',
      image: 'sha256:1',
      networkMode: 'container:box',
      ipcMode: 'container:box',
    },
  },
  {
    title: 'variables in commands',
    container: { command: ['a', '$(A)'], args: ['$(B)', '$$(A)'] },
    expect: { entrypoint: ['a', '1'], command: ['$(B)', '$(A)'] },
  },
  {
    title: 'a terminal',
    container: { tty: true, stdin: true, stdinOnce: true },
    expect: { tty: true, openStdin: true, stdinOnce: true },
  },
  { title: 'a user', spec: { securityContext: { runAsUser: 5 } }, expect: { user: '5' } },
  {
    title: 'a user of the container before that of the pod',
    spec: { securityContext: { runAsUser: 5, runAsGroup: 6 } },
    container: { securityContext: { runAsUser: 7 } },
    expect: { user: '7:6' },
  },
  { title: 'a group alone', spec: { securityContext: { runAsGroup: 6 } }, expect: { user: '0:6' } },
  {
    title: 'more groups',
    spec: { securityContext: { supplementalGroups: [10, 11], fsGroup: 12 } },
    expect: { supplementalGroups: ['10', '11', '12'] },
  },
  { title: 'processes of the node', spec: { hostPID: true }, expect: { pidMode: 'host' } },
  { title: 'processes of the pod', spec: { shareProcessNamespace: true }, expect: { pidMode: 'container:box' } },
  { title: 'shared memory of the node', spec: { hostIPC: true }, expect: { ipcMode: 'host' } },
  {
    title: 'the network of the node',
    spec: { hostNetwork: true },
    expect: { networkMode: 'container:box', utsMode: 'host' },
  },
  {
    title: 'a signal of its own',
    container: { lifecycle: { stopSignal: 'SIGQUIT' } },
    expect: { stopSignal: 'SIGQUIT' },
  },
  {
    title: 'no new privileges',
    container: { securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true } },
    expect: { security: { privileged: undefined, readOnlyRootfs: true, securityOpt: ['no-new-privileges'] } },
  },
  {
    title: 'capabilities',
    container: { securityContext: { capabilities: { add: ['net_admin'], drop: ['ALL'] } } },
    expect: {
      security: {
        privileged: undefined,
        readOnlyRootfs: undefined,
        capAdd: ['NET_ADMIN'],
        capDrop: ['ALL'],
        securityOpt: [],
      },
    },
  },
  {
    title: 'profiles',
    container: {
      securityContext: {
        seccompProfile: { type: 'Unconfined' },
        appArmorProfile: { type: 'Localhost', localhostProfile: 'web' },
        seLinuxOptions: { level: 's0' },
        procMount: 'Unmasked',
      },
    },
    expect: {
      security: {
        ...{ privileged: undefined, readOnlyRootfs: undefined, maskedPaths: [], readonlyPaths: [] },
        securityOpt: ['seccomp=unconfined', 'apparmor=web', 'label=level:s0'],
      },
    },
  },
  {
    title: 'requests and limits',
    container: { resources: { requests: { cpu: '250m', memory: '1Gi' }, limits: { cpu: '1500m', memory: '2Gi' } } },
    expect: {
      resources: {
        ...{ cpuShares: 256, cpuQuota: 150_000, cpuPeriod: 100_000, memory: 2 ** 31, memorySwap: 2 ** 31 },
        oomScoreAdj: 750,
      },
    },
  },
]

describe('the configuration of a container', () => {
  for (const { title, spec = {}, container = {}, expect } of CASES) {
    it(title, () => {
      const config = made(spec, container)
      const found = Object.fromEntries(Object.keys(expect).map(key => [key, config[key as keyof ContainerConfig]]))
      assert.deepEqual(found, expect)
    })
  }

  it('has what a restarted agent must know in its labels', () => {
    const { labels } = made({}, {})
    assert.equal(labels['io.kubernetes.pod.uid'], 'uid-1')
    assert.equal(labels['io.kubernetes.container.restartCount'], '2')
    assert.equal(labels['io.kubox.node'], 'node1')
  })

  it('is never one with swap, and protected from the memory killer only as far as the engine may', () => {
    const limits = { ...NODE.limits, lowestOomScore: 0 }
    const pod = podWith({ priorityClassName: 'system-node-critical' })
    const config = containerConfig(pod, { name: 'main' }, MADE, PARTS, { ...NODE, limits })
    assert.equal(config.resources.oomScoreAdj, 0)
  })
})

const ROOT: { title: string; security: Container['securityContext']; user: string; says: RegExp | undefined }[] = [
  { title: 'a user who is not root', security: { runAsNonRoot: true, runAsUser: 5 }, user: '', says: undefined },
  {
    title: 'root by number',
    security: { runAsNonRoot: true, runAsUser: 0 },
    user: '',
    says: /container's runAsUser breaks non-root policy/,
  },
  {
    title: 'an image of root',
    security: { runAsNonRoot: true },
    user: '',
    says: /container has runAsNonRoot and image will run as root/,
  },
  { title: 'an image of a user by number', security: { runAsNonRoot: true }, user: '1000:1000', says: undefined },
  {
    title: 'an image of a user by name',
    security: { runAsNonRoot: true },
    user: 'www',
    says: /image has non-numeric user \(www\)/,
  },
  { title: 'not asked for', security: {}, user: '', says: undefined },
]

describe('a container that must not run as root', () => {
  for (const { title, security, user, says } of ROOT) {
    it(title, () => {
      const make = () => made({}, { securityContext: security }, { image: { ...IMAGE, user } })
      if (says) assert.throws(make, says)
      else make()
    })
  }
})

describe('the configuration of a sandbox', () => {
  it('has a hostname, a network and the ports that go to the node', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1' },
      { containerPort: 53, hostPort: 53, protocol: 'UDP' },
      { containerPort: 1 },
    ]
    const config = sandboxConfig(podWith({ containers: [{ name: 'main', ports }] }), 3, NODE)
    assert.equal(config.name, 'k8s_POD_web_default_uid-1_3')
    assert.deepEqual([config.hostname, config.networkMode, config.ipcMode], ['web', 'kubox', 'shareable'])
    assert.deepEqual(config.portBindings, [
      { containerPort: 80, hostPort: 8080, hostIp: '127.0.0.1', protocol: 'tcp' },
      { containerPort: 53, hostPort: 53, hostIp: undefined, protocol: 'udp' },
    ])
  })

  it('on the network of the node has neither', () => {
    const ports = [{ containerPort: 80, hostPort: 80 }]
    const config = sandboxConfig(podWith({ hostNetwork: true, containers: [{ name: 'main', ports }] }), 0, NODE)
    assert.deepEqual([config.hostname, config.networkMode, config.portBindings], [undefined, 'host', undefined])
  })

  it('has the sysctls of the pod', () => {
    const sysctls = [{ name: 'net/ipv4/ip_local_port_range', value: '1024 65000' }]
    const config = sandboxConfig(podWith({ securityContext: { sysctls } }), 0, NODE)
    assert.deepEqual(config.sysctls, { 'net.ipv4.ip_local_port_range': '1024 65000' })
  })
})

const HOSTNAMES: [string, Partial<PodSpec>, string][] = [
  ['the name of the pod', {}, 'web'],
  ['one of its own', { hostname: 'own' }, 'own'],
  ['the full one', { hostname: 'own', subdomain: 'sub', setHostnameAsFQDN: true }, 'own.sub.default.svc.cluster.local'],
  ['the full one without subdomain', { setHostnameAsFQDN: true }, 'web'],
  ['above all', { hostname: 'own', hostnameOverride: 'other' }, 'other'],
  ['cut to what the kernel takes', { hostname: `${'a'.repeat(62)}-b` }, 'a'.repeat(62)],
]

describe('the hostname of a pod', () => {
  for (const [title, spec, expect] of HOSTNAMES) it(title, () => assert.equal(hostnameOf(podWith(spec), NODE), expect))
})

const limits = { cpu: '1', memory: '1Gi' }
const QOS: [string, Container['resources'][], string, number][] = [
  ['nothing said', [undefined], 'BestEffort', 1000],
  ['zeros said', [{ requests: { cpu: '0' } }], 'BestEffort', 1000],
  ['limits alone', [{ limits }], 'Guaranteed', -997],
  ['limits and the same requests', [{ limits, requests: { cpu: 1, memory: '1024Mi' } }], 'Guaranteed', -997],
  ['less requested', [{ limits, requests: { memory: '512Mi' } }], 'Burstable', 875],
  ['half of it limited', [{ limits: { cpu: '1' } }], 'Burstable', 999],
  ['one of two', [{ limits }, undefined], 'Burstable', 750],
  ['all the memory there is', [{ requests: { memory: '4Gi' } }], 'Burstable', 3],
]

describe('quality of service', () => {
  for (const [title, resources, expect, score] of QOS) {
    it(title, () => {
      const containers = resources.map((one, index) => ({ name: `c${index}`, resources: one }))
      const { spec } = podWith({ containers })
      assert.equal(podQosClass(spec), expect)
      assert.equal(oomScoreAdjust(spec, containers[0]!, 2 ** 32), score)
    })
  }
})

describe("the kernel's choice when memory is out", () => {
  const cases: [string | undefined, number | undefined, number][] = [
    ['system-node-critical', 2_000_001_000, -997],
    ['system-cluster-critical', 2_000_000_000, 1000],
    [undefined, 2_000_001_000, 1000],
  ]
  for (const [priorityClassName, priority, expected] of cases) {
    it(`of a pod of the class ${priorityClassName} is ${expected}`, () => {
      const { spec } = podWith({ priorityClassName, priority })
      assert.equal(oomScoreAdjust(spec, spec.containers[0]!, 2 ** 32), expected)
    })
  }
})

describe('shares and quota', () => {
  it('have a least', () => {
    assert.deepEqual([cpuShares(0), cpuShares(1), cpuShares(1000)], [2, 2, 1024])
    assert.deepEqual([cpuQuota(undefined), cpuQuota(1), cpuQuota(2500)], [undefined, 1000, 250_000])
  })

  it('are adjusted only where they differ', () => {
    const actual = { cpuShares: 2, cpuQuota: 0, memory: 0 }
    assert.equal(adjustment({ cpuShares: 2, oomScoreAdj: 5 }, actual), undefined)
    assert.equal(adjustment({ cpuShares: 2, memory: 5, memorySwap: 5 }, actual)?.memory, 5)
  })
})

describe('an AppArmor profile', () => {
  const CASES: [type: string | undefined, isEnabled: boolean, refused: boolean][] = [
    [undefined, false, false],
    ['Unconfined', false, false],
    ['RuntimeDefault', false, true],
    ['Localhost', false, true],
    ['RuntimeDefault', true, false],
    ['Localhost', true, false],
  ]
  for (const [type, isEnabled, refused] of CASES) {
    it(`${type ?? 'that nobody asked for'}, on a kernel ${isEnabled ? 'with' : 'without'} AppArmor`, () => {
      const check = () => checkAppArmor(type ? { appArmorProfile: { type } } : {}, isEnabled)
      if (refused) assert.throws(check, /Cannot enforce AppArmor/)
      else check()
    })
  }
})
