import { isRecord } from '../values.ts'

/** What an element of a list is known by: its key's value, or all of it where it has none. */
export function identity(element: unknown, key: string | undefined): string {
  return JSON.stringify(key && isRecord(element) ? element[key] : element) ?? ''
}

/**
 * The order of a merged list: what the patch names stands in the patch's order, what only the server has keeps its own,
 * and where both meet, the server's order decides.
 */
export function orderElements(
  merged: readonly unknown[],
  wanted: readonly unknown[],
  before: readonly unknown[],
  key: string | undefined,
): unknown[] {
  const inPatch = positions(wanted, key)
  const onServer = positions(before, key)
  const elements = merged.map(value => {
    const id = identity(value, key)
    return { value, patch: inPatch.get(id) ?? -1, server: onServer.get(id) ?? -1 }
  })
  const named = elements.filter(one => one.patch >= 0).sort((a, b) => a.patch - b.patch)
  const serverOnly = elements.filter(one => one.patch < 0).sort((a, b) => a.server - b.server)
  const result: unknown[] = []
  let next = 0
  for (const one of named) {
    while (next < serverOnly.length && serverOnly[next]!.server >= 0 && serverOnly[next]!.server < one.server) {
      result.push(serverOnly[next++]!.value)
    }
    result.push(one.value)
  }
  return [...result, ...serverOnly.slice(next).map(one => one.value)]
}

function positions(list: readonly unknown[], key: string | undefined): Map<string, number> {
  return new Map(list.map((element, index): [string, number] => [identity(element, key), index]).reverse())
}
