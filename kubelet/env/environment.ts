import type { ConfigMap, Container, EnvFromSource, EnvVarSource, Secret, Service } from '../../api/types/core-v1.ts'
import { ConfigError } from '../pod/errors.ts'
import { expand } from './expand.ts'
import { type Downward, fieldValue, resourceValue } from './fields.ts'
import { serviceVariables } from './services.ts'

/** Objects that pods refer to, by namespace and name; undefined when there is none. */
export interface References {
  configMap(namespace: string, name: string): Promise<ConfigMap | undefined>
  secret(namespace: string, name: string): Promise<Secret | undefined>
}

export interface EnvironmentSource {
  references: References
  services: readonly Service[]
  downward: Downward
}

/** A container's variables. What is named later wins: services, then whole maps, then single variables. */
export async function environment(container: Container, source: EnvironmentSource): Promise<Map<string, string>> {
  const { pod } = source.downward
  const links = pod.spec.enableServiceLinks ?? true
  const values = new Map(serviceVariables(source.services, pod.metadata.namespace, links))
  for (const from of container.envFrom ?? []) {
    for (const [name, value] of await fromMap(from, source)) values.set(name, value)
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const found = valueFrom ? await fromSource(valueFrom, container, source) : expand(value ?? '', values)
    if (found !== undefined) values.set(name, found)
  }
  return values
}

async function fromMap(from: EnvFromSource, source: EnvironmentSource): Promise<[string, string][]> {
  const { namespace } = source.downward.pod.metadata
  const entries = from.configMapRef
    ? await mapEntries('configmap', from.configMapRef, namespace, source)
    : from.secretRef
      ? await mapEntries('secret', from.secretRef, namespace, source)
      : {}
  // A key that cannot be a variable is left out, as Kubernetes does.
  const usable = Object.entries(entries).filter(([key]) => /^[^=\0]+$/.test((from.prefix ?? '') + key))
  return usable.map(([key, value]) => [`${from.prefix ?? ''}${key}`, value])
}

type MapKind = 'configmap' | 'secret'

async function mapEntries(
  kind: MapKind,
  { name = '', optional }: { name?: string; optional?: boolean },
  namespace: string,
  { references }: EnvironmentSource,
): Promise<Record<string, string>> {
  if (kind === 'configmap') {
    const found = await references.configMap(namespace, name)
    if (found) return { ...textOf(found.binaryData), ...found.data }
  } else {
    const found = await references.secret(namespace, name)
    if (found) return textOf(found.data)
  }
  if (optional) return {}
  throw new ConfigError(`${kind} "${name}" not found`)
}

function textOf(data: Record<string, string> = {}): Record<string, string> {
  return Object.fromEntries(Object.entries(data).map(([key, value]) => [key, Buffer.from(value, 'base64').toString()]))
}

async function fromSource(
  from: EnvVarSource,
  container: Container,
  source: EnvironmentSource,
): Promise<string | undefined> {
  const { downward } = source
  if (from.fieldRef) return fieldValue(from.fieldRef.fieldPath, downward)
  if (from.resourceFieldRef) {
    const named = from.resourceFieldRef.containerName ?? container.name
    const all = [container, ...(downward.pod.spec.initContainers ?? []), ...downward.pod.spec.containers]
    return resourceValue(from.resourceFieldRef, all.find(one => one.name === named) ?? container, downward)
  }
  if (from.configMapKeyRef) return keyOf('configmap', from.configMapKeyRef, source)
  if (from.secretKeyRef) return keyOf('secret', from.secretKeyRef, source)
  throw new ConfigError('a variable has a valueFrom that says nothing of where from')
}

async function keyOf(
  kind: MapKind,
  selector: { name?: string; key: string; optional?: boolean },
  source: EnvironmentSource,
): Promise<string | undefined> {
  const { namespace } = source.downward.pod.metadata
  const value = (await mapEntries(kind, selector, namespace, source))[selector.key]
  if (value !== undefined || selector.optional) return value
  const title = kind === 'configmap' ? 'ConfigMap' : 'Secret'
  throw new ConfigError(`couldn't find key ${selector.key} in ${title} ${namespace}/${selector.name}`)
}
