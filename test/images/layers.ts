import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { homeSuite, indexTargets, unpackedPackages } from '../peers/debian.ts'
import type { LayerName } from './recipes.ts'

export interface Layer {
  /** The digest of the plain tar: what an image's configuration names. */
  diffId: string
  /** The digest of the compressed tar: what a registry names. */
  digest: string
  size: number
  path: string
}

const PROGRAMS = fileURLToPath(new URL('./programs/', import.meta.url))

// Files of a Debian package that no program of an image reads.
const DEAD_WEIGHT = ['usr/share', 'usr/include', 'etc/init.d', 'var/lib', 'usr/lib/*/gconv', 'usr/lib/*/audit']

const REGISTRY_CONFIGURATION = `version: 0.1
storage:
  filesystem: { rootdirectory: /var/lib/registry }
  delete: { enabled: true }
http: { addr: ':80' }
`

/** What each layer holds: a function that fills an empty folder. */
const FILLERS: Record<LayerName, (root: string) => Promise<void>> = {
  base: fillBase,
  perl: root => fillPackages(root, ['perl-base', 'libc6', 'libcrypt1'], false),
  curl: async root => {
    await fillPackages(root, ['curl'], true)
    // The C library came with the layer below.
    await shell(root, 'rm -rf usr/lib/*/libc.so.6 usr/lib/*/libcrypt.so.1* usr/bin/*spell usr/sbin')
  },
  registry: async root => {
    await fillPackages(root, ['docker-registry'], false)
    await fs.writeFile(join(root, 'etc/registry.yml'), REGISTRY_CONFIGURATION)
  },
  programs: async root => {
    await fs.mkdir(join(root, 'usr/bin'), { recursive: true })
    for (const program of await fs.readdir(PROGRAMS)) {
      await fs.copyFile(join(PROGRAMS, program), join(root, 'usr/bin', program))
      await fs.chmod(join(root, 'usr/bin', program), 0o755)
    }
    await fs.symlink('usr/bin/server', join(root, 'server'))
  },
}

/** Builds a layer into `folder`, or finds it there. */
export async function buildLayer(name: LayerName, folder: string): Promise<Layer> {
  const facts = join(folder, `${name}.json`)
  const path = join(folder, `${name}.tar.gz`)
  if (existsSync(facts)) return { ...(JSON.parse(await fs.readFile(facts, 'utf8')) as Layer), path }
  const root = join(folder, `${name}.root`)
  await fs.rm(root, { recursive: true, force: true })
  await fs.mkdir(root, { recursive: true })
  await FILLERS[name](root)
  const tar = await tarOf(root)
  const packed = await promisify(gzip)(tar, { level: 6 })
  const layer: Layer = { diffId: sha256(tar), digest: sha256(packed), size: packed.length, path }
  await fs.writeFile(path, packed)
  await fs.writeFile(facts, JSON.stringify(layer))
  await fs.rm(root, { recursive: true })
  return layer
}

export function sha256(bytes: string | Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

/** The same files give the same bytes: sorted, owned by root, dated at the epoch. */
async function tarOf(root: string): Promise<Buffer> {
  const file = `${root}.tar`
  const order = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--format=gnu']
  await runChecked(systemProcesses, 'tar', [...order, '-cf', file, '-C', root, '.'])
  const bytes = await fs.readFile(file)
  await fs.rm(file)
  return bytes
}

async function fillBase(root: string): Promise<void> {
  const packages = await unpackedPackages(homeSuite(await indexTargets()), ['busybox-static'])
  const busybox = existsSync(join(packages, 'usr/bin/busybox')) ? 'usr/bin/busybox' : 'bin/busybox'
  await shell(
    root,
    `mkdir -p usr/bin usr/sbin usr/lib usr/lib64 etc dev proc sys root var/run home
    mkdir -m 1777 tmp var/tmp
    for name in bin sbin lib lib64; do ln -s usr/$name $name; done
    cp "$0" usr/bin/busybox
    for applet in $(usr/bin/busybox --list); do [ -e usr/bin/$applet ] || ln -s busybox usr/bin/$applet; done
    echo 'hosts: files dns' > etc/nsswitch.conf`,
    join(packages, busybox),
  )
  const users = [
    'root:x:0:0:root:/root:/bin/sh',
    'jenkins:x:1000:1000::/var/jenkins_home:/bin/sh',
    'nobody:x:65534:65534::/:/bin/false',
  ]
  await fs.writeFile(join(root, 'etc/passwd'), `${users.join('\n')}\n`)
  await fs.writeFile(join(root, 'etc/group'), 'root:x:0:\njenkins:x:1000:\nnogroup:x:65534:\n')
}

async function fillPackages(root: string, names: readonly string[], dependencies: boolean): Promise<void> {
  const packages = await unpackedPackages(homeSuite(await indexTargets()), names, { dependencies })
  await shell(root, `cp -a "$0/." . && rm -rf ${DEAD_WEIGHT.join(' ')}`, packages)
  // The base layer has /bin, /lib and friends as links into /usr, whatever the release of the packages does.
  await shell(
    root,
    `for name in bin sbin lib lib64; do
      if [ -d $name ] && [ ! -L $name ]; then mkdir -p usr/$name && cp -a $name/. usr/$name/; fi
      rm -rf $name
    done
    rm -rf ${DEAD_WEIGHT.join(' ')}`,
  )
}

function shell(root: string, script: string, ...args: string[]): Promise<string> {
  return runChecked(systemProcesses, 'sh', ['-ec', script, ...args], { cwd: root })
}
