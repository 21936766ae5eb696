import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import type { PodSpec } from '../../api/types/core-v1.ts'
import { systemClock } from '../../platform/clock.ts'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { ensureImage } from '../../test/images/index.ts'
import { DockerRuntime } from '../docker/runtime.ts'
import { realDriver } from '../testing/drivers.ts'
import { TestNode } from '../testing/node.ts'
import { container, QUICK, remove, shell } from './steps.ts'

type Main = Parameters<typeof shell>[2]

interface Case {
  title: string
  /** What it says ends up as the container's last words. */
  script: string
  main?: Main
  spec?: Partial<PodSpec>
  says: RegExp
}

const emptyDir = [{ name: 'v', emptyDir: {} }]

const CASES: Case[] = [
  {
    title: 'an image as a volume, which nobody can write to',
    spec: { volumes: [{ name: 'v', image: { reference: 'busybox', pullPolicy: 'IfNotPresent' } }] },
    main: { volumeMounts: [{ name: 'v', mountPath: '/image' }] },
    script: 'ls -d /image/bin/sh; touch /image/bin/x',
    says: /^\/image\/bin\/sh\ntouch: .*Read-only file system/,
  },
  {
    title: 'subPathExpr, from a variable of the pod',
    spec: { volumes: emptyDir },
    main: {
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      volumeMounts: [
        { name: 'v', mountPath: '/mine', subPathExpr: 'of-$(POD)' },
        { name: 'v', mountPath: '/all' },
      ],
    },
    script: 'touch /mine/file; ls /all; ls /all/*',
    says: /^of-rare-1\nfile\n/,
  },
  {
    title: 'procMount Default: nobody writes to /proc/sys',
    script: 'grep -q " /proc/sys " /proc/self/mountinfo && echo guarded || echo open',
    says: /^guarded/,
  },
  {
    title: 'procMount Unmasked: as the kernel has it',
    main: { securityContext: { procMount: 'Unmasked' } },
    script: 'grep -q " /proc/sys " /proc/self/mountinfo && echo guarded || echo open',
    says: /^open/,
  },
  {
    title: 'sysctls of the pod, in all its containers',
    spec: { securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '500' }] } },
    script: 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start',
    says: /^500\n/,
  },
  {
    title: 'one process namespace for all containers',
    spec: { shareProcessNamespace: true },
    script: 'tr "\\0" " " < /proc/1/cmdline',
    says: /^\/sandbox /,
  },
  {
    title: 'a full name as the hostname',
    spec: { setHostnameAsFQDN: true, subdomain: 'group' },
    script: 'hostname',
    says: /^rare-6\.group\.default\.svc\.cluster\.local\n/,
  },
  {
    title: 'rules of one container restart it where its pod would not',
    spec: { volumes: emptyDir },
    main: {
      volumeMounts: [{ name: 'v', mountPath: '/v' }],
      restartPolicy: 'Never',
      restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [42] } }],
    },
    script: '[ -e /v/again ] && echo twice && exit 0; touch /v/again; exit 42',
    says: /^twice/,
  },
  {
    title: 'capabilities, groups and users',
    spec: { securityContext: { runAsUser: 1000, runAsGroup: 2000, fsGroup: 3000, supplementalGroups: [4000] } },
    main: { securityContext: { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } } },
    script: 'id -u; id -g; id -G; grep CapBnd /proc/self/status',
    says: /^1000\n2000\n2000 (?=.*3000)(?=.*4000)[\d ]+\nCapBnd:\s+0000000000000400/,
  },
]

/** Fields that few pods use: that each does on Docker what the page of pod fields says. */
describe('rare fields on Docker', { concurrency: 4 }, () => {
  const runtime = new DockerRuntime(systemClock)
  let node: TestNode
  const driver = realDriver(() => node)

  before(async () => {
    await ensureImage('busybox')
    const name = `kubelet-test-rare-${process.pid}`
    node = await TestNode.start(runtime, systemClock, name, { network: { name } })
  })
  after(async () => {
    await node.stop()
    for (const left of await runtime.list({ 'io.kubox.node': node.name })) await runtime.remove(left.id)
    await runtime.removeNetwork(node.name)
  })

  for (const [index, { title, script, main, spec, says }] of CASES.entries()) {
    it(title, { timeout: 120_000 }, async () => {
      const name = `rare-${index}`
      const told = shell('main', `exec > /dev/termination-log 2>&1; ${script}`, main)
      node.create(name, { ...QUICK, restartPolicy: 'Never', ...spec, containers: [told] })
      const ended = () => node.pod(name)?.status?.phase
      await driver.until('it has ended', () => ended() === 'Succeeded' || ended() === 'Failed', 90_000)
      assert.match(container(node, name)?.state?.terminated?.message ?? '', says)
      await remove(node, driver, name)
    })
  }

  it('a mount that is made on the node later appears, where the pod asks for that', { timeout: 120_000 }, async () => {
    const folder = join(node.root, 'shared')
    await fs.mkdir(folder)
    const mount = (...args: string[]) => runChecked(systemProcesses, 'mount', args)
    await mount('--bind', folder, folder)
    try {
      await mount('--make-shared', folder)
      const volumeMounts = [{ name: 'v', mountPath: '/v', mountPropagation: 'HostToContainer' }]
      const script = 'until [ -e /v/later/file ]; do sleep 0.1; done; echo seen > /dev/termination-log'
      const volumes = [{ name: 'v', hostPath: { path: folder } }]
      const spec = { ...QUICK, restartPolicy: 'Never', volumes }
      node.create('later', { ...spec, containers: [shell('main', script, { volumeMounts })] })
      await driver.until('it runs', () => node.pod('later')?.status?.phase === 'Running', 60_000)
      await fs.mkdir(join(folder, 'later'))
      await mount('-t', 'tmpfs', 'none', join(folder, 'later'))
      await fs.writeFile(join(folder, 'later/file'), '')
      await driver.until('it has ended', () => node.pod('later')?.status?.phase === 'Succeeded', 60_000)
      await remove(node, driver, 'later')
    } finally {
      await runChecked(systemProcesses, 'umount', ['--recursive', folder])
    }
  })
})
