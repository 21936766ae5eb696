import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { systemProcesses } from '../../platform/processes.ts'
import { CACHE, debianSuite, homeSuite, indexTargets, type Suite, unpackedPackages } from '../peers/debian.ts'
import { withLock } from '../peers/lock.ts'
import { docker, machine } from './docker.ts'

const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'docker.io',
  'iptables',
  'nftables',
  'iproute2',
  'conntrack',
  'ca-certificates',
  'curl',
  'procps',
  'kmod',
  'iputils-ping',
]

/** The next one's systemd no longer boots where the machine below has control groups of version 1. */
export const SUITES = ['bookworm', 'trixie']

/** From trixie on, Debian has the docker command in a package of its own. */
const MORE_PACKAGES: Record<string, string[]> = { trixie: ['docker-cli'] }

/**
 * Nothing of the machine below may change because a VM boots (kernel settings, modules, kernel file systems), and what
 * only costs time at boot is left out.
 */
const TRIM = `
rm -rf var/cache/apt/* var/lib/apt/lists/* usr/share/doc usr/share/man usr/share/locale usr/lib/sysctl.d/* etc/sysctl.d/*
: > etc/machine-id
rm -f var/lib/dbus/machine-id etc/hostname
for unit in systemd-modules-load.service systemd-remount-fs.service systemd-udev-trigger.service e2scrub_reap.service \\
    dev-hugepages.mount sys-kernel-debug.mount sys-kernel-tracing.mount sys-fs-fuse-connections.mount dev-mqueue.mount \\
    apt-daily.timer apt-daily-upgrade.timer e2scrub_all.timer fstrim.timer getty.target systemd-logind.service; do
  ln -sf /dev/null etc/systemd/system/$unit
done
ln -sf /lib/systemd/system/multi-user.target etc/systemd/system/default.target
ln -s /opt/kubox/kubox usr/local/bin/kubox
`

/** The disk that all VMs start from, as an image of this machine's Docker Engine: made once, then kept in the cache. */
export async function ensureBase(suiteName?: string): Promise<string> {
  const targets = await indexTargets()
  const suite = suiteName ? debianSuite(suiteName, targets) : homeSuite(targets)
  const recipe = createHash('sha256').update(`${PACKAGES} ${TRIM}`).digest('hex').slice(0, 12)
  const image = `kubox-lab-base:${suite.name}-${recipe}`
  return withLock(`${CACHE}lab/${image}`, async () => {
    const inspected = await systemProcesses.run('docker', ['image', 'inspect', image])
    if (inspected.code === 0) return image
    const archive = join(CACHE, 'lab', `${suite.name}-${recipe}.tar`)
    if (!existsSync(archive)) await buildArchive(suite, archive)
    await docker(['import', '-c', 'CMD ["/sbin/vm-init"]', '-c', 'ENV container=docker', archive, image])
    return image
  })
}

async function buildArchive(suite: Suite, archive: string): Promise<void> {
  const root = `${archive}.root`
  await fs.rm(root, { recursive: true, force: true })
  await fs.mkdir(root, { recursive: true })
  await removeOlder(suite, archive)
  await debootstrap(suite, root)
  await machine('sh', ['-ec', TRIM], { cwd: root })
  await machine('tar', ['-C', root, '-cf', `${archive}.tmp`, '.'])
  await fs.rename(`${archive}.tmp`, archive)
  await fs.rm(root, { recursive: true, force: true })
}

/** Disks of earlier recipes: a third of a gigabyte each. */
async function removeOlder(suite: Suite, archive: string): Promise<void> {
  for (const name of await fs.readdir(dirname(archive))) {
    if (name.startsWith(`${suite.name}-`) && name.endsWith('.tar')) await fs.rm(join(dirname(archive), name))
  }
}

async function debootstrap(suite: Suite, root: string): Promise<void> {
  const tools = await unpackedPackages(homeSuite(await indexTargets()), ['debootstrap'])
  const folder = join(tools, 'usr/share/debootstrap')
  const options = [
    '--variant=minbase',
    `--keyring=${suite.keyring}`,
    `--components=${suite.components.replaceAll(' ', ',')}`,
    `--include=${[...PACKAGES, ...(MORE_PACKAGES[suite.name] ?? [])].join(',')}`,
  ]
  const words = [...options, suite.name, root, suite.uri]
  await machine(join(tools, 'usr/sbin/debootstrap'), words, { env: { DEBOOTSTRAP_DIR: folder } })
}
