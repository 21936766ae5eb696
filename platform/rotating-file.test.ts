import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gunzipSync } from 'node:zlib'
import { FakeClock } from './clock.ts'
import { MemoryLog } from './log.ts'
import { decideKept, RotatingFile, type Rotation } from './rotating-file.ts'

const DAY = 86_400_000

describe('which older files are kept', () => {
  const now = Date.UTC(2026, 0, 10)
  const older = (day: number, more = '') => `audit-2026-01-0${day}T00-00-00.000.log${more}`
  const cases: [string, Partial<Rotation>, string[], string[]][] = [
    ['all, without limits', {}, [older(1), older(9)], []],
    ['the youngest, up to a number', { mostKept: 1 }, [older(1), older(9)], [older(1)]],
    ['those that are young enough', { longestKeptMs: 5 * DAY }, [older(1), older(5), older(9)], [older(1)]],
    ['both ways', { mostKept: 2, longestKeptMs: 2 * DAY }, [older(7), older(8), older(9)], [older(7)]],
    ['packed ones count like others', { mostKept: 1 }, [older(1), older(9, '.gz')], [older(1)]],
    ['packed ones go like others', { mostKept: 1 }, [older(1, '.gz'), older(9)], [older(1, '.gz')]],
    ['the file itself is not one', { mostKept: 1 }, ['audit.log', older(9)], []],
    ['nor is what belongs to somebody else', { mostKept: 1 }, ['audit-old.log', 'x-2026-01-01T00-00-00.000.log'], []],
    ['nor what has no time', { longestKeptMs: 1 }, ['audit-2026-99-01T00-00-00.000.log'], []],
  ]
  for (const [what, rotation, names, dropped] of cases) {
    it(what, () => {
      const limits = { mostKept: 0, longestKeptMs: 0, ...rotation }
      assert.deepEqual(decideKept(names, '/var/log/audit.log', limits, now).dropped, dropped)
    })
  }
})

describe('a rotating file', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kubox-rotating-'))
  })
  after(() => rm(folder, { recursive: true }))

  const open = (name: string, rotation: Partial<Rotation> = {}) => {
    const [clock, log] = [new FakeClock(), new MemoryLog()]
    const path = join(folder, name, 'audit.log')
    const limits = { largestBytes: 10, mostKept: 0, longestKeptMs: 0, packed: false, ...rotation }
    const file = new RotatingFile(path, limits, { clock, log })
    return { clock, log, path, file, names: async () => (await readdir(join(folder, name))).sort() }
  }

  it('begins anew before it would be too large, and loses no line', async () => {
    const { file, names, path } = open('sizes')
    for (const line of ['aaaa', 'bbbb', 'cccc', 'a line that is longer than the file may be', 'd']) file.write(line)
    await file.close()
    const found = await names()
    assert.equal(found.length, 4)
    const texts = await Promise.all(found.map(name => readFile(join(path, '..', name), 'utf8')))
    const long = 'a line that is longer than the file may be\n'
    assert.deepEqual(texts.sort(), ['aaaa\nbbbb\n', 'cccc\n', long, 'd\n'].sort())
    assert.equal(await readFile(path, 'utf8'), 'd\n')
    assert.equal((await stat(path)).mode & 0o777, 0o600)
  })

  it('goes on where it ended', async () => {
    const { file, path } = open('again')
    file.write('aaaa')
    await file.close()
    const { file: second, names } = open('again')
    second.write('bbbb')
    assert.equal(await readFile(path, 'utf8'), 'aaaa\nbbbb\n')
    second.write('c')
    assert.equal(await readFile(path, 'utf8'), 'c\n')
    await second.close()
    assert.equal((await names()).length, 2)
  })

  it('keeps so many older ones', async () => {
    const { clock, file, names } = open('kept', { mostKept: 2 })
    for (const line of ['1 234567', '2 234567', '3 234567', '4 234567', '5 234567']) {
      file.write(line)
      clock.advance(1000)
    }
    await file.close()
    assert.deepEqual(await names(), [
      ...['audit-2026-01-01T00-00-03.000.log', 'audit-2026-01-01T00-00-04.000.log', 'audit.log'],
    ])
  })

  it('packs older ones', async () => {
    const { file, names, path } = open('packed', { packed: true })
    file.write('1 234567')
    file.write('2 234567')
    await file.close()
    const [packed] = await names()
    assert.equal(packed, 'audit-2026-01-01T00-00-00.000.log.gz')
    assert.equal(gunzipSync(await readFile(join(path, '..', packed!))).toString(), '1 234567\n')
  })

  it('says what it could not do', async () => {
    await writeFile(join(folder, 'none'), '')
    assert.throws(() => open('none'), /EEXIST|ENOTDIR/)
    const { file } = open('closed')
    await file.close()
    assert.throws(() => file.write('x'), /is closed/)
  })
})
