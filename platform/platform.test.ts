import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { FakeClock, pause, sleep, systemClock } from './clock.ts'
import { errorCode, ifPresent, readTextIfAny, systemDisk, writeFileAtomic } from './disk.ts'
import { MemoryLog, openLog } from './log.ts'
import { runChecked, systemProcesses } from './processes.ts'
import { nameSuffix, randomBelow, seededRandom, systemRandom } from './random.ts'

describe('the fake clock', () => {
  it('fires in the order of time, then of making, also what is made on the way', () => {
    const clock = new FakeClock()
    const fired: string[] = []
    clock.after(20, () => fired.push('late'))
    clock.after(10, () => {
      fired.push('first')
      clock.after(5, () => fired.push('made on the way'))
    })
    clock.after(10, () => fired.push('second'))
    clock.after(15, () => fired.push('cancelled')).cancel()
    clock.advance(15)
    assert.deepEqual(fired, ['first', 'second', 'made on the way'])
    clock.advance(4)
    assert.equal(fired.length, 3)
    clock.advance(1)
    assert.equal(fired[3], 'late')
  })

  it('shows a timer its own moment', () => {
    const clock = new FakeClock(1000)
    const seen: number[] = []
    clock.after(10, () => seen.push(clock.now(), clock.monotonic()))
    clock.advance(60)
    assert.deepEqual([...seen, clock.now(), clock.monotonic()], [1010, 10, 1060, 60])
  })

  it('jumps with the wall alone', () => {
    const clock = new FakeClock(1000)
    let fired = false
    clock.after(10, () => {
      fired = true
    })
    clock.jump(5000)
    assert.deepEqual([clock.now(), clock.monotonic(), fired], [6000, 0, false])
  })
})

describe('sleep and pause', () => {
  const settled = async (work: Promise<void>) => work.then(() => 'done', String)
  const given = (aborts: 'before' | 'meanwhile' | 'never') => {
    const clock = new FakeClock()
    const stop = new AbortController()
    const run = (wait: typeof sleep) => {
      if (aborts === 'before') stop.abort('stopped')
      const work = settled(wait(clock, 10, stop.signal))
      if (aborts === 'meanwhile') stop.abort('stopped')
      clock.advance(10)
      return work
    }
    return run
  }
  const cases = [
    ['sleep', sleep, 'before', 'stopped'],
    ['sleep', sleep, 'meanwhile', 'stopped'],
    ['sleep', sleep, 'never', 'done'],
    ['pause', pause, 'before', 'done'],
    ['pause', pause, 'meanwhile', 'done'],
    ['pause', pause, 'never', 'done'],
  ] as const
  for (const [name, wait, aborts, expected] of cases) {
    it(`${name}, aborted ${aborts}: ${expected}`, async () => assert.equal(await given(aborts)(wait), expected))
  }

  it('leave no timer behind when they are aborted', async () => {
    let waiting = 0
    const counting = {
      ...systemClock,
      after: () => {
        waiting++
        return { cancel: () => void waiting-- }
      },
    }
    const stop = new AbortController()
    const work = pause(counting, 10, stop.signal)
    assert.equal(waiting, 1)
    stop.abort()
    await work
    assert.equal(waiting, 0)
  })

  it('the real clock wakes', async () => {
    const hold = holdRunner()
    await pause(systemClock, 1)
    hold.release()
  })
})

/** Timers of ours do not hold the process; the test runner must not end meanwhile. */
function holdRunner() {
  const handle = setInterval(() => {}, 1000)
  return { release: () => clearInterval(handle) }
}

describe('the disk', async () => {
  const root = await mkdtemp(join(tmpdir(), 'kubox-platform-'))
  after(() => rm(root, { recursive: true }))
  const at = (name: string) => join(root, name)

  it('writes a file whole, with its mode, and leaves nothing beside it', async () => {
    await systemDisk.makeDirectory(at('a/b'))
    await writeFile(at('a/b/f.tmp'), 'left by a crash, and longer than what comes')
    await writeFileAtomic(systemDisk, at('a/b/f'), 'one', 0o600)
    await writeFileAtomic(systemDisk, at('a/b/f'), Buffer.from('two'), 0o600)
    assert.equal(await readFile(at('a/b/f'), 'utf8'), 'two')
    assert.equal((await stat(at('a/b/f'))).mode & 0o777, 0o600)
    assert.deepEqual(await readdir(at('a/b')), ['f'])
  })

  it('says of what is absent that it is, and only of that', async () => {
    assert.equal(await readTextIfAny(systemDisk, at('none')), undefined)
    assert.deepEqual(await systemDisk.list(at('none')), [])
    assert.equal(await ifPresent(stat(at('none'))), undefined)
    await writeFile(at('empty'), '')
    assert.equal(await readTextIfAny(systemDisk, at('empty')), '')
    await assert.rejects(readTextIfAny(systemDisk, root), error => errorCode(error) === 'EISDIR')
    await assert.rejects(systemDisk.list(at('empty')), error => errorCode(error) === 'ENOTDIR')
  })

  it('reads and writes at places, and cuts', async () => {
    const file = await systemDisk.open(at('log'), { create: true })
    await file.write(0, [Buffer.from('abc'), Buffer.from('def')])
    await file.write(4, [Buffer.from('XYZ')])
    await file.sync()
    const whole = (bytes: Uint8Array) => Buffer.from(bytes).toString()
    assert.equal(whole(await file.read(0, 100)), 'abcdXYZ')
    assert.equal(whole(await file.read(2, 3)), 'cdX')
    assert.equal((await file.read(7, 1)).length, 0)
    await file.truncate(2)
    assert.equal(await file.size(), 2)
    await file.close()
    await systemDisk.rename(at('log'), at('renamed'))
    await systemDisk.syncDirectory(root)
    assert.deepEqual(
      (await systemDisk.list(root)).filter(name => /log|renamed/.test(name)),
      ['renamed'],
    )
    await assert.rejects(systemDisk.open(at('log')), error => errorCode(error) === 'ENOENT')
  })
})

