import type {
  ConfigMap,
  DownwardAPIVolumeFile,
  KeyToPath,
  Secret,
  Volume,
  VolumeProjection,
} from '../../api/types/core-v1.ts'
import type { References } from '../env/environment.ts'
import { type Downward, fieldValue, resourceValue } from '../env/fields.ts'
import type { LivePod } from '../pod/pod.ts'
import type { Payload, PayloadFile } from './atomic.ts'
import type { Tokens } from './tokens.ts'

/** Where the contents of volumes made of API objects come from. */
export interface PayloadSource {
  references: References
  tokens: Tokens
  downward(pod: LivePod): Downward
}

const DEFAULT_MODE = 0o644

/** The files of a configMap, secret, downwardAPI or projected volume; undefined for volumes of other types. */
export async function volumePayload(pod: LivePod, volume: Volume, source: PayloadSource): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume
  if (configMap) return fromSource(pod, { configMap }, configMap.defaultMode ?? DEFAULT_MODE, source)
  if (secret) {
    const { secretName: name, items, optional } = secret
    return fromSource(pod, { secret: { name, items, optional } }, secret.defaultMode ?? DEFAULT_MODE, source)
  }
  if (downwardAPI) return fromSource(pod, { downwardAPI }, downwardAPI.defaultMode ?? DEFAULT_MODE, source)
  if (!projected) return undefined
  const mode = projected.defaultMode ?? DEFAULT_MODE
  const parts = await Promise.all((projected.sources ?? []).map(one => fromSource(pod, one, mode, source)))
  return new Map(parts.flatMap(part => [...part]))
}

async function fromSource(
  pod: LivePod,
  projection: VolumeProjection,
  mode: number,
  source: PayloadSource,
): Promise<Payload> {
  const { configMap, secret, downwardAPI, serviceAccountToken } = projection
  const { namespace } = pod.metadata
  if (configMap) {
    const found = await source.references.configMap(namespace, configMap.name ?? '')
    return choose(found && configMapData(found), { ...configMap, title: 'configmap', namespace }, mode)
  }
  if (secret) {
    const found = await source.references.secret(namespace, secret.name ?? '')
    return choose(found && secretData(found), { ...secret, title: 'secret', namespace }, mode)
  }
  if (downwardAPI) return downwardFiles(downwardAPI.items ?? [], mode, source.downward(pod))
  if (!serviceAccountToken) throw new Error('this projection is not supported')
  const token = await source.tokens.get(pod, serviceAccountToken)
  return new Map([[serviceAccountToken.path, { data: Buffer.from(token), mode }]])
}

type Data = Map<string, Uint8Array>

function configMapData({ data = {}, binaryData = {} }: ConfigMap): Data {
  const texts = Object.entries(data).map(([key, text]) => [key, Buffer.from(text)] as const)
  return new Map([...texts, ...decoded(binaryData)])
}

function secretData({ data = {} }: Secret): Data {
  return new Map(decoded(data))
}

function decoded(data: Record<string, string>): (readonly [string, Uint8Array])[] {
  return Object.entries(data).map(([key, text]) => [key, Buffer.from(text, 'base64')] as const)
}

interface Choice {
  title: string
  namespace: string
  name?: string
  items?: KeyToPath[]
  optional?: boolean
}

/** All keys as files, or those of the list under their paths. */
function choose(data: Data | undefined, choice: Choice, mode: number): Payload {
  const { title, name, items, optional } = choice
  if (!data) {
    if (optional) return new Map()
    throw new Error(`${title} "${name}" not found`)
  }
  if (!items) return new Map([...data].map(([key, bytes]) => [key, { data: bytes, mode }]))
  const files = items.flatMap(({ key, path, mode: own }): [string, PayloadFile][] => {
    const bytes = data.get(key)
    if (bytes) return [[path, { data: bytes, mode: own ?? mode }]]
    if (optional) return []
    const kind = title === 'configmap' ? 'configmap references non-existent config' : 'references non-existent secret'
    throw new Error(`${kind} key: ${key}`)
  })
  return new Map(files)
}

function downwardFiles(items: DownwardAPIVolumeFile[], mode: number, downward: Downward): Payload {
  return new Map(
    items.map(item => [item.path, { data: Buffer.from(downwardText(item, downward)), mode: item.mode ?? mode }]),
  )
}

function downwardText({ fieldRef, resourceFieldRef }: DownwardAPIVolumeFile, downward: Downward): string {
  if (fieldRef) return fieldValue(fieldRef.fieldPath, downward)
  const { containers, initContainers = [] } = downward.pod.spec
  const container = [...containers, ...initContainers].find(one => one.name === resourceFieldRef?.containerName)
  if (!resourceFieldRef || !container) throw new Error('a downward API file names no container and no field')
  return resourceValue(resourceFieldRef, container, downward)
}
