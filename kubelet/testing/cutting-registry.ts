import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import { packTar } from '../sandbox/tar.ts'

const MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json'
const CONFIG = 'application/vnd.docker.container.image.v1+json'
const LAYER = 'application/vnd.docker.image.rootfs.diff.tar.gzip'
const LARGE_BYTES = 2 * 2 ** 20

/** An image on disk: its configuration, and where its layers are. */
interface BaseImage {
  config: string
  layers: { path: string }[]
}

const digestOf = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`

/** An image with one more layer that no engine has yet, from a registry that breaks off in the middle of that layer. */
export class CuttingRegistry {
  /** How often the layer was broken off. */
  cuts = 0
  /** While true the layer is broken off once, and then is not there. */
  broken = true
  readonly #blobs = new Map<string, Buffer>()
  readonly #server = createServer((request, response) => this.#answer(request, response))
  #manifest = Buffer.alloc(0)
  #large = ''

  static async start(base: BaseImage): Promise<CuttingRegistry> {
    const registry = new CuttingRegistry()
    await registry.#fill(base)
    registry.#server.listen(0, '127.0.0.1')
    await once(registry.#server, 'listening')
    return registry
  }

  get image(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}/kubelet-test/cut:1`
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  async #fill({ config, layers }: BaseImage): Promise<void> {
    const extra = packTar([{ name: 'large', data: randomBytes(LARGE_BYTES) }])
    const blobs = await Promise.all(layers.map(layer => readFile(layer.path)))
    const large = gzipSync(extra)
    this.#large = digestOf(large)
    const { history: _, ...image } = JSON.parse(config) as { history?: unknown; rootfs: { diff_ids: string[] } }
    image.rootfs.diff_ids.push(digestOf(extra))
    const describe = (mediaType: string, blob: Buffer) => {
      this.#blobs.set(digestOf(blob), blob)
      return { mediaType, size: blob.length, digest: digestOf(blob) }
    }
    const parts = [...blobs, large].map(blob => describe(LAYER, blob))
    const top = describe(CONFIG, Buffer.from(JSON.stringify(image)))
    const manifest = { schemaVersion: 2, mediaType: MANIFEST, config: top, layers: parts }
    this.#manifest = Buffer.from(JSON.stringify(manifest))
  }

  #answer({ url = '', method }: IncomingMessage, response: ServerResponse): void {
    const [, kind, name = ''] = /\/(manifests|blobs)\/(.+)$/.exec(url) ?? []
    if (name === this.#large && this.broken) this.#cut(response)
    else this.#serve(response, kind, name, { url, headOnly: method === 'HEAD' })
  }

  #serve(
    response: ServerResponse,
    kind: string | undefined,
    name: string,
    { url, headOnly }: { url: string; headOnly: boolean },
  ): void {
    const content = kind === 'manifests' ? this.#manifest : this.#blobs.get(name)
    if (url !== '/v2/' && !content) {
      response.writeHead(404).end()
      return
    }
    const body = content ?? Buffer.from('{}')
    response.writeHead(200, {
      'content-type': kind === 'manifests' ? MANIFEST : 'application/octet-stream',
      'content-length': body.length,
      'docker-content-digest': digestOf(body),
    })
    response.end(headOnly ? undefined : body)
  }

  /** Half of the layer, and the line is dead; after that nobody has it. */
  #cut(response: ServerResponse): void {
    if (this.cuts++ > 0) {
      response.writeHead(404).end()
      return
    }
    const blob = this.#blobs.get(this.#large)!
    response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': blob.length })
    response.write(blob.subarray(0, blob.length / 2), () => response.destroy())
  }
}
