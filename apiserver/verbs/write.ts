import type { Identity } from '../../api/exchange.ts'
import type { FieldError, Kind } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import type { AdmissionRequest, Operation } from '../admission/admission.ts'
import type { Call } from '../call.ts'

/** Who writes what, and how: what is the same for every way of writing an object. */
export interface Write {
  kind: Kind
  namespace: string
  /** '' where the path has none: then the object names itself. */
  name: string
  subresource: string
  user: Identity
  dryRun: boolean
  /** Who owns the fields that this write sets. */
  fieldManager: string
  /** Server-side apply: the object comes with the ownership of its fields. */
  applied?: boolean
  options: Record<string, unknown>
  warnings: string[]
  /** For the audit log. */
  annotations?: Record<string, string>
  /** Time that others take of it. */
  elsewhere?: { ms: number }
}

const LONGEST_MANAGER = 128

export function writeOf(call: Call, kind: Kind, optionsKind = 'CreateOptions'): Write {
  const { query, headers } = call.request
  const dryRun = query.getAll('dryRun')
  const fieldManager = query.get('fieldManager') ?? ''
  const problems = [...checkDryRun(dryRun), ...checkManager(fieldManager)]
  if (problems.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: optionsKind }, '', problems)
  return {
    kind,
    namespace: call.info.namespace,
    name: call.info.name,
    subresource: call.info.subresource,
    user: call.user,
    dryRun: dryRun.length > 0,
    fieldManager: fieldManager || managerOf(headers['user-agent']),
    options: { kind: optionsKind, apiVersion: 'meta.k8s.io/v1', ...(dryRun.length > 0 ? { dryRun } : {}) },
    warnings: call.warnings,
    annotations: call.annotations,
    elsewhere: call.elsewhere,
  }
}

/** The question that is put to the admission plugins about this write. */
export function admissionOf(
  write: Write,
  operation: Operation,
  object?: KubeObject,
  old?: KubeObject,
): AdmissionRequest {
  const { kind, namespace, subresource, user, dryRun, options, warnings, annotations, elsewhere } = write
  const name = object?.metadata?.name ?? old?.metadata?.name ?? write.name
  return {
    ...{ operation, kind, subresource, namespace, name, object, old, user, dryRun, options, warnings },
    ...{ annotations, elsewhere },
  }
}

function checkDryRun(values: string[]): FieldError[] {
  return values
    .filter(value => value !== 'All')
    .map(value => ({ type: 'Unsupported value', field: 'dryRun', value, detail: 'supported values: "All"' }))
}

function checkManager(manager: string): FieldError[] {
  const field = 'fieldManager'
  if (manager.length > LONGEST_MANAGER) {
    return [{ type: 'Too long', field, detail: `may not be more than ${LONGEST_MANAGER} bytes` }]
  }
  if (/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]*$/u.test(manager)) return []
  return [{ type: 'Invalid value', field, value: manager, detail: 'should only contain printable characters' }]
}

/** Clients that do not name themselves are known by their program: `kubectl/v1.30` is kubectl. */
function managerOf(userAgent: string | undefined): string {
  const program = (userAgent ?? '').split('/')[0]!.slice(0, LONGEST_MANAGER)
  return program === '' ? 'unknown' : program
}
