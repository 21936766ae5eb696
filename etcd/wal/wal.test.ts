import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { type Disk, type DiskFile, systemDisk } from '../../platform/disk.ts'
import { MemoryLog } from '../../platform/log.ts'
import { DiskFullError } from '../raft/errors.ts'
import type { Entry, HardState } from '../raft/message.ts'
import { formatReport, inspectLog } from './inspect.ts'
import { WalDamageError } from './replay.ts'
import { Wal, WalFailedError } from './wal.ts'

const SEGMENT = 4096
let directory: string
let log: MemoryLog

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'kubox-wal-'))
  log = new MemoryLog()
})
afterEach(() => rm(directory, { recursive: true }))

const options = (disk: Disk = systemDisk) => ({ disk, directory, log, segmentBytes: SEGMENT })
const entry = (index: number, term = 1, text = `entry ${index}`): Entry => ({
  index,
  term,
  type: 'normal',
  data: Buffer.from(text),
})
const state = (commit: number, term = 1): HardState => ({ term, vote: 'a', commit })

async function writeLog(batches: Entry[][], disk?: Disk): Promise<void> {
  const wal = await Wal.create(options(disk), Buffer.from('me'), { entries: [] })
  for (const entries of batches) await wal.append({ hardState: state(entries.at(-1)!.index), entries })
  await wal.close()
}

async function readLog() {
  const { wal, contents } = await Wal.open(options())
  await wal.close()
  return { ...contents, words: contents.entries.map(({ data }) => Buffer.from(data).toString()) }
}

async function segments(): Promise<string[]> {
  return (await systemDisk.list(directory)).filter(name => name.endsWith('.wal')).map(name => join(directory, name))
}

/** Changes bytes of a file where it stands. */
async function overwrite(path: string, offset: number, change: (before: Uint8Array) => Uint8Array, length = 1) {
  const file = await systemDisk.open(path)
  await file.write(offset, [change(await file.read(offset, length))])
  await file.close()
}

/** Where each write began, and where the last ended: from the file itself. */
async function writesOf(path: string): Promise<number[]> {
  const bytes = Buffer.from(await systemDisk.read(path))
  const starts = new Set<number>()
  let at = 0
  while (bytes.readUInt32LE(at + 4) !== 0) {
    starts.add(bytes.readUInt32LE(at + 12))
    at += (20 + bytes.readUInt32LE(at) + 7) & ~7
  }
  return [...starts, at]
}

describe('the log on disk', () => {
  it('gives back what was appended, also after a second start', async () => {
    await writeLog([[entry(1), entry(2)], [entry(3)]])
    await readLog()
    const { words, hardState, metadata } = await readLog()
    assert.deepEqual(words, ['entry 1', 'entry 2', 'entry 3'])
    assert.deepEqual(hardState, state(3))
    assert.equal(Buffer.from(metadata).toString(), 'me')
  })

  it('lets a later entry take the place of an earlier one and of all that followed it', async () => {
    await writeLog([[entry(1), entry(2), entry(3)], [entry(2, 2, 'other')]])
    assert.deepEqual((await readLog()).words, ['entry 1', 'other'])
  })

  it('goes on in a new file when one is full, and reads all of them', async () => {
    const batches = Array.from({ length: 100 }, (_, at) => [entry(at + 1, 1, `${at + 1} ${'x'.repeat(100)}`)])
    await writeLog(batches)
    assert.ok((await segments()).length > 3)
    assert.equal((await readLog()).words.length, 100)
  })

  it('takes a batch that is larger than a file', async () => {
    await writeLog([[entry(1)], [entry(2, 1, 'x'.repeat(3 * SEGMENT))], [entry(3)]])
    assert.deepEqual(
      (await readLog()).entries.map(({ data }) => data.length),
      [7, 3 * SEGMENT, 7],
    )
  })

  it('removes files that hold nothing beyond an index, and starts from the rest', async () => {
    const wal = await Wal.create(options(), Buffer.from('me'), { entries: [] })
    for (let index = 1; index <= 100; index++) await wal.append({ entries: [entry(index, 1, 'x'.repeat(100))] })
    await wal.append({ snapshot: { index: 80, term: 1, members: [] }, entries: [] })
    const before = (await segments()).length
    await wal.release(80)
    await wal.close()
    assert.ok((await segments()).length < before)
    const { entries, snapshots } = await readLog()
    assert.ok(entries[0]!.index <= 81)
    assert.equal(entries.at(-1)!.index, 100)
    assert.deepEqual(
      snapshots.map(({ index }) => index),
      [80],
    )
  })

  it('forgets what came before a snapshot from the leader', async () => {
    const wal = await Wal.create(options(), Buffer.from('me'), { entries: [entry(1), entry(2)] })
    await wal.append({ snapshot: { index: 10, term: 3, members: [] }, entries: [entry(11, 3)] })
    await wal.close()
    assert.deepEqual(
      (await readLog()).entries.map(({ index }) => index),
      [11],
    )
  })
})

