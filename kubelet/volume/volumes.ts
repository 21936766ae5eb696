import * as fs from 'node:fs/promises'
import { join } from 'node:path'
import type { Container, Volume, VolumeMount } from '../../api/types/core-v1.ts'
import type { Clock } from '../../platform/clock.ts'
import { type Processes, runChecked } from '../../platform/processes.ts'
import { amountOf } from '../amount.ts'
import { expand } from '../env/expand.ts'
import { type Paths, podDirectory } from '../paths.ts'
import { ConfigError } from '../pod/errors.ts'
import type { LivePod } from '../pod/pod.ts'
import type { Mount } from '../runtime.ts'
import { writePayload } from './atomic.ts'
import type { Claims } from './claims.ts'
import { applyFsGroup } from './fs-group.ts'
import { prepareHostPath } from './host-path.ts'
import type { ImageVolumes } from './image-volumes.ts'
import { mountsUnder } from './mounts.ts'
import { type PayloadSource, volumePayload } from './payload.ts'
import { resolveSubPath } from './sub-path.ts'

interface Parts {
  paths: Paths
  processes: Processes
  clock: Clock
  source: PayloadSource
  claims: Claims
  images: ImageVolumes
}

/** Where a volume lies on this node, and whether containers may only read it. */
interface Place {
  path: string
  readOnly: boolean
}

/** The volumes of pods: made before the sandbox, kept up to date while the pod runs, cleared away at its end. */
export class Volumes {
  readonly #parts: Parts
  /** By pod and volume. */
  readonly #places = new Map<string, Place>()
  readonly #writing = new Map<string, Promise<void>>()

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** Makes the pod's volumes, or finds them made. Every problem is told, not only the first. */
  async prepare(pod: LivePod): Promise<void> {
    const problems: string[] = []
    for (const volume of pod.spec.volumes ?? []) {
      try {
        this.#places.set(placeKey(pod, volume.name), await this.#make(pod, volume))
      } catch (error) {
        problems.push(`MountVolume.SetUp failed for volume "${volume.name}" : ${(error as Error).message}`)
      }
    }
    if (problems.length > 0) throw new Error(problems.join('\n'))
  }

