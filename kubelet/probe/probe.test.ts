import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import { createServer as createHttp2 } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { after, before, describe, it } from 'node:test'
import type { Probe } from '../../api/types/core-v1.ts'
import { FakeClock, systemClock } from '../../platform/clock.ts'
import type { ContainerRuntime } from '../runtime.ts'
import { healthRequest, readStatus } from './grpc.ts'
import { Prober } from './prober.ts'
import { runProbe } from './run.ts'
import { count, isFatal, newTally, nextRunAt, type ProbeKind } from './tally.ts'

const TALLIES: { title: string; kind: ProbeKind; probe: Probe; outcomes: string; results: string; fatal?: boolean }[] =
  [
    {
      title: 'alive until three failures',
      kind: 'liveness',
      probe: {},
      outcomes: '++---',
      results: '++++-',
      fatal: true,
    },
    { title: 'a success in between', kind: 'liveness', probe: {}, outcomes: '--+--', results: '+++++' },
    { title: 'ready at the first success', kind: 'readiness', probe: {}, outcomes: '--+', results: '--+' },
    { title: 'ready after two', kind: 'readiness', probe: { successThreshold: 2 }, outcomes: '+-++', results: '---+' },
    {
      title: 'unready at the first failure',
      kind: 'readiness',
      probe: { failureThreshold: 1 },
      outcomes: '+-',
      results: '+-',
    },
    { title: 'ready in spite of two failures', kind: 'readiness', probe: {}, outcomes: '+--+', results: '++++' },
    {
      title: 'never started',
      kind: 'startup',
      probe: { failureThreshold: 2 },
      outcomes: '--',
      results: '--',
      fatal: true,
    },
  ]

describe('counting outcomes', () => {
  for (const { title, kind, probe, outcomes, results, fatal = false } of TALLIES) {
    it(title, () => {
      let tally = newTally(kind)
      const found = [...outcomes].map(outcome => {
        tally = count(tally, probe, outcome === '+')
        return tally.result ? '+' : '-'
      })
      assert.equal(found.join(''), results)
      assert.equal(isFatal(kind, tally, probe), fatal)
    })
  }

  it('keeps its grid however long a run takes', () => {
    assert.equal(nextRunAt(1000, 10_000, 1200), 11_000)
    assert.equal(nextRunAt(1000, 10_000, 11_000), 11_000)
    assert.equal(nextRunAt(1000, 10_000, 11_001), 21_000)
    assert.equal(nextRunAt(1000, 10_000, 95_000), 101_000)
  })
})

describe('the schedule of a probe', () => {
  const said: string[] = []
  const run = async (probe: Probe, seconds: number) => {
    const clock = new FakeClock()
    const times: number[] = []
    said.length = 0
    const refuse = { exec: async () => Promise.reject(new Error(String(times.push(clock.monotonic() / 1000)))) }
    const prober = new Prober({
      ...{ runtime: refuse as unknown as ContainerRuntime, clock, kind: 'liveness', wasReady: false, startedAt: 0 },
      probe: { exec: { command: ['x'] }, ...probe },
      target: { id: 'c', podIp: '', container: { name: 'main' } },
      failed: message => said.push(`failed: ${message}`),
      errored: message => said.push(`errored: ${message}`),
      turned: result => said.push(`turned: ${result}`),
    })
    for (let half = 0; half < seconds * 2; half++) {
      clock.advance(500)
      for (let turn = 0; turn < 4; turn++) await new Promise(resolve => setImmediate(resolve))
    }
    prober.stop()
    return times
  }

  it('begins at once, and then every period', async () =>
    assert.deepEqual(await run({ periodSeconds: 3 }, 10), [0, 3, 6, 9]))
  it('begins after the delay', async () =>
    assert.deepEqual(await run({ initialDelaySeconds: 2, periodSeconds: 3 }, 9), [2, 5, 8]))
  it('an engine in trouble counts for nothing, however often', async () => {
    await run({ periodSeconds: 1, failureThreshold: 1 }, 3)
    assert.deepEqual(said, ['errored: 1', 'errored: 2', 'errored: 3', 'errored: 4'])
  })
  it('has ten seconds as its period', async () => assert.deepEqual(await run({}, 21), [0, 10, 20]))
})

