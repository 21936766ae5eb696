import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { isReason } from '../api/errors.ts'
import { seededRandom } from '../platform/random.ts'
import { Backoff } from './backoff.ts'
import { EventCorrelator, type EventFacts } from './event-correlator.ts'
import { Indexer } from './indexer.ts'
import { retryPause } from './retry.ts'
import { microTimestamp, parseTime, timestamp } from './times.ts'
import { CONNECT_TIMEOUT, TransportError } from './transport.ts'
import { decodeLines, errorFromStatus, eventsOf } from './watch.ts'

describe('which events are one', () => {
  const facts = (more: Partial<EventFacts> = {}, object: object = {}): EventFacts => ({
    involvedObject: { kind: 'Pod', namespace: 'default', name: 'web', uid: 'u', ...object },
    ...{ type: 'Normal', reason: 'R', message: 'm', ...more },
  })
  const cases: [string, EventFacts, EventFacts, boolean][] = [
    ['equal ones', facts(), facts(), true],
    ['another message', facts(), facts({ message: 'n' }), false],
    ['another reason', facts(), facts({ reason: 'S' }), false],
    ['another type', facts(), facts({ type: 'Warning' }), false],
    ['another object', facts(), facts({}, { name: 'db' }), false],
    ['a new object of that name', facts(), facts({}, { uid: 'v' }), false],
    ['another kind', facts(), facts({}, { kind: 'Node' }), false],
    ['another namespace', facts(), facts({}, { namespace: 'x' }), false],
    [
      'another container',
      facts({}, { fieldPath: 'spec.containers{a}' }),
      facts({}, { fieldPath: 'spec.containers{b}' }),
      false,
    ],
    ['a later version of the object', facts({}, { resourceVersion: '1' }), facts({}, { resourceVersion: '2' }), true],
  ]
  for (const [name, a, b, same] of cases) {
    it(name, () => {
      const correlator = new EventCorrelator()
      correlator.record(a, 0)
      assert.equal(correlator.record(b, 1)?.count, same ? 2 : 1)
    })
  }

  const many = (count: number, everyMs: number) => {
    const correlator = new EventCorrelator()
    return Array.from({ length: count }, (_, i) => correlator.record(facts({ message: `m${i}` }), i * everyMs))
  }
  it('nine different ones are told in full, the tenth is combined', () => {
    const told = many(12, 1).map(one => one?.message.startsWith('(combined') ?? false)
    assert.deepEqual(told, [...Array.from({ length: 9 }, () => false), true, true, true])
  })
  it('never, when they are ten minutes apart', () =>
    assert.ok(many(20, 600_000).every(one => !one?.message.startsWith('(combined'))))
  it('twenty-five at once, then one every five minutes', () => {
    assert.equal(many(60, 0).filter(Boolean).length, 25)
    assert.equal(many(60, 10_000).filter(Boolean).length, 26)
  })
  it('a clock that was set back gives nothing for it', () => {
    const correlator = new EventCorrelator()
    for (let i = 0; i < 25; i++) correlator.record(facts(), 1_000_000)
    assert.equal(correlator.record(facts(), 0), undefined)
  })
})

