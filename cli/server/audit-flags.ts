import { load } from 'js-yaml'
import type { AuditOptions } from '../../apiserver/audit/audit-log.ts'
import type { AuditFile } from '../../apiserver/audit/file.ts'
import type { AuditPolicy } from '../../apiserver/audit/policy.ts'
import type { AuditMode, DeliveryOptions } from '../../apiserver/audit/sink.ts'
import type { AuditWebhook } from '../../apiserver/audit/webhook.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Disk } from '../../platform/disk.ts'
import type { Log } from '../../platform/log.ts'
import { RotatingFile, type Rotation } from '../../platform/rotating-file.ts'
import type { FlagReader, FlagTable } from '../flags.ts'
import { UserError } from '../output.ts'
import { serviceAt } from './webhook-flags.ts'

type Sink = 'audit-log' | 'audit-webhook'

const ONE_BY_ONE = { ignored: 'kubox hands over one batch after the other, which holds it back enough' }

const deliveryFlags = (sink: Sink): FlagTable => ({
  [`${sink}-batch-buffer-size`]: 'number',
  [`${sink}-batch-max-size`]: 'number',
  [`${sink}-batch-max-wait`]: 'duration',
  [`${sink}-batch-throttle-burst`]: ONE_BY_ONE,
  [`${sink}-batch-throttle-enable`]: ONE_BY_ONE,
  [`${sink}-batch-throttle-qps`]: ONE_BY_ONE,
  [`${sink}-mode`]: 'text',
  [`${sink}-version`]: 'text',
})

/** kube-apiserver's flags about the audit log. */
export const AUDIT_FLAGS: FlagTable = {
  ...deliveryFlags('audit-log'),
  'audit-log-compress': 'boolean',
  'audit-log-format': 'text',
  'audit-log-maxage': 'number',
  'audit-log-maxbackup': 'number',
  'audit-log-maxsize': 'number',
  'audit-log-path': 'text',
  'audit-policy-file': 'text',
  ...deliveryFlags('audit-webhook'),
  'audit-webhook-config-file': 'text',
  'audit-webhook-initial-backoff': 'duration',
}

const MODES: readonly AuditMode[] = ['batch', 'blocking', 'blocking-strict']
const FORMATS = ['json', 'legacy'] as const
const VERSIONS = ['audit.k8s.io/v1'] as const
const DEFAULT_MEGABYTES = 100
const DAY_MS = 86_400_000

interface Surroundings {
  disk: Disk
  clock: Clock
  log: Log
}

/** What is told, and where; `policy` is the text of --audit-policy-file. */
export async function auditOptions(
  flags: FlagReader,
  policy: string | undefined,
  around: Surroundings,
): Promise<AuditOptions | undefined> {
  const [log, webhook] = [auditFile(flags, around), await auditWebhook(flags, around)]
  if (policy === undefined) return undefined
  if (!log && !webhook) throw new UserError('--audit-policy-file needs --audit-log-path or --audit-webhook-config-file')
  return { policy: load(policy) as AuditPolicy, log: log?.(), webhook }
}

/** Opened only when it is known that something will be written to it. */
function auditFile(flags: FlagReader, around: Surroundings): (() => AuditFile) | undefined {
  const path = flags.text('audit-log-path')
  const rotation = {
    largestBytes: (count(flags, 'audit-log-maxsize', 0) || DEFAULT_MEGABYTES) << 20,
    mostKept: count(flags, 'audit-log-maxbackup', 0) ?? 0,
    longestKeptMs: (count(flags, 'audit-log-maxage', 0) ?? 0) * DAY_MS,
    packed: flags.boolean('audit-log-compress') ?? false,
  }
  const format = oneOf(flags, 'audit-log-format', FORMATS)
  const delivery = deliveryOf(flags, 'audit-log')
  return path ? () => ({ ...openFile(path, rotation, around), format, delivery }) : undefined
}

function openFile(path: string, rotation: Rotation, around: Surroundings): Pick<AuditFile, 'write' | 'close'> {
  if (path === '-') return { write: line => void process.stdout.write(`${line}\n`) }
  try {
    const file = new RotatingFile(path, rotation, around)
    return { write: line => file.write(line), close: () => file.close() }
  } catch (cause) {
    throw new UserError(`--audit-log-path=${path} cannot be written: ${(cause as Error).message}`, undefined, { cause })
  }
}

async function auditWebhook(flags: FlagReader, { disk }: Surroundings): Promise<AuditWebhook | undefined> {
  const flag = 'audit-webhook-config-file'
  const path = flags.text(flag)
  const delivery = deliveryOf(flags, 'audit-webhook')
  const initialBackoffMs = flags.duration('audit-webhook-initial-backoff')
  if (path === undefined) return undefined
  return { target: await serviceAt(`--${flag}=${path}`, path, disk), initialBackoffMs, delivery }
}

function deliveryOf(flags: FlagReader, sink: Sink): Partial<DeliveryOptions> {
  oneOf(flags, `${sink}-version`, VERSIONS)
  const bufferSize = count(flags, `${sink}-batch-buffer-size`, 1)
  const maxSize = count(flags, `${sink}-batch-max-size`, 1)
  const maxWaitMs = flags.duration(`${sink}-batch-max-wait`)
  if (bufferSize !== undefined && maxSize !== undefined && maxSize > bufferSize)
    throw new UserError(`--${sink}-batch-max-size=${maxSize} must not be more than --${sink}-batch-buffer-size`)
  const given = { mode: oneOf(flags, `${sink}-mode`, MODES), bufferSize, maxSize, maxWaitMs }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
}

function oneOf<T extends string>(flags: FlagReader, name: string, choices: readonly T[]): T | undefined {
  const text = flags.text(name)
  if (text === undefined || choices.includes(text as T)) return text as T | undefined
  throw new UserError(`--${name}=${text} must be ${choices.join(' or ')}`)
}

function count(flags: FlagReader, name: string, least: number): number | undefined {
  const value = flags.number(name)
  if (value === undefined || (Number.isInteger(value) && value >= least)) return value
  throw new UserError(`--${name}=${value} must be a whole number from ${least} on`)
}