let server: Server
let port = 0
before(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? ''
    if (path === '/hang') return
    if (path === '/elsewhere') response.writeHead(302, { location: 'http://elsewhere.invalid/' })
    else if (path === '/redirect') response.writeHead(302, { location: '/ok' })
    else response.writeHead(path === '/bad' ? 500 : path === '/header' && request.headers['x-a'] !== 'b' ? 400 : 200)
    response.end('body')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.closeAllConnections()
  server.close()
})

interface RunCase {
  title: string
  probe: (port: number) => Probe
  message: (port: number) => string
}

const http =
  (path: string, more: object = {}) =>
  (port: number) => ({ httpGet: { path, port, ...more } })
const fine = () => ''

const RUNS: RunCase[] = [
  { title: 'a good answer', probe: http('/ok'), message: fine },
  { title: 'a bad answer', probe: http('/bad'), message: () => 'HTTP probe failed with statuscode: 500' },
  { title: 'a redirect to itself', probe: http('/redirect'), message: fine },
  { title: 'a redirect to somebody else', probe: http('/elsewhere'), message: fine },
  { title: 'headers', probe: http('/header', { httpHeaders: [{ name: 'X-A', value: 'b' }] }), message: fine },
  {
    title: 'nobody there',
    probe: () => ({ httpGet: { path: '/x', port: 1 } }),
    message: () => 'Get "http://127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused',
  },
  {
    title: 'no answer in time',
    probe: port => ({ httpGet: { path: '/hang', port }, timeoutSeconds: 0.05 }),
    message: port =>
      `Get "http://127.0.0.1:${port}/hang": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`,
  },
  { title: 'a port by its name', probe: () => ({ tcpSocket: { port: 'web' } }), message: fine },
  {
    title: 'a name that no port has',
    probe: () => ({ tcpSocket: { port: 'none' } }),
    message: () => 'couldn\'t find port "none" in container "main"',
  },
  {
    title: 'nobody there by TCP',
    probe: () => ({ tcpSocket: { port: 1 } }),
    message: () => 'dial tcp 127.0.0.1:1: connect: connection refused',
  },
]

describe('one run of a probe', () => {
  for (const { title, probe, message } of RUNS) {
    it(title, async () => {
      const container = { name: 'main', ports: [{ name: 'web', containerPort: port }] }
      const target = { id: 'c', podIp: '127.0.0.1', container }
      const parts = { runtime: {} as ContainerRuntime, clock: systemClock }
      const outcome = await runProbe(parts, probe(port), target, new AbortController().signal)
      assert.deepEqual(outcome, { succeeded: message(port) === '', message: message(port) })
    })
  }
})

describe('health by gRPC', () => {
  it('has its own small frames', () => {
    assert.deepEqual([...healthRequest('')], [0, 0, 0, 0, 0])
    assert.deepEqual([...healthRequest('ab')], [0, 0, 0, 0, 4, 0x0a, 2, 97, 98])
    assert.equal(readStatus(Buffer.from([0, 0, 0, 0, 2, 8, 1])), 'SERVING')
    assert.equal(readStatus(Buffer.from([0, 0, 0, 0, 2, 8, 2])), 'NOT_SERVING')
    assert.equal(readStatus(Buffer.from([0, 0, 0, 0, 0])), 'UNKNOWN')
  })

  for (const [status, message] of [
    [1, ''],
    [2, 'service unhealthy (responded with "NOT_SERVING")'],
  ] as const) {
    it(`answers ${status}`, async () => {
      const grpc = createHttp2()
      grpc.on('stream', stream => {
        stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }))
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]))
      })
      await new Promise<void>(resolve => grpc.listen(0, '127.0.0.1', resolve))
      const probe = { grpc: { port: (grpc.address() as AddressInfo).port } }
      const target = { id: 'c', podIp: '127.0.0.1', container: { name: 'main' } }
      const parts = { runtime: {} as ContainerRuntime, clock: systemClock }
      const outcome = await runProbe(parts, probe, target, new AbortController().signal)
      grpc.close()
      assert.equal(outcome.message, message)
    })
  }
})
