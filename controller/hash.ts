const ALPHABET = 'bcdfghjklmnpqrstvwxz2456789'

/** A short name for a value, equal for equal values whatever the order of their keys; FNV-1a, in letters that spell nothing. */
export function hashOf(value: unknown, salt?: number): string {
  const text = canonical(value) + (salt ? String(salt) : '')
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0
  return Array.from(String(hash), digit => ALPHABET[Number(digit)]).join('')
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null'
  const entries = Object.entries(value).filter(([, member]) => member !== undefined)
  return `{${entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`)
    .join(',')}}`
}
