import { badRequest } from '../../api/errors.ts'
import type { FieldError } from '../../api/kind.ts'
import type { KubeObject } from '../../api/objects.ts'
import { invalidObject } from '../../api/validate/errors.ts'

export type Propagation = 'Foreground' | 'Background' | 'Orphan'

export interface DeleteOptions {
  gracePeriodSeconds?: number
  propagation?: Propagation
  uid?: string
  resourceVersion?: string
  dryRun: boolean
}

/** Options come in the body, and with less power in the query. */
export function parseDeleteOptions(query: URLSearchParams, body: KubeObject | undefined): DeleteOptions {
  const given = (body ?? {}) as Record<string, unknown>
  const preconditions = (given.preconditions ?? {}) as { uid?: string; resourceVersion?: string }
  const dryRun = given.dryRun ?? query.getAll('dryRun')
  const propagation = (given.propagationPolicy ?? query.get('propagationPolicy') ?? undefined) as string | undefined
  const orphan = given.orphanDependents ?? booleanOf(query.get('orphanDependents'))
  const problems = checkOptions(dryRun, propagation, orphan)
  if (problems.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'DeleteOptions' }, '', problems)
  return {
    gracePeriodSeconds: secondsOf(given.gracePeriodSeconds ?? query.get('gracePeriodSeconds')),
    propagation: (propagation as Propagation | undefined) ?? orphanPropagation(orphan),
    uid: preconditions.uid,
    resourceVersion: preconditions.resourceVersion,
    dryRun: (dryRun as string[]).length > 0,
  }
}

function checkOptions(dryRun: unknown, propagation: string | undefined, orphan: unknown): FieldError[] {
  const problems: FieldError[] = []
  if (!Array.isArray(dryRun)) throw badRequest('dryRun must be a list of strings')
  for (const value of dryRun) {
    if (value !== 'All') {
      problems.push({ type: 'Unsupported value', field: 'dryRun', value, detail: 'supported values: "All"' })
    }
  }
  if (propagation !== undefined && !['Foreground', 'Background', 'Orphan'].includes(propagation)) {
    const detail = 'supported values: "Background", "Foreground", "Orphan", ""'
    problems.push({ type: 'Unsupported value', field: 'propagationPolicy', value: propagation, detail })
  }
  if (propagation !== undefined && typeof orphan === 'boolean') {
    const detail = 'orphanDependents and deletionPropagation cannot be both set'
    problems.push({ type: 'Invalid value', field: 'propagationPolicy', value: propagation, detail })
  }
  return problems
}

function orphanPropagation(orphan: unknown): Propagation | undefined {
  return typeof orphan === 'boolean' ? (orphan ? 'Orphan' : 'Background') : undefined
}

function booleanOf(text: string | null): boolean | undefined {
  return text === null || text === '' ? undefined : text === 'true' || text === '1'
}

function secondsOf(value: unknown): number | undefined {
  if (value === null || value === undefined || value === '') return undefined
  const seconds = Number(value)
  if (!Number.isSafeInteger(seconds))
    throw badRequest(`gracePeriodSeconds: Invalid value: ${JSON.stringify(value)}: must be an integer`)
  return seconds
}
