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

  const MAPS = '/api/v1/namespaces/default/configmaps'
  const named = (verb: string, scope: string, more = '') =>
    `{verb="${verb}",group="",version="v1",resource="configmaps",subresource="",scope="${scope}",component="apiserver"${more}}`
  const lines: [string, string][] = [
    ['how often a thing was made', `apiserver_request_total${named('POST', 'namespace', ',code="201"')} 2`],
    ['how long it took', `apiserver_request_duration_seconds_count${named('POST', 'namespace')} 3`],
    [
      'how long that was the server’s own',
      `apiserver_request_sli_duration_seconds_count${named('POST', 'namespace')} 3`,
    ],
    ['how large answers are', `apiserver_response_sizes_bucket${named('LIST', 'namespace', ',le="10000"')} 2`],
    ['what waits for changes', `apiserver_longrunning_requests${named('WATCH', 'namespace')} 1`],
    ['what it was told', 'apiserver_watch_events_total{group="",version="v1",kind="ConfigMap"} 2'],
    ['what the store did', 'etcd_request_duration_seconds_count{operation="create",type="configmaps"} 2'],
    ['what the store could not do', 'etcd_request_errors_total{operation="create",type="secrets"} 1'],
    [
      'how long admission takes, all of it',
      'apiserver_admission_step_admission_duration_seconds_bucket{operation="CREATE",rejected="false",type="validate",le="0.005"} ',
    ],
    [
      'and each plugin',
      'apiserver_admission_controller_admission_duration_seconds_count{name="LimitRanger",operation="CREATE",rejected="false",type="admit"} ',
    ],
    [
      'which plugin refused',
      'apiserver_admission_controller_admission_duration_seconds_count{name="NamespaceLifecycle",operation="CREATE",rejected="true",type="admit"} 1',
    ],
    ['who was not recognised', 'authentication_attempts{result="failure"} 1'],
    ['who may not', 'authorization_attempts_total{result="no-opinion"} 1'],
    ['which version it is', 'kubernetes_build_info{major="1",minor="33",git_version="v1.33.0+kubox",'],
    ['whom extensions answer', 'aggregator_unavailable_apiservice{name="v1.x.example.com"} 1'],
    ['that the answer is no reading of the clock', '# TYPE process_cpu_seconds_total counter'],
    ...['process_resident_memory_bytes', 'process_virtual_memory_bytes', 'process_open_fds', 'process_max_fds'].map(
      (name): [string, string] => [`the process: ${name}`, `# TYPE ${name} gauge`],
    ),
  ]

  it('tell of all that dashboards ask', async () => {
    const server = await startTestServer()
    const make = (plural: string, name: string, namespace = 'default') =>
      server.call('POST', `/api/v1/namespaces/${namespace}/${plural}`, { body: { metadata: { name } } })
    const stopping = new AbortController()
    const { body } = await server.send('GET', `${MAPS}?watch=true`, { signal: stopping.signal })
    const watching = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    const first = watching.next()
    await make('configmaps', 'a')
    await make('configmaps', 'b')
    await first
    await server.call('GET', MAPS)
    assert.equal((await make('configmaps', 'c', 'nowhere')).status, 404)
    await server.call('GET', MAPS, { as: null, headers: { authorization: 'Bearer x' } })
    assert.equal((await server.call('GET', MAPS, { as: { name: 'bob', groups: [] } })).status, 403)
    await server.call('POST', '/apis/apiregistration.k8s.io/v1/apiservices', { body: SERVICE })
    server.store.create = () => Promise.reject(new Error('broken on purpose'))
    assert.equal((await make('secrets', 's')).status, 500)
    const { text } = await server.call('GET', '/metrics')
    for (const [what, line] of lines)
      assert.ok(
        text.split('\n').some(one => one.startsWith(line)),
        `${what}: ${line}`,
      )
    stopping.abort()
    await watching.return?.()
    const { text: later } = await server.call('GET', '/metrics')
    assert.ok(later.includes(`apiserver_longrunning_requests${named('WATCH', 'namespace')} 0`))
    await server.server.close()
  })
})

const SERVICE = {
  metadata: { name: 'v1.x.example.com' },
  spec: {
    ...{ group: 'x.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 100 },
    service: { namespace: 'default', name: 'x' },
    insecureSkipTLSVerify: true,
  },
}
