/** Sets of completion indexes as a Job's status writes them: `0-3,5,7-9`. */
export function parseIndexes(text: string | undefined): Set<number> {
  const indexes = new Set<number>()
  for (const part of (text ?? '').split(',')) {
    if (part === '') continue
    const [first = '', last = first] = part.split('-')
    for (let index = Number(first); index <= Number(last); index++) indexes.add(index)
  }
  return indexes
}

export function formatIndexes(indexes: Iterable<number>): string {
  const sorted = [...indexes].sort((a, b) => a - b)
  const parts: string[] = []
  for (let i = 0; i < sorted.length; ) {
    let end = i
    while (sorted[end + 1] === sorted[end]! + 1) end++
    parts.push(end === i ? `${sorted[i]}` : `${sorted[i]}${end === i + 1 ? ',' : '-'}${sorted[end]}`)
    i = end + 1
  }
  return parts.join(',')
}
