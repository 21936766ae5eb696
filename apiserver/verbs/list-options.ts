import { badRequest } from '../../api/errors.ts'
import type { FieldError } from '../../api/kind.ts'
import { invalidObject } from '../../api/validate/errors.ts'
import { isTrue } from '../request.ts'
import { type ContinueToken, decodeContinue } from '../storage/tokens.ts'

export type Match = 'Exact' | 'NotOlderThan'

/** What a list or a watch asks for, checked. */
export interface ListOptions {
  /** undefined: the most recent; 0: any. */
  resourceVersion: number | undefined
  match: Match | undefined
  limit: number
  continue: ContinueToken | undefined
  timeoutSeconds: number | undefined
  allowBookmarks: boolean
  sendInitialEvents: boolean
}

const MOST_REVISION = Number.MAX_SAFE_INTEGER

export function parseListOptions(query: URLSearchParams, watching: boolean): ListOptions {
  const match = query.get('resourceVersionMatch') || undefined
  const token = query.get('continue') || ''
  const version = query.get('resourceVersion') || ''
  const initial = query.get('sendInitialEvents')
  const problems = watching ? checkWatch(match, initial, query) : checkList(match, version, token, initial)
  if (problems.length > 0) throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', problems)
  if (token !== '' && version !== '' && version !== '0') {
    throw badRequest('specifying resource version is not allowed when using continue')
  }
  return {
    resourceVersion: parseRevision(version),
    match: match as Match | undefined,
    limit: parseCount('limit', query.get('limit')) ?? 0,
    continue: token === '' || watching ? undefined : decodeContinue(token),
    timeoutSeconds: parseCount('timeoutSeconds', query.get('timeoutSeconds')),
    allowBookmarks: isTrue(query.get('allowWatchBookmarks')),
    sendInitialEvents: isTrue(initial),
  }
}

function parseRevision(text: string): number | undefined {
  if (text === '') return undefined
  const revision = Number(text)
  if (/^\d+$/.test(text) && revision <= MOST_REVISION) return revision
  throw invalidObject({ group: 'meta.k8s.io', kind: 'ListOptions' }, '', [
    { type: 'Invalid value', field: 'resourceVersion', value: text, detail: 'must be a non-negative integer' },
  ])
}

function parseCount(name: string, text: string | null): number | undefined {
  if (text === null || text === '') return undefined
  const count = Number(text)
  if (!/^-?\d+$/.test(text) || !Number.isSafeInteger(count)) {
    throw badRequest(`${name}: strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
  }
  return Math.max(0, count)
}

const MATCH = 'resourceVersionMatch'
const known = (match: string) => match === 'Exact' || match === 'NotOlderThan'

function checkList(match: string | undefined, version: string, token: string, initial: string | null): FieldError[] {
  const problems: FieldError[] = []
  const forbid = (detail: string) => problems.push({ type: 'Forbidden', field: MATCH, detail })
  if (match !== undefined) {
    if (version === '') forbid('resourceVersionMatch is forbidden unless resourceVersion is provided')
    if (token !== '') forbid('resourceVersionMatch is forbidden when continue is provided')
    if (!known(match)) problems.push(unknownMatch(match))
    if (match === 'Exact' && version === '0') {
      forbid('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
    }
  }
  if (initial !== null && initial !== '') {
    problems.push({ type: 'Forbidden', field: 'sendInitialEvents', detail: 'sendInitialEvents is forbidden for list' })
  }
  return problems
}

function checkWatch(match: string | undefined, initial: string | null, query: URLSearchParams): FieldError[] {
  const asked = initial !== null && initial !== ''
  const problems: FieldError[] = []
  if (match !== undefined && !known(match)) problems.push(unknownMatch(match))
  if (asked && match !== 'NotOlderThan') {
    const detail = 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'
    problems.push({ type: 'Forbidden', field: MATCH, detail })
  }
  if (!asked && match !== undefined) {
    const detail = 'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided'
    problems.push({ type: 'Forbidden', field: MATCH, detail })
  }
  if (isTrue(initial) && !isTrue(query.get('allowWatchBookmarks'))) {
    const detail = 'sendInitialEvents requires allowWatchBookmarks'
    problems.push({ type: 'Forbidden', field: 'allowWatchBookmarks', detail })
  }
  return problems
}

function unknownMatch(match: string): FieldError {
  return {
    type: 'Unsupported value',
    field: MATCH,
    value: match,
    detail: 'supported values: "Exact", "NotOlderThan", ""',
  }
}
