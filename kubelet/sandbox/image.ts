import { createHash } from 'node:crypto'
import type { ContainerRuntime } from '../runtime.ts'
import { type Architecture, sandboxProgram } from './elf.ts'
import { packTar } from './tar.ts'

/** The image that every pod's first container runs. Its tag changes with its contents. */
export const SANDBOX_IMAGE = 'kubox.io/sandbox:1'

/** An archive as `docker save` makes them, with one layer that holds one file. */
export function sandboxArchive(architecture: Architecture): Buffer {
  const layer = packTar([{ name: 'sandbox', data: sandboxProgram(architecture), mode: 0o755 }])
  const config = Buffer.from(JSON.stringify(imageConfig(architecture, sha256(layer))))
  const configName = `${sha256(config)}.json`
  const manifest = [{ Config: configName, RepoTags: [SANDBOX_IMAGE], Layers: ['layer.tar'] }]
  return packTar([
    { name: 'manifest.json', data: Buffer.from(JSON.stringify(manifest)) },
    { name: configName, data: config },
    { name: 'layer.tar', data: layer },
  ])
}

/** Puts the image into the engine unless it is there. */
export async function ensureSandboxImage(runtime: ContainerRuntime, architecture: Architecture): Promise<void> {
  if (await runtime.image(SANDBOX_IMAGE)) return
  await runtime.loadImage(sandboxArchive(architecture))
}

/** The engine's name of a machine in the words of images. */
export function imageArchitecture(machine: string): Architecture {
  if (machine === 'amd64' || machine === 'x86_64') return 'amd64'
  if (machine === 'arm64' || machine === 'aarch64') return 'arm64'
  throw new Error(`kubox has no sandbox program for ${machine} machines: amd64 and arm64 work`)
}

function imageConfig(architecture: Architecture, layerDigest: string) {
  return {
    architecture,
    os: 'linux',
    created: '2026-01-01T00:00:00Z',
    config: { Entrypoint: ['/sandbox'], WorkingDir: '/', Env: [] },
    rootfs: { type: 'layers', diff_ids: [`sha256:${layerDigest}`] },
    history: [{ created: '2026-01-01T00:00:00Z', created_by: 'kubox' }],
  }
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex')
}
