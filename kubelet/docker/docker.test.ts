import assert from 'node:assert/strict'
import { PassThrough, Readable } from 'node:stream'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { FakeClock } from '../../platform/clock.ts'
import type { ContainerConfig, PullProgress, RuntimeError } from '../runtime.ts'
import { createBody } from './config.ts'
import { translateError } from './errors.ts'
import { readEvents, toRuntimeEvent } from './events.ts'
import { readStats } from './facts.ts'
import { jsonLines } from './lines.ts'
import { demultiplex, FrameSplitter } from './multiplexed.ts'
import { networkBody } from './network.ts'
import { PullMeter } from './pull.ts'
import { ageFromStat, exitCodeOf, sessionFromStat } from './session.ts'

const REFUSALS: {
  title: string
  thrown: object
  reason: RuntimeError['reason']
  temporary: boolean
  message?: RegExp
}[] = [
  {
    title: 'not there',
    thrown: { statusCode: 404, json: { message: 'No such container: x' } },
    reason: 'NotFound',
    temporary: false,
    message: /^No such container: x$/,
  },
  {
    title: 'in the way',
    thrown: { statusCode: 409, message: '(HTTP code 409) conflict - name in use' },
    reason: 'Conflict',
    temporary: false,
    message: /^name in use$/,
  },
  { title: 'nonsense', thrown: { statusCode: 400, json: { message: 'bad' } }, reason: 'Invalid', temporary: false },
  {
    title: 'broken',
    thrown: { statusCode: 500, json: { message: 'driver failed' } },
    reason: 'Unknown',
    temporary: true,
  },
  {
    title: 'no login',
    thrown: { statusCode: 500, json: { message: 'unauthorized: authentication required' } },
    reason: 'Unauthorized',
    temporary: true,
  },
  {
    title: 'too often',
    thrown: { statusCode: 500, json: { message: 'toomanyrequests: You have reached your pull rate limit' } },
    reason: 'RateLimited',
    temporary: true,
  },
  {
    title: 'no engine',
    thrown: { code: 'ECONNREFUSED', message: 'connect ECONNREFUSED' },
    reason: 'Unavailable',
    temporary: true,
    message: /^Docker does not answer \(x\)/,
  },
  { title: 'cut off', thrown: { message: 'socket hang up' }, reason: 'Unavailable', temporary: true },
]

describe('what the engine refuses', () => {
  for (const { title, thrown, reason, temporary, message } of REFUSALS) {
    it(title, () => {
      const error = translateError('x', thrown)
      assert.deepEqual([error.reason, error.temporary], [reason, temporary])
      if (message) assert.match(error.message, message)
    })
  }
})

const frame = (stream: number, text: string) => {
  const head = Buffer.alloc(8)
  head[0] = stream
  head.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([head, Buffer.from(text)])
}

describe('frames of output', () => {
  it('come apart wherever the connection cuts them', () => {
    const parts = fc.array(fc.tuple(fc.constantFrom(1, 2), fc.string()), { maxLength: 10 })
    const cuts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 })
    fc.assert(
      fc.property(parts, cuts, (frames, sizes) => {
        const whole = Buffer.concat(frames.map(([stream, text]) => frame(stream, text)))
        const splitter = new FrameSplitter()
        const out: Record<number, Buffer[]> = { 1: [], 2: [] }
        for (let at = 0, turn = 0; at < whole.length; turn++) {
          const size = sizes[turn % sizes.length]!
          for (const { stream, data } of splitter.push(whole.subarray(at, at + size))) out[stream]!.push(data)
          at += size
        }
        for (const stream of [1, 2]) {
          const expect = frames.filter(([of]) => of === stream).map(([, text]) => text)
          assert.equal(Buffer.concat(out[stream]!).toString(), Buffer.from(expect.join('')).toString())
        }
      }),
      { seed: 1, numRuns: 200 },
    )
  })

  it('wait for a reader who lags', async () => {
    const source = new PassThrough()
    const { stdout, stderr } = demultiplex(source)
    stderr.resume()
    source.write(frame(1, 'x'.repeat(100_000)))
    for (let more = 0; more < 20; more++) source.write(frame(1, 'x'.repeat(100_000)))
    await new Promise(resolve => setImmediate(resolve))
    assert.ok(stdout.readableLength < 300_000, `${stdout.readableLength} bytes piled up`)
    source.end()
    let size = 0
    for await (const chunk of stdout) size += (chunk as Buffer).length
    assert.equal(size, 2_100_000)
  })
})

describe('lines of JSON', () => {
  it('are read wherever they are cut', async () => {
    const text = Buffer.from('{"a":"ä"}\r\n\n{"a":"b"}\n{"a":"c"}')
    for (let cut = 1; cut < text.length; cut++) {
      const found = []
      for await (const line of jsonLines<{ a: string }>(Readable.from([text.subarray(0, cut), text.subarray(cut)])))
        found.push(line.a)
      assert.deepEqual(found, ['ä', 'b', 'c'])
    }
  })
})

describe('events', () => {
  it('know what matters', () => {
    const event = { Action: 'die', Actor: { ID: 'x', Attributes: { exitCode: '1', a: 'b' } } }
    assert.deepEqual(toRuntimeEvent(event), { type: 'die', id: 'x', labels: { exitCode: '1', a: 'b' } })
    assert.equal(toRuntimeEvent({ Action: 'exec_start: sh' }).type, 'other')
  })

  it('begin with the news that they do, and end with an error when the engine does', async () => {
    const types: string[] = []
    const read = async () => {
      const stream = Readable.from(['{"Action":"die","Actor":{"ID":"x"}}\n'])
      for await (const event of readEvents(stream, new AbortController().signal)) types.push(event.type)
    }
    await assert.rejects(read(), { reason: 'Unavailable' })
    assert.deepEqual(types, ['connected', 'die'])
  })

  it('close a stream that was opened too late', async () => {
    const stream = new PassThrough()
    for await (const event of readEvents(stream, AbortSignal.abort())) assert.fail(event.type)
    assert.equal(stream.destroyed, true)
  })
})

