import { ApiError } from '../../api/errors.ts'
import type { EntryList } from '../encoding/encoder.ts'
import type { Parts } from '../parts.ts'
import type { Selection } from '../selection.ts'
import type { Entry } from '../storage/entry.ts'
import { shelfPrefix } from '../storage/keys.ts'
import { CompactedError } from '../storage/store.ts'
import { encodeContinue, expiredContinue } from '../storage/tokens.ts'
import type { ListOptions } from './list-options.ts'

/** How long a client that knows a newer revision than we do is made to wait for us. */
const CATCH_UP_MS = 3000
const PAST_PAGE = 500

/**
 * First pages and unpaged lists come from the cache, which is brought up to date where the client wants that. Later pages
 * and exact revisions come from the store's history, so that all pages of a list are of one moment.
 */
export async function listEntries(parts: Parts, selection: Selection, options: ListOptions): Promise<EntryList> {
  const token = options.continue
  if (token && token.revision > 0) return listPast(parts, selection, token.revision, token.start, options.limit)
  if (wantsExact(options)) {
    await reach(parts, options.resourceVersion!)
    return listPast(parts, selection, options.resourceVersion!, '', options.limit)
  }
  if (options.resourceVersion === undefined) await parts.cache.upToDate()
  else await reach(parts, options.resourceVersion)
  // Clients that take any version have always been given the whole list in one piece.
  const limit = options.resourceVersion === 0 ? 0 : options.limit
  return listNow(parts, selection, token?.start ?? '', limit)
}

function wantsExact({ match, resourceVersion, limit }: ListOptions): boolean {
  return match === 'Exact' || (match === undefined && limit > 0 && (resourceVersion ?? 0) > 0)
}

async function reach(parts: Parts, revision: number): Promise<void> {
  if (await parts.cache.reaches(revision, CATCH_UP_MS)) return
  throw tooLarge(revision, parts.cache.revision)
}

function tooLarge(wanted: number, current: number): ApiError {
  const message = `Too large resource version: ${wanted}, current: ${current}`
  const causes = [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }]
  return new ApiError('Timeout', `Timeout: ${message}`, { causes, retryAfterSeconds: 1 })
}

function listNow(parts: Parts, selection: Selection, from: string, limit: number): EntryList {
  const { kind, end, matches } = selection
  const prefix = shelfPrefix(kind)
  const shelf = parts.objects.shelf(kind)
  const start = from === '' ? selection.start : later(selection.start, prefix + from)
  const revision = parts.cache.revision
  const all = limit === 0 || matches ? shelf.range(start, end) : shelf.range(start, end, limit + 1)
  const wanted = matches ? all.filter(matches) : all
  if (limit === 0 || wanted.length <= limit) return { kind, entries: wanted, revision }
  const entries = wanted.slice(0, limit)
  const next = afterKey(entries.at(-1)!, prefix)
  const remaining = matches ? undefined : shelf.count(prefix + next, end)
  return { kind, entries, revision, continue: encodeContinue({ revision, start: next }), remaining }
}

async function listPast(
  parts: Parts,
  selection: Selection,
  revision: number,
  from: string,
  limit: number,
): Promise<EntryList> {
  const { kind, end, matches } = selection
  const prefix = shelfPrefix(kind)
  let start = from === '' ? selection.start : later(selection.start, prefix + from)
  const entries: Entry[] = []
  for (;;) {
    const wanted = limit === 0 ? PAST_PAGE : Math.max(limit - entries.length, matches ? PAST_PAGE : 0)
    const page = await rangeAt(parts, start, end, revision, wanted, prefix)
    for (const [index, entry] of page.entries.entries()) {
      if (matches && !matches(entry)) continue
      entries.push(entry)
      if (entries.length !== limit) continue
      const left = page.count - index - 1
      if (left === 0) return { kind, entries, revision }
      const token = encodeContinue({ revision, start: afterKey(entry, prefix) })
      return { kind, entries, revision, continue: token, remaining: matches ? undefined : left }
    }
    if (!page.more) return { kind, entries, revision }
    start = `${page.entries.at(-1)!.key}\0`
  }
}

async function rangeAt(parts: Parts, start: string, end: string, revision: number, limit: number, prefix: string) {
  try {
    return await parts.objects.rangeAt(start, end, revision, limit)
  } catch (error) {
    if (error instanceof CompactedError) throw expiredContinue(start.slice(prefix.length))
    throw error
  }
}

/** The place right after an entry, told without the prefix that all keys of the kind share. */
function afterKey(entry: Entry, prefix: string): string {
  return `${entry.key.slice(prefix.length)}\0`
}

/** A token never leads out of the namespace that was asked for. */
function later(a: string, b: string): string {
  return a > b ? a : b
}
