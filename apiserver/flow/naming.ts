import type { ApiResponse } from '../../api/exchange.ts'
import type { CompiledSchema } from './plan.ts'

type Headers = ApiResponse['headers']

/** Headers that are the same object for many answers stay so: one for each schema, whose text is made once. */
const named = new WeakMap<Headers, Map<CompiledSchema, { headers: Headers; uids: string }>>()

/** Says which schema and level had the say over a request: by their uids, which tell a stranger nothing. */
export function nameFlow(response: ApiResponse, schema: CompiledSchema): ApiResponse {
  const { headers } = response
  return { ...response, headers: Object.isFrozen(headers) ? shared(headers, schema) : withUids(headers, schema) }
}

function shared(headers: Headers, schema: CompiledSchema): Headers {
  const bySchema = named.get(headers) ?? new Map()
  if (bySchema.size === 0) named.set(headers, bySchema)
  const known = bySchema.get(schema)
  const uids = schema.uid + schema.level.uid
  if (known?.uids === uids) return known.headers
  const made = Object.freeze(withUids(headers, schema))
  bySchema.set(schema, { headers: made, uids })
  return made
}

function withUids(headers: Headers, { uid, level }: CompiledSchema): Headers {
  return { ...headers, 'x-kubernetes-pf-flowschema-uid': uid, 'x-kubernetes-pf-prioritylevel-uid': level.uid }
}
