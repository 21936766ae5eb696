import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startTestServer } from '../testing.ts'
import { Metrics } from './metrics.ts'

describe('metrics', () => {
  it('are told in the form of Prometheus', () => {
    const metrics = new Metrics()
    const counter = metrics.counter('c_total', 'Counts.')
    counter.add({ who: 'a"b' })
    counter.add({ who: 'a"b' }, 2)
    const histogram = metrics.histogram('h', 'Times.', [1, 2])
    for (const value of [0.5, 1.5, 9]) histogram.observe({}, value)
    metrics.gauge('g', 'Now.', () => [[{}, 4]])
    const lines = metrics
      .text()
      .split('\n')
      .filter(line => !line.startsWith('#'))
    assert.deepEqual(lines, [
      'c_total{who="a\\"b"} 3',
      'h_bucket{le="1"} 1',
      'h_bucket{le="2"} 2',
      'h_bucket{le="+Inf"} 3',
      'h_sum 11',
      'h_count 3',
      'g 4',
      '',
    ])
  })

  it('count what exists by its name, and everything else together', async () => {
    const server = await startTestServer()
    await server.call('GET', '/api/v1/namespaces/default/configmaps')
    for (let i = 0; i < 5; i++) await server.call('GET', `/apis/invented-${i}/v1/things`)
    const { text } = await server.call('GET', '/metrics')
    assert.match(
      text,
      /apiserver_request_total\{verb="LIST",group="",version="v1",resource="configmaps",subresource="",scope="namespace",component="apiserver",code="200"\} 1/,
    )
    assert.ok(!text.includes('invented'))
    assert.match(text, /apiserver_storage_objects\{resource="namespaces"\} 4/)
    await server.server.close()
  })
})
