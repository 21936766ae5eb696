import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { accessAttributes, headerList, parsePorts, parseRoute, parseStreamRequest, type Route } from './routes.ts'

describe('the paths of the agent', () => {
  const CASES: [path: string, route: Route | undefined][] = [
    ['/exec/ns/web/c', { kind: 'exec', namespace: 'ns', pod: 'web', container: 'c' }],
    ['/attach/ns/web/c', { kind: 'attach', namespace: 'ns', pod: 'web', container: 'c' }],
    ['/containerLogs/ns/web/c', { kind: 'containerLogs', namespace: 'ns', pod: 'web', container: 'c' }],
    ['/portForward/ns/web', { kind: 'portForward', namespace: 'ns', pod: 'web' }],
    ['/pods', { kind: 'pods' }],
    ['/localVolumes/pvc-1', { kind: 'localVolumes', volume: 'pvc-1' }],
    ['/localVolumes/', undefined],
    ['/localVolumes/pvc-1/more', undefined],
    ['/pods/', { kind: 'pods' }],
    ['/stats/summary', { kind: 'stats/summary' }],
    ['/metrics', { kind: 'metrics' }],
    ['/metrics/resource', { kind: 'metrics/resource' }],
    ['/healthz', { kind: 'healthz' }],
    ['/', undefined],
    ['/exec/ns/web', undefined],
    ['/exec/ns/web/c/more', undefined],
    ['/exec//web/c', undefined],
    ['/portForward/ns/web/c', undefined],
    ['/exec/ns/%zz/c', undefined],
    ['/podsx', undefined],
    ['/constructor', undefined],
  ]
  for (const [path, route] of CASES) it(path, () => assert.deepEqual(parseRoute(path), route))

  it('names that climb are names still: they only ever meet the names of pods', () => {
    const route = { kind: 'containerLogs', namespace: '..', pod: 'a/../b', container: '..' }
    assert.deepEqual(parseRoute('/containerLogs/%2e%2e/a%2f..%2fb/..'), route)
  })
})

describe('what a request is about, for authorization', () => {
  const CASES: [method: string, path: string, verb: string, subresource: string][] = [
    ['GET', '/stats/summary', 'get', 'stats'],
    ['GET', '/metrics', 'get', 'metrics'],
    ['GET', '/metrics/resource', 'get', 'metrics'],
    ['GET', '/metricsx', 'get', 'proxy'],
    ['POST', '/exec/ns/web/c', 'create', 'proxy'],
    ['GET', '/containerLogs/ns/web/c', 'get', 'proxy'],
    ['DELETE', '/pods', 'delete', 'proxy'],
  ]
  for (const [method, path, verb, subresource] of CASES) {
    it(`${method} ${path}`, () => assert.deepEqual(accessAttributes(method, path), { verb, subresource, path }))
  }
})

describe('the query of exec and attach', () => {
  const CASES: [query: string, streams: string][] = [
    ['input=1&output=1&error=1&command=sh&command=-c&command=', 'stdin stdout stderr: sh,-c,'],
    ['stdin=true&stdout=true&stderr=true', 'stdin stdout stderr: '],
    ['output=1&error=1&tty=1', 'stdout tty: '],
    ['output=0&input=false&command=ls', ': ls'],
    ['output=yes', ': '],
  ]
  for (const [query, expected] of CASES) {
    it(query, () => {
      const { command, ...flags } = parseStreamRequest(new URLSearchParams(query))
      const set = Object.entries(flags).flatMap(([name, on]) => (on ? [name] : []))
      assert.equal(`${set.join(' ')}: ${command}`, expected)
    })
  }
})

describe('ports and lists', () => {
  const PORTS: [query: string, ports: number[] | undefined][] = [
    ['port=80&port=8080', [80, 8080]],
    ['ports=80,81&ports=82', [80, 81, 82]],
    ['', []],
    ['port=0', undefined],
    ['port=65536', undefined],
    ['port=http', undefined],
  ]
  for (const [query, ports] of PORTS) {
    it(query || 'no port', () => assert.deepEqual(parsePorts(new URLSearchParams(query)), ports))
  }
  it('repeated headers come joined by commas', () => {
    assert.deepEqual(headerList('v4.channel.k8s.io, v3.channel.k8s.io,,'), ['v4.channel.k8s.io', 'v3.channel.k8s.io'])
    assert.deepEqual(headerList(undefined), [])
  })
})
