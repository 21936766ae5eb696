import { boolYaml11Tag, CORE_SCHEMA, intYaml11Tag, load, mergeTag, NOT_RESOLVED, YAMLException } from 'js-yaml'
import { badRequest } from '../errors.ts'
import { isRecord, setProperty } from '../values.ts'
import { type ParsedText, parseJson } from './json.ts'

/** An alias may stand for much: a text may not grow beyond this many values. */
const MAX_VALUES = 1_000_000
const MAX_DEPTH = 500
const OPENING_BRACE = 0x7b

/** What Kubernetes' manifests are written in: `yes` is true, 0644 is octal, `<<` merges; but 1:30 is no number. */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag, boolYaml11Tag, {
  ...intYaml11Tag,
  resolve: (source, isExplicit, tag) => {
    return source.includes(':') ? NOT_RESOLVED : intYaml11Tag.resolve(source, isExplicit, tag)
  },
})

/** One document of YAML as JSON would say it: no dates, no shared values, keys are strings. */
export function parseYaml(body: Uint8Array): ParsedText {
  if (isJson(body)) return parseJson(body)
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')
  const duplicates: string[] = []
  const value = loadText(text, duplicates)
  const budget = { left: MAX_VALUES }
  return { value: plain(value, budget, 0), duplicates }
}

/** What kubectl sends as YAML is JSON, which is read faster so. `{a: 1}` is YAML only. */
function isJson(body: Uint8Array): boolean {
  if (body[0] !== OPENING_BRACE) return false
  try {
    JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
    return true
  } catch (error) {
    if (error instanceof SyntaxError) return false
    throw error
  }
}

function loadText(text: string, duplicates: string[]): unknown {
  try {
    return load(text, { schema: SCHEMA, maxDepth: MAX_DEPTH })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    if (!error.reason.includes('duplicated mapping key')) {
      throw badRequest(`yaml: line ${(error.mark?.line ?? 0) + 1}: ${error.reason}`)
    }
    duplicates.push(duplicateProblem(text, error))
  }
  return loadLoosely(text)
}

function duplicateProblem(text: string, error: YAMLException): string {
  const line = error.mark?.line ?? 0
  const key = /^[\s-]*(?:"([^"]*)"|([^:]*))\s*:/.exec(text.split('\n')[line] ?? '')
  return `line ${line + 1}: key ${JSON.stringify(key?.[1] ?? key?.[2] ?? '')} already set in map`
}

function loadLoosely(text: string): unknown {
  try {
    return load(text, { schema: SCHEMA, maxDepth: MAX_DEPTH, json: true })
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error
    throw badRequest(`yaml: line ${(error.mark?.line ?? 0) + 1}: ${error.reason}`)
  }
}

function plain(value: unknown, budget: { left: number }, depth: number): unknown {
  if (--budget.left < 0) throw badRequest('yaml: document contains excessive aliasing')
  if (depth > MAX_DEPTH) throw badRequest('exceeded max depth')
  if (Array.isArray(value)) return value.map(item => plain(item, budget, depth + 1))
  if (!isRecord(value)) return typeof value === 'number' && !Number.isFinite(value) ? null : value
  const copy: Record<string, unknown> = {}
  for (const key of Object.keys(value)) setProperty(copy, key, plain(value[key], budget, depth + 1))
  return copy
}