describe('whether a request is sent again', () => {
  const answer = (status: number, retryAfter?: string) => ({
    response: { status, headers: (retryAfter ? { 'retry-after': retryAfter } : {}) as Record<string, string> },
  })
  const broken = (code?: string) => ({
    error: new TransportError('x', { cause: Object.assign(new Error('x'), { code }) }),
  })
  const NOW = Date.UTC(2026, 0, 1)
  const cases: [string, string, Parameters<typeof retryPause>[1], number, number | undefined][] = [
    ['it went well', 'GET', answer(200), 1, undefined],
    ['not found', 'GET', answer(404), 1, undefined],
    ['a conflict', 'PUT', answer(409), 1, undefined],
    ['too many, later', 'POST', answer(429, '2'), 1, 2000],
    ['too many, without a word', 'GET', answer(429), 1, undefined],
    ['not available, later', 'POST', answer(503, '1'), 1, 1000],
    ['an error, later', 'GET', answer(500, '3'), 1, 3000],
    ['at once', 'GET', answer(429, '0'), 1, 0],
    ['at a time', 'GET', answer(503, 'Thu, 01 Jan 2026 00:00:05 GMT'), 1, 5000],
    ['at a time that has been', 'GET', answer(503, 'Wed, 31 Dec 2025 00:00:00 GMT'), 1, 0],
    ['much later', 'GET', answer(503, '9999'), 1, 30_000],
    ['nonsense', 'GET', answer(503, 'soon'), 1, undefined],
    ['a success that says later', 'GET', answer(200, '1'), 1, undefined],
    ['the connection broke, reading', 'GET', broken('ECONNRESET'), 1, 100],
    ['again', 'GET', broken('ECONNRESET'), 2, 200],
    ['and again', 'GET', broken('ECONNRESET'), 4, 800],
    ['often enough', 'GET', broken('ECONNRESET'), 5, undefined],
    ['the connection broke, writing', 'POST', broken('ECONNRESET'), 1, undefined],
    ['nobody was there', 'POST', broken('ECONNREFUSED'), 1, 100],
    ['nobody has that name', 'PATCH', broken('ENOTFOUND'), 1, 100],
    ['it could not be reached', 'DELETE', broken('EHOSTUNREACH'), 1, 100],
    ['it did not answer the knock', 'PUT', broken(CONNECT_TIMEOUT), 1, 100],
    ['it did not answer what was asked', 'PUT', broken('UND_ERR_HEADERS_TIMEOUT'), 1, undefined],
    ['something else', 'GET', { error: new Error('x') }, 1, undefined],
  ]
  for (const [name, method, outcome, attempt, expected] of cases) {
    it(name, () => assert.equal(retryPause({ method, path: '/' } as never, outcome as never, attempt, NOW), expected))
  }
  it('not for somebody who has gone', () => {
    assert.equal(
      retryPause({ method: 'GET', path: '/', signal: AbortSignal.abort() } as never, broken('ECONNREFUSED'), 1, NOW),
      undefined,
    )
  })
})

describe('pauses that grow', () => {
  it('doubled up to the longest, a fifth around', () => {
    const backoff = new Backoff({ firstMs: 100, longestMs: 1000 }, seededRandom(1))
    for (const middle of [100, 200, 400, 800, 1000, 1000]) {
      const pause = backoff.next()
      assert.ok(pause >= middle * 0.8 && pause <= middle * 1.2, `${pause} around ${middle}`)
    }
    backoff.reset()
    assert.ok(backoff.next() <= 120)
  })
})

describe('times', () => {
  const cases: [string | undefined, number | undefined][] = [
    ['2026-01-01T00:00:00Z', Date.UTC(2026, 0, 1)],
    ['2026-01-01T00:00:00.123456Z', Date.UTC(2026, 0, 1) + 123],
    ['2026-01-01T01:00:00+01:00', Date.UTC(2026, 0, 1)],
    ['', undefined],
    [undefined, undefined],
    ['yesterday', undefined],
  ]
  for (const [text, expected] of cases) it(`${text}`, () => assert.equal(parseTime(text), expected))
  it('whole seconds and millionths', () => {
    assert.deepEqual([timestamp(1999), microTimestamp(1999)], ['1970-01-01T00:00:01Z', '1970-01-01T00:00:01.999000Z'])
  })
})

async function* pieces(...parts: (string | Buffer)[]) {
  for (const part of parts) yield Buffer.from(part as string)
}
const collect = async (source: AsyncIterable<unknown>) => {
  const all: unknown[] = []
  for await (const one of source) all.push(one)
  return all
}