describe('the progress of a pull', () => {
  it('is the sum of its layers', () => {
    const seen: PullProgress[] = []
    const meter = new PullMeter(progress => seen.push(progress))
    meter.read({ status: 'Downloading', id: 'a', progressDetail: { current: 10, total: 100 } })
    meter.read({ status: 'Downloading', id: 'b', progressDetail: { current: 5, total: 50 } })
    meter.read({ status: 'Download complete', id: 'a' })
    meter.read({ status: 'Extracting', id: 'a', progressDetail: { current: 1, total: 100 } })
    assert.deepEqual(seen, [
      { currentBytes: 10, totalBytes: 100, stage: 'Downloading' },
      { currentBytes: 15, totalBytes: 150, stage: 'Downloading' },
      { currentBytes: 105, totalBytes: 150, stage: 'Extracting' },
    ])
  })

  it('ends with the error that stands in it', () => {
    const meter = new PullMeter(() => {})
    const line = { error: 'x', errorDetail: { message: 'manifest unknown' } }
    assert.throws(
      () => meter.read(line),
      (error: RuntimeError) => error.reason === 'NotFound' && !error.temporary,
    )
  })
})

describe('what the engine is asked for', () => {
  const config: ContainerConfig = {
    ...{ name: 'x', image: 'i', labels: {}, env: [], networkMode: 'kubox', security: { capDrop: ['ALL'] } },
    mounts: [{ source: '/a', target: '/b', readOnly: true, propagation: 'rslave' }],
    resources: { memory: 5, oomScoreAdj: 7 },
    portBindings: [{ containerPort: 80, hostPort: 8080, protocol: 'tcp' }],
    logOptions: { maxSize: '10m', maxFiles: 5 },
  }

  it('is a container that it does not restart by itself', () => {
    const body = createBody(config)
    assert.deepEqual(body.HostConfig?.RestartPolicy, { Name: 'no' })
    assert.deepEqual(body.HostConfig?.Mounts, [
      { Type: 'bind', Source: '/a', Target: '/b', ReadOnly: true, BindOptions: { Propagation: 'rslave' } },
    ])
    assert.deepEqual(body.HostConfig?.PortBindings, { '80/tcp': [{ HostPort: '8080', HostIp: '' }] })
    assert.deepEqual(body.HostConfig?.LogConfig, { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } })
    assert.deepEqual([body.HostConfig?.Memory, body.HostConfig?.OomScoreAdj, body.HostConfig?.CapDrop], [5, 7, ['ALL']])
  })

  it('is a bridge', () => {
    const body = networkBody({ name: 'kubox', subnet: '10.1.0.0/24', gateway: '10.1.0.1', bridge: 'kubox0', mtu: 1400 })
    assert.deepEqual(body.IPAM, { Config: [{ Subnet: '10.1.0.0/24', Gateway: '10.1.0.1' }] })
    assert.deepEqual(body.Options, {
      'com.docker.network.bridge.name': 'kubox0',
      'com.docker.network.driver.mtu': '1400',
    })
    assert.equal(networkBody({ name: 'kubox' }).IPAM, undefined)
  })
})

describe('the exit code of a program whose streams have ended', () => {
  const running = { Running: true, ExitCode: null }
  const ended = (code: number | null) => ({ Running: false, ExitCode: code })
  const CASES: [title: string, answers: { Running: boolean; ExitCode: number | null }[], code: number | undefined][] = [
    ['is there', [ended(3)], 3],
    ['comes when the engine has noticed', [running, running, running, ended(0)], 0],
    ['is not known of what never started', [ended(null)], undefined],
  ]
  const asked = async (answers: unknown[], killed = new AbortController().signal) => {
    const clock = new FakeClock()
    const inspect = async () => {
      setImmediate(() => clock.advance(1000))
      return (answers.length > 1 ? answers.shift() : answers[0]) as never
    }
    return exitCodeOf({ inspect }, clock, killed)
  }
  for (const [title, answers, code] of CASES) it(title, async () => assert.equal(await asked([...answers]), code))
  it('is not waited for once it was killed', async () =>
    assert.equal(await asked([running], AbortSignal.abort()), undefined))
})

describe('small facts', () => {
  it('use is without what the kernel can take back', () => {
    const stats = { read: '2026-01-01T00:00:00Z', memory_stats: { usage: 100, stats: { total_inactive_file: 30 } } }
    assert.equal(readStats(stats, 0).workingSetBytes, 70)
    assert.equal(
      readStats({ read: '', memory_stats: { usage: 100, stats: { inactive_file: 20 } } }, 5).workingSetBytes,
      80,
    )
  })

  it('the age of a process is what has gone since the kernel started it', () => {
    const stat = `12 (a b) S ${Array.from({ length: 18 }, () => '0').join(' ')} 1000 0`
    assert.equal(ageFromStat(stat, '12.50 3.00'), 2500)
  })

  it('a session is found behind any name', () => {
    assert.equal(sessionFromStat('12 (a) b) (c) S 1 12 77 0 -1'), 77)
  })
})
