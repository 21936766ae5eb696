import type { FieldError } from '../../kind.ts'
import {
  isConfigKey,
  isEnvironmentName,
  isLabelName,
  isPortName,
  isQualifiedName,
  isSubdomainName,
} from '../../names.ts'
import { canonicalQuantity, isQuantity, isZeroQuantity } from '../../quantity.ts'
import type {
  ContainerPort,
  ContainerResizePolicy,
  EnvFromSource,
  EnvVar,
  EphemeralContainer,
  HTTPGetAction,
  LifecycleHandler,
  ObjectFieldSelector,
  Probe,
  ResourceFieldSelector,
  TCPSocketAction,
} from '../../types/core-v1.ts'
import { address } from '../addresses.ts'
import {
  exactlyOne,
  named,
  nonZero,
  notNegative,
  oneOf,
  port,
  portOrZero,
  positive,
  present,
  type Rules,
} from '../checks.ts'
import { duplicate, forbidden, invalid, required, unsupported } from '../errors.ts'
import { validateContainerResources } from '../resources.ts'

const protocol = oneOf('TCP', 'UDP', 'SCTP')
const pullPolicy = oneOf('Always', 'IfNotPresent', 'Never')
const container = {
  name: [present, named(isLabelName)],
  image: [present],
  imagePullPolicy: [pullPolicy],
  terminationMessagePolicy: [oneOf('File', 'FallbackToLogsOnError')],
  restartPolicy: [oneOf('Always', 'Never', 'OnFailure')],
}

const cannotBeSet = (path: string, name: string) =>
  forbidden(`${path}.${name}`, 'cannot be set for an Ephemeral Container')

const NOT_EPHEMERAL = [
  ...['ports', 'resources', 'livenessProbe', 'readinessProbe', 'startupProbe', 'lifecycle', 'restartPolicy'],
  'resizePolicy',
] as const

const isSet = (value: object | string | undefined) => value !== undefined && Object.keys(value).length > 0

/** What runs beside a pod for a while is no part of its service. */
function ephemeralOnly(one: EphemeralContainer, path: string): FieldError[] {
  const set = NOT_EPHEMERAL.filter(name => isSet(one[name]))
  const paths = (one.volumeMounts ?? []).flatMap((mount, index) =>
    (['subPath', 'subPathExpr'] as const)
      .filter(name => mount[name])
      .map(name => cannotBeSet(`${path}.volumeMounts[${index}]`, name)),
  )
  return [...set.map(name => cannotBeSet(path, name)), ...paths]
}

/** What is done with a container whose amounts change: one answer for each resource. */
function resizePolicies({ resizePolicy = [] }: { resizePolicy?: ContainerResizePolicy[] }, path: string): FieldError[] {
  const where = `${path}.resizePolicy`
  return resizePolicy.flatMap(({ resourceName: name, restartPolicy }, index) => [
    ...(resizePolicy.findIndex(one => one.resourceName === name) < index
      ? [duplicate(`${where}[${index}]`, name)]
      : []),
    ...(name ? oneOf('cpu', 'memory')(name, where) : [required(where)]),
    ...(restartPolicy ? oneOf('NotRequired', 'RestartContainer')(restartPolicy, where) : [required(where)]),
  ])
}

function hostIp({ hostIP }: ContainerPort, path: string): FieldError[] {
  return hostIP ? address(hostIP, `${path}.hostIP`) : []
}

const ENV_SOURCES = ['fieldRef', 'resourceFieldRef', 'configMapKeyRef', 'secretKeyRef', 'fileKeyRef'] as const

function envSource({ value, valueFrom }: EnvVar, path: string): FieldError[] {
  if (!valueFrom) return []
  const where = `${path}.valueFrom`
  const set = ENV_SOURCES.filter(name => valueFrom[name] !== undefined)
  if (set.length === 0) {
    return [
      invalid(
        where,
        '',
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
      ),
    ]
  }
  if (value) return [invalid(where, '', 'may not be specified when `value` is not empty')]
  return set.length > 1 ? [invalid(where, '', 'may not have more than one field specified at a time')] : []
}

