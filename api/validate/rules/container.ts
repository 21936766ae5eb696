import type { FieldError } from '../../kind.ts'
import { isEnvironmentName, isLabelName, isPortName } from '../../names.ts'
import { compareQuantity, isQuantity } from '../../quantity.ts'
import type {
  ContainerPort,
  EnvVar,
  EnvVarSource,
  HTTPGetAction,
  LifecycleHandler,
  Probe,
  ResourceRequirements,
  SeccompProfile,
  SecurityContext,
  TCPSocketAction,
} from '../../types/core-v1.ts'
import { address } from '../addresses.ts'
import {
  amounts,
  exactlyOne,
  named,
  nonZero,
  notNegative,
  oneOf,
  port,
  portOrZero,
  positive,
  present,
  qualified,
  type Rules,
  userId,
} from '../checks.ts'
import { forbidden, invalid, required, unsupported } from '../errors.ts'

const protocol = oneOf('TCP', 'UDP', 'SCTP')
const pullPolicy = oneOf('Always', 'IfNotPresent', 'Never')
const trimmed = (value: string, path: string): FieldError[] =>
  value.trim() === value ? [] : [invalid(path, value, 'must not have leading or trailing whitespace')]

const container = {
  name: [present, named(isLabelName)],
  image: [present, trimmed],
  imagePullPolicy: [pullPolicy],
  terminationMessagePolicy: [oneOf('File', 'FallbackToLogsOnError')],
}

const cannotBeSet = (path: string, name: string) =>
  forbidden(`${path}.${name}`, 'cannot be set for an Ephemeral Container')

const NOT_EPHEMERAL = [
  'ports',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
  'restartPolicy',
  'resizePolicy',
]

function ephemeralOnly(one: object, path: string): FieldError[] {
  const set = NOT_EPHEMERAL.filter(name => (one as Record<string, unknown>)[name] !== undefined)
  return set.map(name => cannotBeSet(path, name))
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

const ENV_PATHS = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
]

function envFieldPath({ fieldRef }: EnvVarSource, path: string): FieldError[] {
  if (!fieldRef?.fieldPath) return []
  const isOfMap = /^metadata\.(labels|annotations)\['[^']+'\]$/.test(fieldRef.fieldPath)
  if (isOfMap || ENV_PATHS.includes(fieldRef.fieldPath)) return []
  const known = [...ENV_PATHS, "metadata.annotations['<KEY>']", "metadata.labels['<KEY>']"]
  return [unsupported(`${path}.fieldRef.fieldPath`, fieldRef.fieldPath, known)]
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
  return httpHeaders.flatMap(({ name }, index) => {
    const problem =
      "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')"
    return /^[-A-Za-z0-9]+$/.test(name) ? [] : [invalid(`${path}.httpHeaders[${index}]`, name, problem)]
  })
}

function requestsWithinLimits({ limits = {}, requests = {} }: ResourceRequirements, path: string): FieldError[] {
  const errors = [
    ...Object.keys(limits).map(name => [name, 'limits']),
    ...Object.keys(requests).map(name => [name, 'requests']),
  ].flatMap(([name, side]) => resourceName(name!, `${path}.${side}[${name}]`))
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name]
    if (limit === undefined || !isQuantity(limit) || !isQuantity(request) || compareQuantity(request, limit) <= 0)
      continue
    errors.push(invalid(`${path}.requests`, String(request), `must be less than or equal to ${name} limit of ${limit}`))
  }
  return errors
}

const STANDARD = new Set(['cpu', 'memory', 'ephemeral-storage', 'storage'])

function resourceName(name: string, path: string): FieldError[] {
  if (STANDARD.has(name) || name.startsWith('hugepages-')) return []
  if (!name.includes('/')) return [invalid(path, name, 'must be a standard resource type or fully qualified')]
  return qualified(name, path)
}

function privilegeEscalation({ allowPrivilegeEscalation, privileged }: SecurityContext, path: string): FieldError[] {
  if (allowPrivilegeEscalation !== false || !privileged) return []
  return [
    invalid(
      path,
      { allowPrivilegeEscalation, privileged },
      'cannot set `allowPrivilegeEscalation` to false and `privileged` to true',
    ),
  ]
}

function localProfile({ type, localhostProfile }: SeccompProfile, path: string): FieldError[] {
  const where = `${path}.localhostProfile`
  if (type === 'Localhost') {
    return localhostProfile ? [] : [required(where, 'must be set when seccomp type is Localhost')]
  }
  return localhostProfile === undefined
    ? []
    : [invalid(where, localhostProfile, 'can only be set when seccomp type is Localhost')]
}

const handlerPort = { port: [present, portNumberOrName] }

/** What a container must be, whatever pod it belongs to. */
export const CONTAINER_RULES: Rules = {
  'core.v1.Container': container,
  'core.v1.EphemeralContainer': { ...container, '*': [ephemeralOnly] },
  'core.v1.ContainerPort': {
    name: [named(isPortName)],
    containerPort: [nonZero, port],
    hostPort: [portOrZero],
    protocol: [present, protocol],
    '*': [hostIp],
  },
  'core.v1.EnvVar': { name: [present, named(isEnvironmentName)], '*': [envSource] },
  'core.v1.EnvVarSource': { '*': [envFieldPath] },
  'core.v1.EnvFromSource': {
    prefix: [named(isEnvironmentName)],
    '*': [
      exactlyOne(
        ['configMapRef', 'secretRef'],
        'must specify one of: `configMapRef` or `secretRef`',
        'may not have more than one field specified at a time',
      ),
    ],
  },
  'core.v1.ConfigMapEnvSource': { name: [present] },
  'core.v1.SecretEnvSource': { name: [present] },
  'core.v1.ConfigMapKeySelector': { name: [present], key: [present] },
  'core.v1.SecretKeySelector': { name: [present], key: [present] },
  'core.v1.ObjectFieldSelector': { apiVersion: [present], fieldPath: [present] },
  'core.v1.ResourceFieldSelector': { resource: [present] },
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
  'core.v1.SleepAction': { seconds: [notNegative] },
  'core.v1.ExecAction': { command: [present] },
  'core.v1.HTTPGetAction': { path: [present], ...handlerPort, scheme: [oneOf('HTTP', 'HTTPS')], '*': [headerNames] },
  'core.v1.TCPSocketAction': handlerPort satisfies Partial<Record<keyof TCPSocketAction, unknown>>,
  'core.v1.GRPCAction': { port: [present, port] },
  'core.v1.ResourceRequirements': { limits: [amounts], requests: [amounts], '*': [requestsWithinLimits] },
  'core.v1.ContainerResizePolicy': {
    resourceName: [oneOf('cpu', 'memory')],
    restartPolicy: [oneOf('NotRequired', 'RestartContainer')],
  },
  'core.v1.SecurityContext': {
    runAsUser: [userId],
    runAsGroup: [userId],
    procMount: [oneOf('Default', 'Unmasked')],
    '*': [privilegeEscalation],
  },
  'core.v1.Sysctl': { name: [present] },
  'core.v1.SeccompProfile': {
    type: [present, oneOf('Localhost', 'RuntimeDefault', 'Unconfined')],
    '*': [localProfile],
  },
  'core.v1.AppArmorProfile': { type: [present, oneOf('Localhost', 'RuntimeDefault', 'Unconfined')] },
}
