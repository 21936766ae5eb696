import assert from 'node:assert/strict'
import * as fs from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { FakeClock } from '../../../platform/clock.ts'
import { MemoryLog } from '../../../platform/log.ts'
import { dockerLogFolder, type LogFile, oldestFirst } from './files.ts'
import { LineReader, linesBackward } from './lines.ts'
import type { LogOptions } from './options.ts'
import { readLog, tailStart } from './read.ts'
import { watchFolderOf } from './watch.ts'

const NO_OPTIONS: LogOptions = { follow: false, previous: false, timestamps: false }

function entry(log: string, second = 0): string {
  return `${JSON.stringify({ log, stream: 'stdout', time: `2026-01-01T00:00:${String(second).padStart(2, '0')}Z` })}\n`
}

function memoryFile(content: string, identity = 'memory', reads: number[] = []): LogFile {
  const bytes = Buffer.from(content)
  return {
    identity,
    modifiedAt: 0,
    size: async () => bytes.length,
    async read(position, length) {
      reads.push(length)
      return bytes.subarray(position, position + length)
    },
    close: async () => undefined,
  }
}

describe('the files of a log', () => {
  const CASES: [names: string[], found: string[]][] = [
    [['a-json.log'], ['a-json.log']],
    [
      ['a-json.log', 'a-json.log.1', 'a-json.log.2', 'config.v2.json', 'a-json.log.tmp', 'xa-json.log'],
      ['a-json.log.2', 'a-json.log.1', 'a-json.log'],
    ],
    [
      Array.from({ length: 12 }, (_, age) => (age === 0 ? 'a-json.log' : `a-json.log.${age}.gz`)),
      [...Array.from({ length: 11 }, (_, index) => `a-json.log.${11 - index}.gz`), 'a-json.log'],
    ],
    [
      ['a-json.log', 'a-json.log.1', 'a-json.log.1.gz'],
      ['a-json.log.1', 'a-json.log'],
    ],
    [['other'], []],
  ]
  for (const [names, found] of CASES) {
    it(`${names.length} names, ${found.length} of them`, () =>
      assert.deepEqual(oldestFirst('a-json.log', names), found))
  }
})

describe('lines of a log file', () => {
  const content = fc.array(fc.string({ maxLength: 200, unit: 'grapheme' }).map(text => text.replaceAll('\n', ' ')))

  it('come forward and backward the same, but for a last one without end', async () => {
    const longLines = content.chain(lines =>
      fc.tuple(fc.constant(lines), fc.array(fc.integer({ min: 1, max: 90_000 }), { maxLength: 3 })),
    )
    await fc.assert(
      fc.asyncProperty(
        longLines,
        fc.string().map(rest => rest.replaceAll('\n', '')),
        async ([lines, longs], rest) => {
          const all = [...lines, ...longs.map(length => 'x'.repeat(length)), ...lines]
          const file = memoryFile(all.map(line => `${line}\n`).join('') + rest)
          const reader = new LineReader(file)
          const forward: string[] = []
          for (let some = await reader.next(); some; some = await reader.next()) forward.push(...some)
          assert.deepEqual(forward, all)
          const backward: string[] = []
          for await (const line of linesBackward(file)) backward.unshift(line.text)
          assert.deepEqual(backward, all)
        },
      ),
      { seed: 3, numRuns: 60 },
    )
  })

  it('are read forward from where each one backward says the next begins', async () => {
    const file = memoryFile('one\ntwo\nthree\n')
    for await (const { text, end } of linesBackward(file)) {
      const next = (await new LineReader(file, end).next())?.[0]
      assert.equal(next, { one: 'two', two: 'three', three: undefined }[text])
    }
  })
})

describe('where the last lines begin', () => {
  const files = (...contents: string[]) => contents.map((content, index) => memoryFile(content, String(index)))
  const full = [0, 1, 2].map(at => entry(`line ${at}\n`)).join('')
  const CASES: [name: string, files: LogFile[], count: number, text: string][] = [
    ['none of it', files(full), 0, ''],
    ['the last', files(full), 1, 'line 2\n'],
    ['more than there are', files(full), 9, 'line 0\nline 1\nline 2\n'],
    [
      'a line in pieces counts once',
      files(entry('a\n') + entry('b1 ') + entry('b2\n') + entry('c\n')),
      2,
      'b1 b2\nc\n',
    ],
    ['a line without end counts', files(full + entry('prompt> ')), 2, 'line 2\nprompt> '],
    ['across files', files(full, full, entry('new\n')), 5, 'line 1\nline 2\nline 0\nline 1\nline 2\nnew\n'.slice(7)],
    ['an empty newest file', files(full, ''), 1, 'line 2\n'],
    ['no file', [], 3, ''],
  ]
  for (const [name, list, count, text] of CASES) {
    it(name, async () => {
      const folder = { open: async () => list, current: async () => list.at(-1)?.identity }
      const around = { folder, running: async () => false, changed: assert.fail, signal: new AbortController().signal }
      assert.equal(await collect(readLog({ ...NO_OPTIONS, tailLines: count }, around)), text)
    })
  }

  it('costs one block, however long the log is', async () => {
    const reads: number[] = []
    const long = memoryFile(entry('line\n').repeat(200_000), 'long', reads)
    await tailStart([long], 10)
    assert.ok(reads.length === 1 && reads[0]! <= 65536, `${reads.length} reads`)
  })
})

