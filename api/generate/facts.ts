/** How the raw files are read, and which of their groups the project serves. */

/** Group versions that are turned into schema, types and resources, by the short name used everywhere in api/. */
export const GROUP_VERSIONS: Readonly<Record<string, string>> = {
  'core.v1': '',
  'apps.v1': 'apps',
  'batch.v1': 'batch',
  'autoscaling.v1': 'autoscaling',
  'autoscaling.v2': 'autoscaling',
  'policy.v1': 'policy',
  'rbac.v1': 'rbac.authorization.k8s.io',
  'networking.v1': 'networking.k8s.io',
  'storage.v1': 'storage.k8s.io',
  'coordination.v1': 'coordination.k8s.io',
  'discovery.v1': 'discovery.k8s.io',
  'events.v1': 'events.k8s.io',
  'node.v1': 'node.k8s.io',
  'scheduling.v1': 'scheduling.k8s.io',
  'certificates.v1': 'certificates.k8s.io',
  'authentication.v1': 'authentication.k8s.io',
  'authorization.v1': 'authorization.k8s.io',
  'admissionregistration.v1': 'admissionregistration.k8s.io',
  'apiextensions.v1': 'apiextensions.k8s.io',
  'apiregistration.v1': 'apiregistration.k8s.io',
  'flowcontrol.v1': 'flowcontrol.apiserver.k8s.io',
  'meta.v1': '',
}

export interface RawSchema {
  type?: string
  format?: string
  $ref?: string
  items?: RawSchema
  additionalProperties?: RawSchema
  properties?: Record<string, RawSchema>
  required?: string[]
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
  'x-kubernetes-map-type'?: string
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-group-version-kind'?: { group: string; version: string; kind: string }[]
}

export interface RawField {
  number: number
  name: string
  repeated: boolean
  type: string
}

export interface RawOperation {
  method: string
  path: string
  action: string
  kind: string
}

/** `io.k8s.api.core.v1.Pod` and `k8s.io.api.core.v1.Pod` are both `core.v1.Pod`; leaf types have no group: `Quantity`. */
export function shortName(name: string): string {
  const parts = name.split('.')
  const last = parts.at(-1)!
  const leafs = ['Quantity', 'IntOrString', 'RawExtension', 'Time', 'MicroTime']
  if (leafs.includes(last) || parts.length < 3) return last
  return parts.slice(-3).join('.')
}

function isWanted(short: string): boolean {
  const [group, version] = short.split('.')
  return version === undefined || `${group}.${version}` in GROUP_VERSIONS
}

export function readDefinitions(text: string): Map<string, RawSchema> {
  const raw = JSON.parse(text) as Record<string, RawSchema>
  const entries = Object.entries(raw).map(([name, schema]): [string, RawSchema] => [shortName(name), schema])
  return new Map(entries.filter(([name]) => isWanted(name)))
}

/** Fields of each message, by the message's short name; types in other packages are shortened, `map<K,V>` too. */
export function readProtobuf(text: string): Map<string, RawField[]> {
  const messages = new Map<string, RawField[]>()
  for (const [pack, message, number, name, repeated, type] of rows(text)) {
    const short = shortName(`${pack}.${message}`)
    if (!isWanted(short)) continue
    const fields = messages.get(short) ?? []
    messages.set(short, fields)
    if (name) {
      const local = shortName(pack!.replace(/$/, '.X')).replace(/\.X$/, '')
      fields.push({ number: Number(number), name, repeated: repeated === 'repeated', type: typeName(type!, local) })
    }
  }
  return messages
}

const SCALARS = new Set(['string', 'int32', 'int64', 'bool', 'double', 'bytes'])

function typeName(type: string, local: string): string {
  const map = /^map<string,\.?(.*)>$/.exec(type)
  if (map) return `{${typeName(map[1]!, local)}}`
  if (SCALARS.has(type)) return type
  return type.includes('.') ? shortName(type) : shortName(`k8s.io.${local}.${type}`)
}

export function readOperations(text: string): RawOperation[] {
  return rows(text).map(([method, path, action, kind]) => ({
    method: method!,
    path: path!,
    action: action!,
    kind: kind!,
  }))
}

function rows(text: string): string[][] {
  const lines = text.split('\n').slice(1)
  return lines.filter(line => line !== '').map(line => line.split('\t'))
}
