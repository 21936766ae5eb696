import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { type EntryFilter, EntryPrinter, fixedTime, type LogEntry, parseEntry } from './entry.ts'

describe('a line of a json-file log', () => {
  const CASES: [line: string, entry: LogEntry | undefined][] = [
    [
      '{"log":"hello\\n","stream":"stdout","time":"2026-01-02T03:04:05.6Z"}',
      { text: 'hello\n', stream: 'stdout', time: '2026-01-02T03:04:05.600000000Z' },
    ],
    [
      '{"log":"ünïcode \\u0001 \\"quoted\\"","stream":"stderr","attrs":{"a":"b"},"time":"2026-01-02T03:04:05.123456789Z"}',
      { text: 'ünïcode \u0001 "quoted"', stream: 'stderr', time: '2026-01-02T03:04:05.123456789Z' },
    ],
    ['{"log":"half a li', undefined],
    ['', undefined],
    ['\0\0\0\0', undefined],
    ['null', undefined],
    ['{"log":5,"stream":"stdout","time":"2026-01-02T03:04:05Z"}', undefined],
    ['{"log":"no time","stream":"stdout"}', undefined],
  ]
  for (const [line, entry] of CASES) {
    it(`${JSON.stringify(line.slice(0, 40))}`, () => assert.deepEqual(parseEntry(line), entry))
  }
})

describe('times with nine digits', () => {
  const CASES: [from: string, to: string][] = [
    ['2026-01-02T03:04:05Z', '2026-01-02T03:04:05.000000000Z'],
    ['2026-01-02T03:04:05.1Z', '2026-01-02T03:04:05.100000000Z'],
    ['2026-01-02T03:04:05.123456789Z', '2026-01-02T03:04:05.123456789Z'],
    ['2026-01-02T03:04:05.5+02:00', '2026-01-02T01:04:05.500000000Z'],
    ['2026-01-01T00:30:00-01:00', '2026-01-01T01:30:00.000000000Z'],
  ]
  for (const [from, to] of CASES) it(`${from} is ${to}`, () => assert.equal(fixedTime(from), to))
})

describe('what is printed of entries', () => {
  const at = (second: number, text: string, stream = 'stdout'): LogEntry => ({
    text,
    stream,
    time: `2026-01-01T00:00:0${second}.000000000Z`,
  })
  const CASES: [name: string, filter: EntryFilter, entries: LogEntry[], printed: string][] = [
    ['everything', { timestamps: false }, [at(1, 'a\n'), at(2, 'b\n', 'stderr')], 'a\nb\n'],
    ['one stream', { timestamps: false, stream: 'stderr' }, [at(1, 'a\n'), at(2, 'b\n', 'stderr')], 'b\n'],
    [
      'since a time',
      { timestamps: false, since: at(2, '').time },
      [at(1, 'a\n'), at(2, 'b\n'), at(3, 'c\n')],
      'b\nc\n',
    ],
    [
      'one timestamp for a line in pieces',
      { timestamps: true },
      [at(1, 'long '), at(2, 'line\n'), at(3, 'next\n')],
      '2026-01-01T00:00:01.000000000Z long line\n2026-01-01T00:00:03.000000000Z next\n',
    ],
    [
      'pieces of two streams kept apart',
      { timestamps: true },
      [at(1, 'out '), at(2, 'err\n', 'stderr'), at(3, 'put\n')],
      '2026-01-01T00:00:01.000000000Z out 2026-01-01T00:00:02.000000000Z err\nput\n',
    ],
  ]
  for (const [name, filter, entries, printed] of CASES) {
    it(name, () => {
      const printer = new EntryPrinter(filter)
      assert.equal(entries.map(entry => printer.print(entry)).join(''), printed)
    })
  }
})