describe('a log on disk', () => {
  let folder: string
  let log: string
  before(async () => {
    folder = await fs.mkdtemp(join(tmpdir(), 'kubox-logs-'))
    log = join(folder, 'c-json.log')
  })
  after(() => fs.rm(folder, { recursive: true }))

  it('is read through its rotated files, packed ones too', async () => {
    await fs.writeFile(`${log}.2.gz`, gzipSync(entry('oldest\n', 1)))
    await fs.writeFile(`${log}.1`, entry('older\n', 2))
    await fs.writeFile(log, `${entry('newest\n', 3)}{"log":"not yet compl`)
    assert.equal(await read({}), 'oldest\nolder\nnewest\n')
    assert.equal(await read({ tailLines: 2 }), 'older\nnewest\n')
    assert.equal(await read({ since: '2026-01-01T00:00:02.500000000Z' }), 'newest\n')
    assert.equal(await read({ limitBytes: 9 }), 'oldest\nol')
  })

  it('that is not there is empty', async () => {
    assert.equal(await collect(readLog(NO_OPTIONS, around(join(folder, 'none', 'x-json.log')))), '')
  })

  it('is followed from the end that a tail leaves, through rotations, restarts in place and half-written lines', async () => {
    await fs.rm(`${log}.2.gz`)
    await fs.writeFile(log, entry('first\n'))
    const follower = new Follower(log, { tailLines: 1 })
    await follower.saw('first\n')
    await fs.appendFile(log, entry('second\n').slice(0, 20))
    await fs.appendFile(log, entry('second\n').slice(20))
    await follower.saw('second\n')
    await fs.appendFile(log, entry('before the rotation\n'))
    await fs.rename(log, `${log}.1`)
    await fs.writeFile(log, entry('after it\n'))
    await follower.saw('before the rotation\nafter it\n')
    await fs.truncate(log)
    await fs.appendFile(log, entry('cut\n'))
    await follower.saw('cut\n')
    await fs.appendFile(log, entry('last words\n'))
    follower.running = false
    await follower.saw('last words\n')
    await follower.done
  })

  it('is followed until the client leaves', async () => {
    const follower = new Follower(log, {})
    await follower.saw('last words\n')
    follower.leave()
    await follower.done
  })

  it('keeps one file open while it follows', async () => {
    const follower = new Follower(log, {})
    for (let round = 0; round < 5; round++) {
      await fs.rename(log, `${log}.1`)
      await fs.writeFile(log, entry(`round ${round}\n`))
      await follower.saw(`round ${round}\n`)
    }
    const open = await Promise.all(
      (await fs.readdir('/proc/self/fd')).map(fd => fs.readlink(`/proc/self/fd/${fd}`).catch(() => '')),
    )
    assert.equal(open.filter(target => target.includes('c-json.log')).length, 1)
    follower.leave()
    await follower.done
  })

  const read = (options: Partial<LogOptions>) => collect(readLog({ ...NO_OPTIONS, ...options }, around(log)))

  function around(path: string) {
    return {
      folder: dockerLogFolder(path),
      running: async () => false,
      changed: async () => assert.fail('nothing to wait for'),
      signal: new AbortController().signal,
    }
  }
})

/** Follows a log with a clock that stands still: only the file system's own notices wake it. */
class Follower {
  running = true
  readonly done: Promise<void>
  readonly #left = new AbortController()
  #text = ''
  #seen = 0
  #wake = () => {}

  constructor(path: string, options: Partial<LogOptions>) {
    const watch = watchFolderOf(path, new FakeClock(), this.#left.signal, new MemoryLog())
    this.#wake = () => void fs.utimes(path, new Date(), new Date())
    const log = readLog(
      { ...NO_OPTIONS, ...options, follow: true },
      {
        folder: dockerLogFolder(path),
        running: async () => this.running,
        changed: () => watch.changed(),
        signal: this.#left.signal,
      },
    )
    this.done = (async () => {
      for await (const chunk of log) this.#text += chunk
      watch.close()
    })()
  }

  leave(): void {
    this.#left.abort()
  }

  /** Exactly this comes next. */
  async saw(text: string): Promise<void> {
    const end = performance.now() + 5000
    this.#wake()
    while (!this.#text.slice(this.#seen).endsWith(text)) {
      assert.ok(
        performance.now() < end,
        `saw ${JSON.stringify(this.#text.slice(this.#seen))} where ${JSON.stringify(text)} was expected`,
      )
      await new Promise(resolve => setImmediate(resolve))
    }
    if (this.#seen > 0) assert.equal(this.#text.slice(this.#seen), text)
    this.#seen = this.#text.length
  }
}

async function collect(chunks: AsyncIterable<Buffer>): Promise<string> {
  let text = ''
  for await (const chunk of chunks) text += chunk
  return text
}