  /** Brings the files of API objects up to date in a running pod. */
  async refresh(pod: LivePod): Promise<void> {
    for (const volume of pod.spec.volumes ?? []) {
      if (this.#places.has(placeKey(pod, volume.name))) await this.#writeFiles(pod, volume)
    }
  }

  async mounts(pod: LivePod, container: Container, env: ReadonlyMap<string, string>): Promise<Mount[]> {
    return Promise.all((container.volumeMounts ?? []).map(mount => this.#mount(pod, mount, env)))
  }

  /** Unmounts and removes what `prepare` made. */
  async release(uid: string): Promise<void> {
    const root = join(podDirectory(this.#parts.paths, uid), 'volumes')
    for (const key of this.#places.keys()) if (key.startsWith(`${uid}/`)) this.#places.delete(key)
    await Promise.all([...this.#writing].filter(([key]) => key.startsWith(`${uid}/`)).map(([, writing]) => writing))
    for (const mounted of await mountsUnder(root)) await runChecked(this.#parts.processes, 'umount', [mounted])
    await fs.rm(root, { recursive: true, force: true })
    this.#parts.source.tokens.forget(uid)
  }

  async #mount(pod: LivePod, mount: VolumeMount, env: ReadonlyMap<string, string>): Promise<Mount> {
    const place = this.#places.get(placeKey(pod, mount.name))
    if (!place) throw new ConfigError(`cannot find volume "${mount.name}" to mount`)
    const subPath = mount.subPathExpr === undefined ? mount.subPath : expand(mount.subPathExpr, env)
    return {
      source: subPath ? await resolveSubPath(place.path, subPath) : place.path,
      target: mount.mountPath.startsWith('/') ? mount.mountPath : `/${mount.mountPath}`,
      readOnly: place.readOnly || mount.readOnly === true,
      propagation: propagationOf(mount.mountPropagation),
    }
  }

  async #make(pod: LivePod, volume: Volume): Promise<Place> {
    const { emptyDir, hostPath, nfs, persistentVolumeClaim, ephemeral, image } = volume
    if (hostPath) {
      await prepareHostPath(hostPath.path, hostPath.type)
      return { path: hostPath.path, readOnly: false }
    }
    if (emptyDir) return this.#emptyDir(pod, volume, emptyDir)
    if (nfs) return this.#nfs(pod, volume, nfs)
    if (persistentVolumeClaim) return this.#claim(pod, volume, persistentVolumeClaim)
    if (ephemeral) return this.#claim(pod, volume, { claimName: `${pod.metadata.name}-${volume.name}` })
    if (image) return this.#image(pod, volume)
    const path = await this.#writeFiles(pod, volume)
    if (path === undefined) throw new Error(`volume type ${typeOf(volume)} is not supported`)
    return { path, readOnly: true }
  }

  /** One writer at a time for each volume: a change and the regular look may come together. */
  #writeFiles(pod: LivePod, volume: Volume): Promise<string | undefined> {
    const key = placeKey(pod, volume.name)
    const before = this.#writing.get(key) ?? Promise.resolve()
    const writing = before.then(() => this.#write(pod, volume))
    const settled = writing.then(
      () => {},
      () => {},
    )
    this.#writing.set(key, settled)
    void settled.then(() => {
      if (this.#writing.get(key) === settled) this.#writing.delete(key)
    })
    return writing
  }

  async #write(pod: LivePod, volume: Volume): Promise<string | undefined> {
    const payload = await volumePayload(pod, volume, this.#parts.source)
    if (!payload) return undefined
    const path = this.#directory(pod, volume)
    const stamp = new Date(this.#parts.clock.now()).toISOString().replace(/[-T:]/g, '_').replace('Z', '')
    await writePayload(path, payload, stamp, pod.spec.securityContext?.fsGroup)
    return path
  }

  async #emptyDir(
    pod: LivePod,
    volume: Volume,
    { medium, sizeLimit }: NonNullable<Volume['emptyDir']>,
  ): Promise<Place> {
    const path = this.#directory(pod, volume)
    await fs.mkdir(path, { recursive: true })
    if (medium === 'Memory' && !(await isMounted(path))) {
      const bytes = amountOf(sizeLimit)
      const size = bytes === undefined ? [] : ['-o', `size=${Math.ceil(bytes)}`]
      await runChecked(this.#parts.processes, 'mount', ['-t', 'tmpfs', ...size, 'tmpfs', path])
    } else if (medium && medium !== 'Memory') {
      throw new Error(`emptyDir medium ${medium} is not supported: "" and Memory are`)
    }
    await this.#own(pod, path)
    return { path, readOnly: false }
  }

  /** Everybody may write; with fsGroup what is written belongs to that group. */
  async #own(pod: LivePod, path: string): Promise<void> {
    const gid = pod.spec.securityContext?.fsGroup
    if (gid !== undefined) await fs.chown(path, -1, gid)
    await fs.chmod(path, gid === undefined ? 0o777 : 0o2777)
  }

  async #nfs(pod: LivePod, volume: Volume, nfs: NonNullable<Volume['nfs']>, options: string[] = []): Promise<Place> {
    const path = this.#directory(pod, volume)
    await fs.mkdir(path, { recursive: true })
    if (!(await isMounted(path))) {
      const all = [...(nfs.readOnly ? ['ro'] : []), ...options].join(',')
      const source = `${nfs.server}:${nfs.path}`
      await runChecked(this.#parts.processes, 'mount', ['-t', 'nfs', ...(all ? ['-o', all] : []), source, path])
    }
    return { path, readOnly: nfs.readOnly === true }
  }

  async #claim(pod: LivePod, volume: Volume, claim: NonNullable<Volume['persistentVolumeClaim']>): Promise<Place> {
    const spec = await this.#parts.claims.volumeOf(pod.metadata.namespace, claim.claimName)
    const readOnly = claim.readOnly === true
    if (spec.nfs)
      return this.#nfs(pod, volume, { ...spec.nfs, readOnly: readOnly || spec.nfs.readOnly }, spec.mountOptions)
    const path = spec.hostPath?.path ?? spec.local?.path
    if (path === undefined) throw new Error(`persistent volume type is not supported: hostPath, local and nfs are`)
    if (spec.hostPath) await prepareHostPath(path, spec.hostPath.type || 'DirectoryOrCreate')
    else await prepareHostPath(path, 'Directory')
    if (spec.local && !readOnly) await applyFsGroup(path, pod.spec.securityContext)
    return { path, readOnly }
  }

  async #image(pod: LivePod, volume: Volume): Promise<Place> {
    const path = this.#directory(pod, volume)
    await fs.mkdir(path, { recursive: true })
    if (!(await isMounted(path))) await this.#parts.images.mount(pod, volume, path)
    return { path, readOnly: true }
  }

  #directory(pod: LivePod, volume: Volume): string {
    const plugin = PLUGINS[typeOf(volume)] ?? typeOf(volume)
    return join(podDirectory(this.#parts.paths, pod.metadata.uid), 'volumes', `kubernetes.io~${plugin}`, volume.name)
  }
}

/** Kubernetes' names of the folders. */
const PLUGINS: Record<string, string> = { configMap: 'configmap', downwardAPI: 'downward-api', emptyDir: 'empty-dir' }

function placeKey(pod: LivePod, name: string): string {
  return `${pod.metadata.uid}/${name}`
}

function typeOf(volume: Volume): string {
  return Object.keys(volume).find(key => key !== 'name') ?? 'emptyDir'
}

function propagationOf(name: string | undefined): Mount['propagation'] {
  if (name === 'HostToContainer') return 'rslave'
  return name === 'Bidirectional' ? 'rshared' : 'rprivate'
}

async function isMounted(path: string): Promise<boolean> {
  return (await mountsUnder(path)).includes(path)
}
