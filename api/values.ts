/** JSON values: equality, copies, order. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Equal as JSON; a property that is undefined is the same as none. */
export function deepEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => deepEqual(item, b[i]))
  if (!isRecord(a) || !isRecord(b)) return false
  for (const key in a) if (!deepEqual(a[key], b[key])) return false
  for (const key in b) if (b[key] !== undefined && a[key] === undefined) return false
  return true
}

export function deepCopy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(deepCopy) as T
  if (!isRecord(value)) return value
  const copy: Record<string, unknown> = {}
  for (const key in value) if (value[key] !== undefined) setProperty(copy, key, deepCopy(value[key]))
  return copy as T
}

/** Sets a key that came from outside: `__proto__` becomes a plain property. */
export function setProperty(target: Record<string, unknown>, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true })
  } else target[key] = value
}
