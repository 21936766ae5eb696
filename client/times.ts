/** `2026-01-31T12:00:00Z`: the Time of the API, whole seconds. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z')
}

/** `2026-01-31T12:00:00.123000Z`: the MicroTime of leases and events. */
export function microTimestamp(ms: number): string {
  return new Date(ms).toISOString().replace('Z', '000Z')
}

/** Milliseconds since 1970; undefined for what is absent. */
export function parseTime(text: string | undefined): number | undefined {
  if (!text) return undefined
  const ms = Date.parse(text)
  return Number.isNaN(ms) ? undefined : ms
}