describe('lines of a watch', () => {
  const UMLAUT = Buffer.from('"ä"\n')
  const cases: [string, (string | Buffer)[], unknown[]][] = [
    ['nothing', [], []],
    ['one', ['{"a":1}\n'], [{ a: 1 }]],
    ['two in one piece', ['1\n2\n'], [1, 2]],
    ['one in two pieces', ['{"a"', ':1}\n'], [{ a: 1 }]],
    ['a letter in two pieces', [UMLAUT.subarray(0, 2), UMLAUT.subarray(2)], ['ä']],
    ['empty lines', ['\n\n1\n\n'], [1]],
    ['lines of Windows', ['1\r\n2\r\n'], [1, 2]],
    ['the last one without an end', ['1\n2'], [1, 2]],
    ['the last one cut off', ['1\n{"a":'], [1]],
  ]
  for (const [name, texts, expected] of cases)
    it(name, async () => assert.deepEqual((await collect(decodeLines(pieces(...texts)))).flat(1), expected))

  const errors: [object, number, string, number][] = [
    [{ code: 410, reason: 'Expired', message: 'too old' }, 500, 'Expired', 410],
    [{ code: 410, reason: 'Gone', message: 'too old' }, 500, 'Expired', 410],
    [{ code: 410 }, 500, 'Expired', 410],
    [{}, 403, 'Forbidden', 403],
    [{}, 418, 'InternalError', 418],
    [{ reason: 'TooManyRequests' }, 429, 'TooManyRequests', 429],
    [{ code: 404 }, 500, 'NotFound', 404],
  ]
  for (const [status, http, reason, code] of errors) {
    it(`${JSON.stringify(status)} with ${http} is ${reason}`, () => {
      const error = errorFromStatus(status, http)
      assert.ok(isReason(error, reason as never))
      assert.equal(error.code, code)
    })
  }
  it('an ERROR event is thrown, those before it are not lost', async () => {
    const seen: unknown[] = []
    const watch = eventsOf(
      decodeLines(pieces('{"type":"ADDED","object":{}}\n{"type":"ERROR","object":{"code":410,"reason":"Expired"}}\n')),
    )
    const reading = (async () => {
      for await (const { type } of watch) seen.push(type)
    })()
    await assert.rejects(reading, { code: 410 })
    assert.deepEqual(seen, ['ADDED'])
  })
})

describe('an index', () => {
  const pod = (name: string, node?: string) => ({ metadata: { name, namespace: 'd' }, spec: { node } })
  const make = () => {
    const indexer = new Indexer<ReturnType<typeof pod>>()
    indexer.addIndex('node', one => (one.spec.node ? [one.spec.node] : []))
    return indexer
  }
  const names = (indexer: ReturnType<typeof make>, value: string) =>
    indexer
      .byIndex('node', value)
      .map(({ metadata }) => metadata.name)
      .join(' ')
  it('finds what is there', () => {
    const indexer = make()
    for (const one of [pod('a', 'n1'), pod('b', 'n1'), pod('c')]) indexer.set(one)
    assert.deepEqual([names(indexer, 'n1'), names(indexer, 'n2'), indexer.size], ['a b', '', 3])
  })
  it('follows changes and deletions', () => {
    const indexer = make()
    indexer.set(pod('a', 'n1'))
    assert.equal(indexer.set(pod('a', 'n2'))?.spec.node, 'n1')
    assert.deepEqual([names(indexer, 'n1'), names(indexer, 'n2')], ['', 'a'])
    assert.equal(indexer.delete('d/a')?.spec.node, 'n2')
    assert.deepEqual([names(indexer, 'n2'), indexer.delete('d/a')], ['', undefined])
  })
  it('made late finds what was there before', () => {
    const indexer = make()
    indexer.set(pod('a', 'n1'))
    indexer.addIndex('letter', ({ metadata }) => [metadata.name[0]!])
    assert.equal(indexer.byIndex('letter', 'a').length, 1)
    assert.throws(() => indexer.byIndex('x', 'a'), /no index x/)
  })
})
