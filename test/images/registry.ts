import { readFile } from 'node:fs/promises'
import { request } from 'undici'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { builtImage, ensureImage, type Image } from './index.ts'
import { sha256 } from './layers.ts'
import { IMAGE_NAMES, type ImageName, referencesOf } from './recipes.ts'

export interface RegistryOptions {
  /** The name of its container. */
  name: string
  /** A Docker network and an address on it; without them it is published on a free loopback port. */
  network?: { name: string; address: string }
  labels?: readonly string[]
  images?: readonly ImageName[]
}

export interface Registry {
  /** HOST:PORT, which stands before an image's name: `docker pull HOST:PORT/web`. */
  address: string
  stop(): Promise<void>
}

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const CONFIG = 'application/vnd.docker.container.image.v1+json'
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'

const docker = (...args: string[]) => runChecked(systemProcesses, 'docker', args)

/** Debian's docker-registry in a container of the machine's Docker Engine, filled with the test images. */
export async function startRegistry(options: RegistryOptions): Promise<Registry> {
  await ensureImage('registry')
  const { name, network, labels = [] } = options
  const where = network ? ['--network', network.name, '--ip', network.address] : ['-p', '127.0.0.1::80']
  await docker('run', '-d', '--name', name, ...labels.flatMap(label => ['--label', label]), ...where, 'registry')
  const stop = async () => void (await docker('rm', '-f', '-v', name))
  try {
    const address = network ? `${network.address}:80` : (await docker('port', name, '80/tcp')).trim()
    await docker('exec', name, 'sh', '-c', 'until wget -qO- http://127.0.0.1:80/v2/; do sleep 0.05; done')
    for (const image of options.images ?? IMAGE_NAMES) await pushImage(address, await builtImage(image))
    return { address, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Uploads an image under all of its names; blobs that are there already are not sent again. */
async function pushImage(address: string, image: Image): Promise<void> {
  const config = Buffer.from(image.config)
  for (const [repository, tag] of repositoriesOf(image.name)) {
    for (const layer of image.layers) await pushBlob(address, repository, layer.digest, () => readFile(layer.path))
    await pushBlob(address, repository, sha256(config), async () => config)
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: { mediaType: CONFIG, size: config.length, digest: sha256(config) },
      layers: image.layers.map(({ size, digest }) => ({ mediaType: LAYER, size, digest })),
    })
    await send(address, 'PUT', `/v2/${repository}/manifests/${tag}`, 201, manifest, MANIFEST)
  }
}

/**
 * Where an image lies in a registry: without the host that its name may begin with, since whoever asks this registry for
 * k8s.gcr.io/busybox asks it for `busybox`; and as Docker Hub keeps it, official images under `library/`.
 */
export function repositoriesOf(name: ImageName): [repository: string, tag: string][] {
  const names = referencesOf(name).map(reference => reference.replace(/^[^/]*\.[^/]*\//, ''))
  return [...new Set(names)].flatMap(reference => {
    const [repository = '', tag = ''] = reference.split(':')
    const places = repository.includes('/') ? [repository] : [repository, `library/${repository}`]
    return places.map((place): [string, string] => [place, tag])
  })
}

async function pushBlob(
  address: string,
  repository: string,
  digest: string,
  read: () => Promise<Buffer>,
): Promise<void> {
  const { statusCode, body } = await request(`http://${address}/v2/${repository}/blobs/${digest}`, { method: 'HEAD' })
  await body.dump()
  if (statusCode === 200) return
  const upload = await send(address, 'POST', `/v2/${repository}/blobs/uploads/`, 202)
  const place = new URL(String(upload.location), `http://${address}`)
  place.searchParams.set('digest', digest)
  await send(address, 'PUT', place.pathname + place.search, 201, await read(), 'application/octet-stream')
}

async function send(
  address: string,
  method: 'POST' | 'PUT',
  path: string,
  expected: number,
  content?: string | Buffer,
  type?: string,
): Promise<Record<string, string | string[] | undefined>> {
  const { statusCode, headers, body } = await request(`http://${address}${path}`, {
    method,
    body: content ?? null,
    headers: type ? { 'content-type': type } : {},
  })
  const said = await body.text()
  if (statusCode !== expected) throw new Error(`the registry answered ${statusCode} to ${method} ${path}: ${said}`)
  return headers
}
