import type { Disk } from '../../platform/disk.ts'
import { type SegmentScan, scanSegment } from './record.ts'
import { parseSegmentName } from './segment.ts'

/** What stands in one file of a log. */
export interface SegmentReport {
  file: string
  bytes: number
  /** Where its good records end. */
  end: number
  records: number
  entries?: { first: number; last: number; count: number }
  /** Each term with its entries, in order of their writing. */
  terms: { term: number; first: number; last: number }[]
  /** Does it chain to the file before? Of the oldest that is left, nobody knows. */
  chained: boolean
  tail: SegmentScan['tail']
}

export interface LogReport {
  segments: SegmentReport[]
  hardState?: { term: number; vote: string; commit: number }
  snapshots: { index: number; term: number; members: string[] }[]
}

/** Reads a log without a member, and writes nothing, whatever is wrong with it. */
export async function inspectLog(disk: Disk, directory: string): Promise<LogReport> {
  const report: LogReport = { segments: [], snapshots: [] }
  let checksum: number | undefined
  for (const file of (await disk.list(directory)).filter(name => parseSegmentName(name))) {
    const bytes = Buffer.from(await disk.read(`${directory}/${file}`))
    const begins = bytes.length >= 12 ? bytes.readUInt32LE(8) : 0
    const scan = scanSegment(bytes, begins)
    const chained = checksum === undefined || checksum === begins
    report.segments.push({ ...describeScan(scan), file, bytes: bytes.length, chained })
    noteStates(report, scan)
    checksum = scan.checksum
  }
  return report
}

function describeScan({
  records,
  end,
  tail,
}: SegmentScan): Pick<SegmentReport, 'end' | 'records' | 'entries' | 'terms' | 'tail'> {
  const entries = records.flatMap(({ record }) => (record.type === 'entry' ? [record.entry] : []))
  const terms: SegmentReport['terms'] = []
  for (const { term, index } of entries) {
    const current = terms.at(-1)
    if (current?.term === term && index === current.last + 1) current.last = index
    else terms.push({ term, first: index, last: index })
  }
  const range = { first: entries[0]?.index ?? 0, last: entries.at(-1)?.index ?? 0, count: entries.length }
  return { end, records: records.length, terms, tail, ...(entries.length > 0 ? { entries: range } : {}) }
}

function noteStates(report: LogReport, { records }: SegmentScan): void {
  for (const { record } of records) {
    if (record.type === 'hardState') report.hardState = record.hardState
    if (record.type !== 'snapshot') continue
    const { index, term, members } = record.snapshot
    if (report.snapshots.some(known => known.index === index)) continue
    report.snapshots.push({
      index,
      term,
      members: members.map(member => (member.learner ? `${member.id} (learner)` : member.id)),
    })
  }
}

/** The report as a person reads it. */
export function formatReport({ segments, hardState, snapshots }: LogReport): string {
  const lines = segments.flatMap(formatSegment)
  if (hardState)
    lines.push(`state: term ${hardState.term}, vote ${hardState.vote || 'none'}, commit ${hardState.commit}`)
  for (const { index, term, members } of snapshots) {
    lines.push(`snapshot: up to entry ${index} of term ${term}, members ${members.join(', ')}`)
  }
  return segments.length === 0 ? 'there is no log' : lines.join('\n')
}

function formatSegment({ file, bytes, end, records, entries, terms, chained, tail }: SegmentReport): string[] {
  const content = entries ? `entries ${entries.first} to ${entries.last} (${entries.count})` : 'no entries'
  const lines = [`${file}: ${records} records, ${content}, ${end} of ${bytes} bytes used`]
  for (const { term, first, last } of terms)
    lines.push(`  term ${term}: ${first === last ? first : `${first} to ${last}`}`)
  if (!chained) lines.push('  DAMAGED: does not go on from the file before; records or files between them are lost')
  if (tail === 'torn') lines.push(`  torn at ${end}: a write that was never finished; it is cut when the member starts`)
  if (tail === 'damaged') lines.push(`  DAMAGED at ${end}: a record cannot be read, although later ones can`)
  return lines
}
