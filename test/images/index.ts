/**
 * Small images for tests, made on the spot from Debian packages and the programs beside this file; no registry is needed.
 * They are written in the format of `docker save`, kept under `.cache/images` and loaded where they are wanted; the same
 * files go to a registry of our own (registry.ts). Start with recipes.ts (which images), then layers.ts (what is in them).
 * It imports platform/ and test/peers.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runChecked, systemProcesses } from '../../platform/processes.ts'
import { CACHE } from '../peers/debian.ts'
import { withLock } from '../peers/lock.ts'
import { imageId, loadArchive } from './docker.ts'
import { buildLayer, type Layer, sha256 } from './layers.ts'
import { IMAGE_NAMES, type ImageName, imageConfig, RECIPES, referencesOf } from './recipes.ts'

const DOCKER_SOCKET = '/var/run/docker.sock'

export interface Image {
  name: ImageName
  /** The image's id in a Docker Engine. */
  id: string
  config: string
  layers: Layer[]
  /** A tar for `docker load`. */
  archive: string
}

/** Makes sure that a Docker Engine has an image under all of its names, and returns its id. */
export async function ensureImage(name: ImageName, socket = DOCKER_SOCKET): Promise<string> {
  const image = await builtImage(name)
  const ids = await Promise.all(referencesOf(name).map(reference => imageId(socket, reference)))
  if (ids.some(id => id !== image.id)) await loadArchive(socket, image.archive)
  return image.id
}

/** All of them, or the named ones. */
export async function ensureImages(names: readonly ImageName[] = IMAGE_NAMES, socket = DOCKER_SOCKET): Promise<void> {
  for (const name of names) await ensureImage(name, socket)
}

/** An image on disk, built now or some time before. */
export async function builtImage(name: ImageName): Promise<Image> {
  const folder = join(CACHE, 'images', await recipeVersion())
  return withLock(folder, async () => {
    if (!existsSync(folder)) await makeRoom(folder)
    const layers: Layer[] = []
    for (const layer of RECIPES[name].layers) layers.push(await buildLayer(layer, folder))
    const config = imageConfig(
      name,
      layers.map(layer => layer.diffId),
      process.arch === 'x64' ? 'amd64' : process.arch,
    )
    const archive = join(folder, `${name.replace(/[/:]/g, '_')}.tar`)
    const image = { name, id: sha256(config), config, layers, archive }
    if (!existsSync(archive)) await writeArchive(image)
    return image
  })
}

/** A new version takes the place of all before. */
async function makeRoom(folder: string): Promise<void> {
  await fs.rm(dirname(folder), { recursive: true, force: true })
  await fs.mkdir(folder, { recursive: true })
}

/** Changes whenever something changes that goes into an image. */
async function recipeVersion(): Promise<string> {
  const here = fileURLToPath(new URL('./', import.meta.url))
  const programs = (await fs.readdir(join(here, 'programs'))).sort().map(name => join('programs', name))
  const hash = createHash('sha256')
  for (const file of ['recipes.ts', 'layers.ts', ...programs]) hash.update(await fs.readFile(join(here, file)))
  return hash.digest('hex').slice(0, 12)
}

async function writeArchive(image: Image): Promise<void> {
  const folder = `${image.archive}.partial`
  await fs.rm(folder, { recursive: true, force: true })
  await fs.mkdir(folder)
  const names = image.layers.map(layer => `${layer.diffId.slice('sha256:'.length)}.tar.gz`)
  for (const [index, layer] of image.layers.entries()) await fs.link(layer.path, join(folder, names[index]!))
  await fs.writeFile(join(folder, 'config.json'), image.config)
  const manifest = [{ Config: 'config.json', RepoTags: referencesOf(image.name), Layers: names }]
  await fs.writeFile(join(folder, 'manifest.json'), JSON.stringify(manifest))
  await runChecked(systemProcesses, 'tar', ['-cf', `${image.archive}.tmp`, '-C', folder, '.'])
  await fs.rm(folder, { recursive: true })
  await fs.rename(`${image.archive}.tmp`, image.archive)
}