describe('programs', () => {
  const sh = (script: string, options = {}) => systemProcesses.run('sh', ['-c', script], options)
  const cases: [string, string, object, { code: number; stdout?: string; stderr?: string }][] = [
    ['both outputs and the code', 'echo out; echo err >&2; exit 3', {}, { code: 3, stdout: 'out\n', stderr: 'err\n' }],
    ['input', 'cat', { input: 'given' }, { code: 0, stdout: 'given' }],
    ['input that nobody reads', 'exit 0', { input: 'x'.repeat(1 << 20) }, { code: 0 }],
    [
      'environment, on top of ours',
      'test -n "$PATH" && echo $GIVEN',
      { env: { GIVEN: 'yes' } },
      { code: 0, stdout: 'yes\n' },
    ],
    ['folder', 'pwd', { cwd: '/' }, { code: 0, stdout: '/\n' }],
    ['a signal, as a shell counts it', 'kill -TERM $$', {}, { code: 143 }],
    ['too slow', 'exec sleep 60', { timeoutMs: 20 }, { code: 137 }],
  ]
  for (const [name, script, options, expected] of cases) {
    it(name, async () => assert.partialDeepStrictEqual(await sh(script, options), expected))
  }

  it('that do not exist are named', () =>
    assert.rejects(systemProcesses.run('kubox-no-such-program', []), /cannot run kubox-no-such-program: .*ENOENT/))

  it('that fail say why, by their errors or else by their output', async () => {
    const checked = (script: string) => runChecked(systemProcesses, 'sh', ['-c', script])
    assert.equal(await checked('echo fine'), 'fine\n')
    await assert.rejects(checked('echo noise; echo reason >&2; exit 1'), /ended with code 1: reason$/)
    await assert.rejects(checked('echo only; exit 1'), /ended with code 1: only$/)
  })
})

describe('chance', () => {
  it('repeats from its seed', () => {
    const draw = (seed: number) => {
      const random = seededRandom(seed)
      return [random.next(), ...random.bytes(4), randomBelow(random, 1000)]
    }
    assert.deepEqual(draw(7), draw(7))
    assert.notDeepEqual(draw(7), draw(8))
  })

  it('stays below its limit, and reaches every number under it', () => {
    for (const random of [seededRandom(1), systemRandom]) {
      const seen = new Set(Array.from({ length: 500 }, () => randomBelow(random, 5)))
      assert.deepEqual([...seen].sort(), [0, 1, 2, 3, 4])
    }
  })

  it('names things without vowels and look-alikes', () => {
    const random = seededRandom(3)
    for (let i = 0; i < 50; i++) assert.match(nameSuffix(random), /^[b-df-hj-np-tv-xz24-9]{5}$/)
    assert.equal(nameSuffix(random, 10).length, 10)
  })
})

describe('the log', async () => {
  const root = await mkdtemp(join(tmpdir(), 'kubox-log-'))
  after(() => rm(root, { recursive: true }))

  it('writes a line of JSON an entry, errors with their cause, and leaves out what is too quiet', async () => {
    const file = join(root, 'below/kubelet.log')
    const log = openLog('kubelet', 'info', file)
    log.debug('not this')
    log.child('pod').warn('It failed', { error: new Error('outer', { cause: new Error('inner') }), pod: 'web' })
    const [line, ...rest] = (await readFile(file, 'utf8')).trim().split('\n')
    const entry = JSON.parse(line!)
    assert.deepEqual([entry.name, entry.msg, entry.pod, entry.level], ['kubelet/pod', 'It failed', 'web', 40])
    assert.deepEqual([entry.error.message, entry.error.cause, rest], ['outer', 'Error: inner', []])
    assert.match(entry.error.stack, /platform\.test/)
  })

  it('of tests keeps what its children say', () => {
    const log = new MemoryLog()
    log.child('a').child('b').error('no', { n: 1 })
    assert.deepEqual(log.entries, [{ level: 'error', name: 'test/a/b', message: 'no', fields: { n: 1 } }])
  })
})
