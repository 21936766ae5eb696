import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { ApiRequest, ApiResponse } from '../api/exchange.ts'
import { FakeClock } from '../platform/clock.ts'
import { MemoryLog } from '../platform/log.ts'
import { seededRandom } from '../platform/random.ts'
import { createClient } from './client.ts'
import { EventCorrelator, type EventFacts } from './event-correlator.ts'
import { createEventRecorder } from './events.ts'
import { inProcessTransport } from './in-process.ts'

function facts(message: string, name = 'web'): EventFacts {
  return { involvedObject: { kind: 'Pod', namespace: 'default', name }, type: 'Warning', reason: 'Failed', message }
}

describe('EventCorrelator', () => {
  it('counts equal events', () => {
    const correlator = new EventCorrelator()
    const counts = [1, 2, 3].map(at => correlator.record(facts('same'), at)?.count)
    assert.deepEqual(counts, [1, 2, 3])
    assert.equal(correlator.record(facts('other'), 4)?.count, 1)
    assert.equal(correlator.record(facts('same', 'db'), 5)?.count, 1)
  })

  it('combines events that differ in words only, from the tenth on', () => {
    const correlator = new EventCorrelator()
    const recorded = Array.from({ length: 13 }, (_, i) => correlator.record(facts(`try ${i}`), i)!)
    assert.equal(recorded[8]?.message, 'try 8')
    assert.deepEqual(
      recorded.slice(9).map(({ message, count }) => [message, count]),
      [9, 10, 11, 12].map(i => [`(combined from similar events): try ${i}`, i - 8]),
    )
    assert.equal(correlator.record(facts('try 3'), 20)?.message, 'try 3', 'words known before keep their own count')
    assert.equal(correlator.record(facts('new'), 20 + 600_000)?.message, 'new', 'after ten quiet minutes')
  })

  it('cuts a flood about one object and lets one through every five minutes', () => {
    const correlator = new EventCorrelator()
    const passed = Array.from({ length: 40 }, () => correlator.record(facts('same'), 0)).filter(Boolean)
    assert.equal(passed.length, 25)
    assert.notEqual(correlator.record(facts('same', 'db'), 0), undefined, 'others are not cut')
    assert.equal(correlator.record(facts('same'), 299_000), undefined)
    assert.notEqual(correlator.record(facts('same'), 300_000), undefined)
    assert.equal(correlator.record(facts('same'), 300_001), undefined)
  })
})

describe('createEventRecorder', () => {
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'default', uid: 'u' } }

  function harness() {
    const requests: { method: string; path: string; body: Record<string, unknown> }[] = []
    const state = { patchStatus: 200 }
    const handle = async (request: ApiRequest): Promise<ApiResponse> => {
      requests.push({
        method: request.method,
        path: request.path,
        body: JSON.parse(String(Buffer.from(request.body!))),
      })
      const status = request.method === 'PATCH' ? state.patchStatus : 201
      return { status, headers: {}, body: Buffer.from(status < 400 ? '{}' : '{"reason":"NotFound"}') }
    }
    const clock = new FakeClock()
    const client = createClient(inProcessTransport(handle, { name: 'test', groups: [] }))
    const log = new MemoryLog()
    const recorder = createEventRecorder({
      client,
      clock,
      random: seededRandom(1),
      log,
      component: 'kubelet',
      host: 'n1',
    })
    return { requests, state, clock, recorder, log }
  }

  it('writes what kubectl describe reads', async () => {
    const { requests, recorder } = harness()
    recorder.event(pod, 'Normal', 'Pulled', 'Container image present')
    await recorder.flush()
    const [{ method, path, body } = assert.fail()] = requests
    assert.deepEqual([method, path], ['POST', '/api/v1/namespaces/default/events'])
    const { metadata, ...rest } = body
    assert.match((metadata as { name: string }).name, /^web\.[a-z0-9]{16}$/)
    assert.deepEqual(rest, {
      apiVersion: 'v1',
      kind: 'Event',
      involvedObject: { apiVersion: 'v1', kind: 'Pod', name: 'web', namespace: 'default', uid: 'u' },
      type: 'Normal',
      reason: 'Pulled',
      message: 'Container image present',
      source: { component: 'kubelet', host: 'n1' },
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      reportingComponent: 'kubelet',
      reportingInstance: 'n1',
    })
  })

  it('raises the count of a repeated event, and makes it anew when it has expired', async () => {
    const { requests, state, clock, recorder } = harness()
    recorder.event(pod, 'Warning', 'BackOff', 'same')
    await recorder.flush()
    clock.advance(5000)
    recorder.event(pod, 'Warning', 'BackOff', 'same')
    await recorder.flush()
    assert.deepEqual(requests[1]?.body, { count: 2, message: 'same', lastTimestamp: '2026-01-01T00:00:05Z' })
    state.patchStatus = 404
    recorder.event(pod, 'Warning', 'BackOff', 'same')
    await recorder.flush()
    assert.deepEqual(
      requests.map(({ method, body }) => [method, body.count]),
      [
        ['POST', 1],
        ['PATCH', 2],
        ['PATCH', 3],
        ['POST', 3],
      ],
    )
  })

  it('puts events about things without a namespace into default', async () => {
    const { requests, recorder } = harness()
    recorder.event({ kind: 'Node', metadata: { name: 'n1' } }, 'Normal', 'Starting', 'Starting kubelet.')
    await recorder.flush()
    assert.equal(requests[0]?.path, '/api/v1/namespaces/default/events')
  })
})
