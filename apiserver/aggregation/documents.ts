import type { ApiResponse } from '../../api/exchange.ts'
import { partOf, type V2Part } from '../../api/openapi/merge.ts'
import { deepEqual } from '../../api/values.ts'
import { readAnswer } from './answers.ts'

/** What another server tells of its group version in OpenAPI. */
export interface ForeignDocuments {
  /** Where its v3 document is asked for, with the hash of what it says. */
  v3?: string
  v2?: V2Part
  /** Of the v2 document: asked again, the server need not send it again. */
  etag?: string
  /** Why it is not told in whole. */
  problem?: string
}

/** Asks for a path; the answer is read while there is still time. */
type Ask = <T>(path: string, headers: Record<string, string>, read: (answer: ApiResponse) => Promise<T>) => Promise<T>

/** A server with much to say, all of it in one document. */
const LONGEST_DOCUMENT = 16 << 20

/**
 * Asks a server for what it says of `path` (`apis/GROUP/VERSION`). One that has nothing to say is as good as any; one
 * that cannot be understood is still known by what it said before. Returns `known` itself when nothing is new.
 */
export async function askDocuments(ask: Ask, path: string, known: ForeignDocuments): Promise<ForeignDocuments> {
  const told = await tellProblem(known, async () => {
    const v3 = await askV3(ask, path)
    return { ...(await askV2(ask, path, known)), v3 }
  })
  return deepEqual(told, known) ? known : told
}

async function tellProblem(known: ForeignDocuments, work: () => Promise<ForeignDocuments>): Promise<ForeignDocuments> {
  try {
    return await work()
  } catch (error) {
    return { ...known, problem: error instanceof Error ? error.message : String(error) }
  }
}

/** Only an address under its own name: another might be anybody's. */
function askV3(ask: Ask, path: string): Promise<string | undefined> {
  return ask('/openapi/v3', {}, async answer => {
    if (answer.status === 404) return undefined
    const index = (await readAnswer(answer, LONGEST_DOCUMENT)) as Index | undefined
    const url = index?.paths?.[path]?.serverRelativeURL
    const isOwn = typeof url === 'string' && (url === `/openapi/v3/${path}` || url.startsWith(`/openapi/v3/${path}?`))
    return isOwn ? url : undefined
  })
}

interface Index {
  paths?: Record<string, { serverRelativeURL?: unknown } | undefined>
}

function askV2(ask: Ask, path: string, { v2, etag }: ForeignDocuments): Promise<ForeignDocuments> {
  return ask('/openapi/v2', etag ? { 'if-none-match': etag } : {}, async answer => {
    if (answer.status === 404) return {}
    if (answer.status === 304) return { v2, etag }
    const part = partOf(await readAnswer(answer, LONGEST_DOCUMENT), `/${path}`)
    const { etag: shown } = answer.headers
    return { v2: part, ...(typeof shown === 'string' ? { etag: shown } : {}) }
  })
}