describe('a torn tail', () => {
  it('is cut wherever the write stopped, and said so', async () => {
    await writeLog([[entry(1)], [entry(2), entry(3)]])
    const [path] = await segments()
    const [, , lastWrite, end] = await writesOf(path!)
    const whole = await systemDisk.read(path!)
    for (let stop = lastWrite! + 1; stop < end!; stop += 7) {
      await overwrite(path!, 0, () => whole)
      await overwrite(path!, stop, () => Buffer.alloc(end! - stop))
      log.entries.length = 0
      assert.deepEqual((await readLog()).words, ['entry 1'], `stopped at ${stop}`)
      assert.ok(log.entries.some(({ level, fields }) => level === 'warn' && fields.offset === lastWrite))
    }
  })

  it('is cut also where the beginning of the last write is missing and its end is there', async () => {
    await writeLog([[entry(1)], [entry(2), entry(3)]])
    const [path] = await segments()
    const [, , lastWrite] = await writesOf(path!)
    await overwrite(path!, lastWrite!, () => Buffer.alloc(30))
    assert.deepEqual((await readLog()).words, ['entry 1'])
  })

  it('leaves nothing behind that a later read could take for a record', async () => {
    await writeLog([[entry(1)], [entry(2), entry(3)]])
    const [path] = await segments()
    const [, , lastWrite] = await writesOf(path!)
    await overwrite(path!, lastWrite!, () => Buffer.alloc(30))
    const { wal } = await Wal.open(options())
    await wal.append({ entries: [entry(2, 2, 'new')] })
    await wal.close()
    assert.deepEqual((await readLog()).words, ['entry 1', 'new'])
  })
})

describe('damage', () => {
  const isDamage = (path: string, offset: number) => (error: unknown) => {
    assert.ok(error instanceof WalDamageError, String(error))
    assert.deepEqual([error.file, error.offset], [path, offset])
    assert.match(error.message, /kubox etcd snapshot restore/)
    assert.ok(error.message.includes(`${path} is damaged at offset ${offset}`), error.message)
    return true
  }
  const flip = (bytes: Uint8Array) => Uint8Array.of(bytes[0]! ^ 4)

  it('before the last write is refused at every byte that matters, with file and offset', async () => {
    await writeLog([[entry(1)], [entry(2)], [entry(3)]])
    const [path] = await segments()
    const [, first, second, third] = await writesOf(path!)
    let refused = 0
    for (let offset = first!; offset < third!; offset += 3) {
      await overwrite(path!, offset, flip)
      const reading = readLog()
      // The zeros that align a record to 8 bytes hold nothing that could be lost.
      const intact = await reading.then(
        ({ words }) => words.length === 3,
        () => false,
      )
      if (!intact) await assert.rejects(reading, isDamage(path!, offset < second! ? first! : second!))
      if (!intact) refused++
      await overwrite(path!, offset, flip)
    }
    assert.ok(refused > (third! - first!) / 3 - 10, `${refused} flips were refused`)
    assert.equal((await readLog()).words.length, 3)
  })

  it('in a file that is not the last is refused, even at its end', async () => {
    await writeLog(Array.from({ length: 100 }, (_, at) => [entry(at + 1, 1, 'x'.repeat(100))]))
    const [path] = await segments()
    const writes = await writesOf(path!)
    await overwrite(path!, writes.at(-2)! + 24, flip)
    await assert.rejects(Wal.open(options()), isDamage(path!, writes.at(-2)!))
  })

  it('of the zeros at the end of an older file is found by the chain', async () => {
    await writeLog(Array.from({ length: 100 }, (_, at) => [entry(at + 1, 1, 'x'.repeat(100))]))
    const [path, next] = await segments()
    const writes = await writesOf(path!)
    await overwrite(path!, writes.at(-2)!, () => Buffer.alloc(writes.at(-1)! - writes.at(-2)!))
    await assert.rejects(Wal.open(options()), isDamage(next!, 0))
  })

  it('is a missing file in the middle', async () => {
    await writeLog(Array.from({ length: 100 }, (_, at) => [entry(at + 1, 1, 'x'.repeat(100))]))
    const [, second, third] = await segments()
    await rm(second!)
    await assert.rejects(Wal.open(options()), isDamage(third!, 0))
  })
})