/** Fields of its pod that a variable or a file can be told. */
const KNOWN_PATHS = new Set([
  ...['metadata.name', 'metadata.namespace', 'metadata.uid', 'metadata.labels', 'metadata.annotations'],
  ...['spec.nodeName', 'spec.restartPolicy', 'spec.serviceAccountName', 'spec.schedulerName', 'spec.host'],
  ...['status.phase', 'status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
])

export function fieldSelector(paths: readonly string[]) {
  return ({ apiVersion, fieldPath }: ObjectFieldSelector, path: string): FieldError[] => {
    if (!apiVersion) return [required(`${path}.apiVersion`)]
    if (!fieldPath) return [required(`${path}.fieldPath`)]
    const [, map, key] = /^(metadata\.(?:labels|annotations))\['(.*)'\]$/.exec(fieldPath) ?? []
    if (map && key !== undefined) {
      const wanted = map === 'metadata.annotations' ? key.toLowerCase() : key
      return isQualifiedName(wanted).map(problem => invalid(path, wanted, problem))
    }
    const where = `${path}.fieldPath`
    if (!KNOWN_PATHS.has(fieldPath)) {
      return [invalid(where, fieldPath, `error converting fieldPath: field label not supported: ${fieldPath}`)]
    }
    return paths.includes(fieldPath) ? [] : [unsupported(where, fieldPath, paths)]
  }
}

const ENV_PATHS = [
  ...['metadata.name', 'metadata.namespace', 'metadata.uid', 'spec.nodeName', 'spec.serviceAccountName'],
  ...['status.hostIP', 'status.hostIPs', 'status.podIP', 'status.podIPs'],
]

const envField = fieldSelector(ENV_PATHS)

const RESOURCES = ['cpu', 'memory', 'ephemeral-storage'].flatMap(name => [`limits.${name}`, `requests.${name}`])
const BYTES = ['1', ...['k', 'M', 'G', 'T', 'P', 'E', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'].map(unit => `1${unit}`)]

export function resourceSelector({ resource = '', divisor = '0' }: ResourceFieldSelector, path: string): FieldError[] {
  if (resource === '') return [required(`${path}.resource`)]
  const isPages = /^(limits|requests)\.hugepages-/.test(resource)
  if (!isPages && !RESOURCES.includes(resource)) return [unsupported(`${path}.resource`, resource, RESOURCES)]
  const name = isPages ? 'hugepages' : resource.slice(resource.indexOf('.') + 1)
  if (!isQuantity(divisor) || isZeroQuantity(divisor)) return []
  const known = name === 'cpu' ? ['1m', '1'] : BYTES
  if (known.includes(canonicalQuantity(divisor))) return []
  const list = name === 'cpu' ? '1m and 1' : BYTES.join(', ')
  const called = name === 'ephemeral-storage' ? 'local ephemeral storage' : name
  const detail = `only divisor's values ${list} are supported with the ${called} resource`
  return [invalid(`${path}.divisor`, resource, detail)]
}

function envFields({ valueFrom }: EnvVar, path: string): FieldError[] {
  const { fieldRef, resourceFieldRef } = valueFrom ?? {}
  return [
    ...(fieldRef ? envField(fieldRef, `${path}.valueFrom.fieldRef`) : []),
    ...(resourceFieldRef ? resourceSelector(resourceFieldRef, `${path}.valueFrom.resourceFieldRef`) : []),
  ]
}

/** Where a whole set of variables comes from is said of the list, not of its element. */
function envFrom({ envFrom: sources = [] }: { envFrom?: EnvFromSource[] }, path: string): FieldError[] {
  return sources.flatMap(({ configMapRef, secretRef }) => {
    if (!configMapRef && !secretRef) {
      return [invalid(`${path}.envFrom`, '', 'must specify one of: `configMapRef` or `secretRef`')]
    }
    if (!configMapRef || !secretRef) return []
    return [invalid(`${path}.envFrom`, '', 'may not have more than one field specified at a time')]
  })
}

function portNumberOrName(value: number | string, path: string): FieldError[] {
  return typeof value === 'number' ? port(value, path) : isPortName(value).map(problem => invalid(path, value, problem))
}

const HANDLERS = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const

function oneHandler(handler: Probe | LifecycleHandler, path: string): FieldError[] {
  const names = 'sleep' in handler ? [...HANDLERS, 'sleep'] : HANDLERS
  return exactlyOne(names, 'must specify a handler type', 'may not specify more than 1 handler type')(handler, path)
}

function headerNames({ httpHeaders = [] }: HTTPGetAction, path: string): FieldError[] {
  return httpHeaders.flatMap(({ name }) => {
    const problem =
      "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
    return /^[-A-Za-z0-9]+$/.test(name) ? [] : [invalid(`${path}.httpHeaders`, name, problem)]
  })
}

const keyOf = {
  key: [present, named(isConfigKey)],
  '*': [
    ({ name = '' }: { name?: string }, path: string) =>
      isSubdomainName(name).map(problem => invalid(`${path}.name`, name, problem)),
  ],
}
const source = { name: [present, named(isSubdomainName)] }

const handlerPort = { port: [portNumberOrName] }

/** What a container must be, whatever pod it belongs to. */
export const CONTAINER_RULES: Rules = {
  'core.v1.Container': { ...container, '*': [envFrom, resizePolicies] },
  'core.v1.EphemeralContainer': { ...container, '*': [ephemeralOnly, envFrom] },
  'core.v1.ContainerPort': {
    name: [named(isPortName)],
    containerPort: [nonZero, port],
    hostPort: [portOrZero],
    protocol: [present, protocol],
    '*': [hostIp],
  },
  'core.v1.EnvVar': { name: [present, named(isEnvironmentName)], '*': [envSource, envFields] },
  'core.v1.EnvFromSource': { prefix: [named(isEnvironmentName)] },
  'core.v1.ConfigMapEnvSource': source,
  'core.v1.SecretEnvSource': source,
  'core.v1.ConfigMapKeySelector': keyOf,
  'core.v1.SecretKeySelector': keyOf,
  'core.v1.Probe': {
    initialDelaySeconds: [notNegative],
    timeoutSeconds: [notNegative],
    periodSeconds: [notNegative],
    successThreshold: [notNegative],
    failureThreshold: [notNegative],
    terminationGracePeriodSeconds: [positive],
    '*': [oneHandler],
  },
  'core.v1.LifecycleHandler': { '*': [oneHandler] },
  'core.v1.ExecAction': { command: [present] },
  'core.v1.HTTPGetAction': { path: [present], ...handlerPort, scheme: [oneOf('HTTP', 'HTTPS')], '*': [headerNames] },
  'core.v1.TCPSocketAction': handlerPort satisfies Partial<Record<keyof TCPSocketAction, unknown>>,
  'core.v1.GRPCAction': { port: [port] },
  'core.v1.ResourceRequirements': { '*': [validateContainerResources] },
}
