import { RuntimeError } from '../runtime.ts'

interface EngineRefusal {
  statusCode?: number
  code?: string
  json?: { message?: string } | string
  message?: string
}

const CONNECTION_CODES = ['ECONNREFUSED', 'ENOENT', 'ECONNRESET', 'EPIPE', 'EACCES', 'ETIMEDOUT', 'ABORT_ERR']

/** Whatever dockerode threw, as a RuntimeError that says whether trying again makes sense. */
export function translateError(what: string, thrown: unknown): RuntimeError {
  if (thrown instanceof RuntimeError) return thrown
  const refusal = thrown as EngineRefusal
  const message = messageOf(refusal)
  if (refusal.statusCode === undefined) return connectionError(what, refusal, message)
  const reason = reasonOf(refusal.statusCode, message)
  const temporary = refusal.statusCode >= 500 || reason === 'RateLimited'
  return new RuntimeError(reason, message, temporary, { cause: thrown })
}

function connectionError(what: string, refusal: EngineRefusal, message: string): RuntimeError {
  const lost = CONNECTION_CODES.includes(refusal.code ?? '') || /socket hang up|timeout/i.test(message)
  const text = lost ? `Docker does not answer (${what}): ${message}` : `${what}: ${message}`
  return new RuntimeError(lost ? 'Unavailable' : 'Unknown', text, true, { cause: refusal })
}

/** The engine's own sentence, without dockerode's "(HTTP code 404) no such container - " before it. */
function messageOf(refusal: EngineRefusal): string {
  if (typeof refusal.json === 'object' && refusal.json?.message) return refusal.json.message.trim()
  return (refusal.message ?? String(refusal)).replace(/^\(HTTP code \d+\) [^-]*- /, '').trim()
}

export function reasonOf(status: number, message: string): RuntimeError['reason'] {
  if (/toomanyrequests|too many requests|rate limit/i.test(message) || status === 429) return 'RateLimited'
  if (/unauthorized|authentication required|pull access denied|denied:/i.test(message)) return 'Unauthorized'
  if (status === 401 || status === 403) return 'Unauthorized'
  if (status === 404 || /manifest unknown|manifest for .* not found/i.test(message)) return 'NotFound'
  if (status === 409) return 'Conflict'
  if (status === 400) return 'Invalid'
  return 'Unknown'
}