/** A disk whose files fail when told to. */
class FailingDisk implements Disk {
  failure: string | undefined
  #disk: Disk = systemDisk
  read = (path: string) => this.#disk.read(path)
  list = (path: string) => this.#disk.list(path)
  makeDirectory = (path: string) => this.#disk.makeDirectory(path)
  rename = (from: string, to: string) => this.#disk.rename(from, to)
  remove = (path: string) => this.#disk.remove(path)
  syncDirectory = (path: string) => this.#disk.syncDirectory(path)
  async open(path: string, options?: { create?: boolean }): Promise<DiskFile> {
    const file = await this.#disk.open(path, options)
    return {
      size: () => file.size(),
      read: (position, length) => file.read(position, length),
      truncate: size => file.truncate(size),
      close: () => file.close(),
      sync: () => this.#unlessFailing('EIO', () => file.sync()),
      write: (position, parts) => this.#unlessFailing('ENOSPC', () => file.write(position, parts)),
    }
  }
  async #unlessFailing(code: string, act: () => Promise<void>): Promise<void> {
    if (this.failure === code) throw Object.assign(new Error(code), { code })
    await act()
  }
}

describe('a full disk', () => {
  it('refuses an append, and takes it when there is room again', async () => {
    const disk = new FailingDisk()
    const wal = await Wal.create(options(disk), Buffer.from('me'), { entries: [entry(1)] })
    disk.failure = 'ENOSPC'
    await assert.rejects(wal.append({ entries: [entry(2), entry(3)] }), DiskFullError)
    disk.failure = undefined
    await wal.append({ entries: [entry(2, 2, 'two')] })
    await wal.close()
    assert.deepEqual((await readLog()).words, ['entry 1', 'two'])
  })

  it('is noticed a whole file early', async () => {
    const disk = new FailingDisk()
    const wal = await Wal.create(options(disk), Buffer.from('me'), { entries: [] })
    disk.failure = 'ENOSPC'
    await wal.makeRoom()
    assert.equal(wal.full, false, 'the spare file was made before')
    disk.failure = undefined
    for (let index = 1; !(await segments())[1]; index++)
      await wal.append({ entries: [entry(index, 1, 'x'.repeat(500))] })
    await wal.close()
  })
})

describe('a sync that fails', () => {
  it('ends the log, as nobody knows what is on the disk', async () => {
    const disk = new FailingDisk()
    const wal = await Wal.create(options(disk), Buffer.from('me'), { entries: [entry(1)] })
    disk.failure = 'EIO'
    await assert.rejects(wal.append({ entries: [entry(2)] }), WalFailedError)
    disk.failure = undefined
    await assert.rejects(wal.append({ entries: [entry(2)] }), WalFailedError)
    await wal.close()
    assert.ok((await readLog()).words.includes('entry 1'))
  })
})

describe('inspecting a log', () => {
  it('shows entries, terms and what is torn, and writes nothing', async () => {
    await writeLog([[entry(1), entry(2)], [entry(3, 2)], [entry(4, 2)]])
    const [path] = await segments()
    const writes = await writesOf(path!)
    await overwrite(path!, writes.at(-2)! + 24, bytes => Uint8Array.of(bytes[0]! ^ 1))
    const before = await systemDisk.read(path!)
    const text = formatReport(await inspectLog(systemDisk, directory))
    assert.match(text, /entries 1 to 3 \(3\)/)
    assert.match(text, /term 1: 1 to 2\n {2}term 2: 3\n/)
    assert.match(text, new RegExp(`torn at ${writes.at(-2)}`))
    assert.match(text, /state: term 1, vote a, commit 3/)
    assert.deepEqual(await systemDisk.read(path!), before)
  })

  it('shows damage that keeps a member from starting', async () => {
    await writeLog([[entry(1)], [entry(2)], [entry(3)]])
    const [path] = await segments()
    const [, first] = await writesOf(path!)
    await overwrite(path!, first! + 24, bytes => Uint8Array.of(bytes[0]! ^ 1))
    assert.match(formatReport(await inspectLog(systemDisk, directory)), new RegExp(`DAMAGED at ${first}`))
  })

  it('says that there is none', async () => {
    assert.equal(formatReport(await inspectLog(systemDisk, join(directory, 'none'))), 'there is no log')
  })
})
