import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { eventually } from '../test/support/eventually.ts'
import { type RequestParts, startTestServer, type TestServer } from './testing.ts'

/** Nonsense of every sort, the same for every run: always a Status with a right code, never a 500, never a crash. */

const SEED = 20_260_101
const RUNS = 150
const MAPS = '/api/v1/namespaces/default/configmaps'
const options = { seed: SEED, numRuns: RUNS }

const CONTENT_TYPES = [
  'application/json',
  'application/yaml',
  'application/vnd.kubernetes.protobuf',
  'application/merge-patch+json',
  'application/json-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  '',
  'text/plain',
]

describe('nonsense', () => {
  let server: TestServer
  before(async () => {
    server = await startTestServer()
    await server.call('POST', MAPS, { body: { metadata: { name: 'a' }, data: { k: 'v' } } })
    await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body: { metadata: { name: 'default' } } })
  })
  after(() => server.server.close())

  async function survives(method: string, target: string, parts: RequestParts = {}): Promise<void> {
    const { status, body } = await timely(server.send(method, target, parts))
    const unforeseen = server.log.entries.filter(entry => entry.level === 'error')
    assert.deepEqual(
      unforeseen.map(({ message, fields }) => [message, fields]),
      [],
    )
    // Some paths are watches: those have nothing to say yet, and are not waited for.
    const text = body instanceof Uint8Array ? Buffer.from(body).toString() : ''
    assert.notEqual(status, 500, `${method} ${target}: ${status} ${text}`)
    if (status >= 400) assert.equal(JSON.parse(text).kind, 'Status')
  }

  /** Time passes while somebody waits: for a revision that is not there yet, for instance. */
  async function timely<T>(work: Promise<T>): Promise<T> {
    let done = false
    const finished = work.finally(() => {
      done = true
    })
    while (!done) {
      await new Promise(resolve => setImmediate(resolve))
      if (!done) server.clock.advance(1000)
    }
    return finished
  }

  it('in paths', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'),
        fc.array(
          fc.oneof(
            fc.string({ maxLength: 12 }).map(text => encodeURIComponent(text)),
            fc.string({ maxLength: 6 }),
            fc.constantFrom(
              'api',
              'apis',
              'v1',
              'apps',
              'namespaces',
              'pods',
              'default',
              'status',
              'watch',
              'a',
              '..',
              '%2e',
              '%00',
            ),
          ),
          { maxLength: 9 },
        ),
        (method, segments) => survives(method, `/${segments.join('/').replaceAll('?', '')}`, { raw: '{}' }),
      ),
      options,
    ))

  it('in queries', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(
          ...['labelSelector', 'fieldSelector', 'limit', 'continue', 'resourceVersion', 'resourceVersionMatch'],
          ...[
            'timeoutSeconds',
            'pretty',
            'includeObject',
            'dryRun',
            'fieldManager',
            'fieldValidation',
            'sendInitialEvents',
          ],
        ),
        fc.oneof(
          fc.string({ maxLength: 40 }),
          fc.string({ unit: 'grapheme', maxLength: 10 }),
          fc.integer().map(String),
        ),
        fc.constantFrom('GET', 'POST', 'DELETE'),
        (name, value, method) => {
          const path = method === 'DELETE' ? `${MAPS}/none` : MAPS
          const raw = method === 'POST' ? '{"metadata":{"generateName":"f-"}}' : undefined
          return survives(method, `${path}?${name}=${encodeURIComponent(value)}`, { raw })
        },
      ),
      options,
    ))

  it('in selectors that nearly are some', () => {
    const part = fc.constantFrom(
      'a',
      'b.c/d',
      ' in ',
      ' notin ',
      '(',
      ')',
      ',',
      '=',
      '==',
      '!=',
      '!',
      '>',
      '1',
      'metadata.name',
      '\\',
    )
    const text = fc.array(part, { maxLength: 10 }).map(parts => encodeURIComponent(parts.join('')))
    return fc.assert(
      fc.asyncProperty(text, fc.constantFrom('labelSelector', 'fieldSelector'), (selector, name) =>
        survives('GET', `${MAPS}?${name}=${selector}`),
      ),
      options,
    )
  })

  it('in bodies that are bytes', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...CONTENT_TYPES),
        fc.constantFrom('POST', 'PUT', 'PATCH', 'DELETE'),
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.uint8Array({ maxLength: 200 }).map(bytes => Buffer.concat([Buffer.from('k8s\0'), bytes])),
          fc.json().map(text => Buffer.from(text)),
          fc.string({ maxLength: 60 }).map(text => Buffer.from(text)),
        ),
        (type, method, raw) => {
          const target = method === 'POST' ? MAPS : `${MAPS}/a?fieldManager=f`
          return survives(method, target, { raw, headers: { 'content-type': type } })
        },
      ),
      options,
    ))

  it('in objects: values of every sort where others belong', () => {
    const value = fc.oneof(
      fc.constantFrom<unknown>(null, true, 0, -1, 1.5, '', 'x', [], {}, [null], [{}], { a: null }),
      fc.jsonValue({ maxDepth: 3 }),
    )
    const field = fc.constantFrom(
      'name',
      'image',
      'ports',
      'env',
      'resources',
      'volumeMounts',
      'livenessProbe',
      'securityContext',
      'command',
    )
    const spec = fc.constantFrom(
      'containers',
      'volumes',
      'nodeSelector',
      'tolerations',
      'affinity',
      'restartPolicy',
      'hostNetwork',
      'initContainers',
      'securityContext',
    )
    const meta = fc.constantFrom(
      'name',
      'labels',
      'annotations',
      'ownerReferences',
      'finalizers',
      'managedFields',
      'uid',
      'creationTimestamp',
    )
    return fc.assert(
      fc.asyncProperty(
        fc.dictionary(field, value),
        fc.dictionary(spec, value),
        fc.dictionary(meta, value),
        (container, podSpec, metadata) =>
          survives('POST', '/api/v1/namespaces/default/pods?dryRun=All', {
            body: {
              metadata: { name: 'p', ...metadata },
              spec: { containers: [{ name: 'c', image: 'x', ...container }], ...podSpec },
            },
          }),
      ),
      options,
    )
  })

  it('in patches', () => {
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'x'),
        path: fc.constantFrom(
          '/data/k',
          '/data',
          '/metadata/name',
          '',
          '/',
          '/a/b/c',
          'x',
          '/metadata/labels/a~1b',
          '/__proto__/x',
        ),
        from: fc.constantFrom('/data', '/data/k', ''),
        value: fc.jsonValue({ maxDepth: 2 }),
      },
      { requiredKeys: [] },
    )
    const patch = fc.oneof(fc.array(operation, { maxLength: 4 }), fc.jsonValue({ maxDepth: 3 }))
    return fc.assert(
      fc.asyncProperty(fc.constantFrom(...CONTENT_TYPES), patch, (type, body) =>
        survives('PATCH', `${MAPS}/a?dryRun=All${type.includes('apply') ? '&fieldManager=f' : ''}`, {
          body,
          headers: { 'content-type': type },
        }),
      ),
      options,
    )
  })

  const shapes: [string, string | Buffer, number][] = [
    ['nested ten thousand deep', `${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`, 400],
    ['lists ten thousand deep', `${'['.repeat(10_000)}${']'.repeat(10_000)}`, 400],
    ['cut off', '{"metadata":{"name":"x"', 400],
    ['not JSON', 'hello', 400],
    ['a list', '[]', 400],
    ['a number', '1', 400],
    ['null', 'null', 400],
    ['four megabytes', Buffer.alloc(4 << 20, 0x61), 413],
    ['a NUL in a name', '{"metadata":{"name":"a\\u0000b"}}', 422],
    ['of another kind', '{"kind":"Secret","apiVersion":"v1","metadata":{"name":"k"}}', 400],
    ['of another version', '{"kind":"ConfigMap","apiVersion":"v2","metadata":{"name":"k"}}', 400],
    ['of another group', '{"kind":"ConfigMap","apiVersion":"apps/v1","metadata":{"name":"k"}}', 400],
    ['with a list for its kind', '{"kind":["ConfigMap"],"metadata":{"name":"k"}}', 400],
    ['with a number for its version', '{"apiVersion":1,"metadata":{"name":"k"}}', 400],
    ['with a key twice', '{"metadata":{"name":"twice"},"data":{"a":"1","a":"2"}}', 201],
    ['with half a surrogate', '{"metadata":{"name":"k"},"data":{"a":"\\ud800"}}', 201],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 422],
    ['two objects', '{"metadata":{"name":"k"}}{"metadata":{"name":"l"}}', 400],
    ['a NUL in a key', '{"metadata":{"name":"k"},"data":{"a\\u0000":"b"}}', 422],
    ['a NUL in a label', '{"metadata":{"name":"k","labels":{"a":"\\u0000"}}}', 422],
    ['a NUL after its end', '{"metadata":{"name":"k"}}\0', 400],
    ['a prototype', '{"__proto__":{"x":1},"metadata":{"name":"proto","__proto__":{"y":1}}}', 201],
  ]
  for (const [what, raw, code] of shapes) {
    it(`a body that is ${what}: ${code}`, async () => {
      const answer = await server.call('POST', MAPS, { raw })
      assert.equal(answer.status, code, answer.text.slice(0, 300))
      assert.equal(({} as { x?: number }).x, undefined)
    })
  }

  it('a key twice is refused where the client wants it strict, and warned of else', async () => {
    const raw = '{"metadata":{"name":"again"},"data":{"a":"1","a":"2"}}'
    const strict = await server.call('POST', `${MAPS}?fieldValidation=Strict`, { raw })
    assert.equal(strict.status, 400)
    assert.match(strict.json.message, /duplicate field "data\.a"/)
    const warned = await server.call('POST', `${MAPS}?fieldValidation=Warn`, { raw })
    assert.deepEqual([warned.status, warned.json.data], [201, { a: '2' }])
    assert.match(String(warned.headers.warning), /duplicate field/)
  })

  const yaml: [string, string, number][] = [
    ['a name for a list that doubles with each line', bomb(), 400],
    ['an anchor that contains itself', 'metadata: &m\n  name: x\n  labels: *m\n', 400],
    ['a tag of a program', 'metadata: !!js/function "x"\n', 400],
    ['a tab where blanks belong', 'metadata:\n\tname: x\n', 400],
    ['two documents', 'metadata: {name: one}\n---\nmetadata: {name: two}\n', 400],
    ['a key twice', 'metadata: {name: a}\ndata: {a: b, a: c}\n', 400],
    ['a key of its own making', '? {a: b}\n: c\nmetadata: {name: a}\n', 400],
    ['ten thousand open lists', '['.repeat(10_000), 400],
  ]
  for (const [what, raw, code] of yaml) {
    it(`YAML with ${what}: ${code}`, async () => {
      const headers = { 'content-type': 'application/yaml' }
      const answer = await server.call('POST', `${MAPS}?fieldValidation=Strict`, { raw, headers })
      assert.equal(answer.status, code, answer.text.slice(0, 300))
    })
  }

  const protobuf: [string, Buffer][] = [
    ['cut off in the middle', message().subarray(0, -3)],
    ['that says it is longer than it is', Buffer.concat([message(), Buffer.from([0x0a, 0xff, 0xff, 0xff, 0x7f])])],
    ['with a number of ten bytes and more', Buffer.concat([Buffer.from('k8s\0'), Buffer.alloc(12, 0xff)])],
    ['without its mark', message().subarray(4)],
  ]
  for (const [what, raw] of protobuf) {
    it(`protobuf ${what}: 400`, async () => {
      const headers = { 'content-type': 'application/vnd.kubernetes.protobuf' }
      const answer = await server.call('POST', MAPS, { raw, headers })
      assert.equal(answer.status, 400, answer.text.slice(0, 300))
    })
  }

  it('leaves the memory as it was', async () => {
    const bodies = [Buffer.alloc(3 << 20, 0x20), '['.repeat(1 << 20), bomb(), `{"data":{${'"a":"b",'.repeat(200_000)}}`]
    const types = ['application/json', 'application/yaml', 'application/merge-patch+json']
    const round = async () => {
      for (const raw of bodies) {
        for (const type of types) await server.call('POST', MAPS, { raw, headers: { 'content-type': type } })
        await server.call('PATCH', `${MAPS}/a`, { raw, headers: { 'content-type': types[2]! } })
      }
    }
    await round()
    const before = held()
    for (let i = 0; i < 5; i++) await round()
    let grown = 0
    const evidence = () => `${grown} bytes more than before`
    // What the rounds left to timers and to other threads is given back a little later.
    await eventually({ what: 'the memory is as before', deadlineMs: 30_000, evidence }, async () => {
      grown = held() - before
      return grown < 8 << 20
    })
  })
})

/** What is still held once everything that nobody needs has been given back. */
function held(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return heapUsed + arrayBuffers
}

/** A few lines that would be a billion entries if somebody wrote them out. */
function bomb(): string {
  const lines = Array.from({ length: 9 }, (_, n) => `l${n + 1}: &l${n + 1} [${Array(10).fill(`*l${n}`).join(', ')}]`)
  return ['l0: &l0 [x, x, x, x]', ...lines, 'metadata: {name: bomb}', 'data: {a: *l9}'].join('\n')
}

/** A ConfigMap named `x`, as kubectl sends it. */
function message(): Buffer {
  const field = (number: number, bytes: Buffer) =>
    Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes])
  const type = Buffer.concat([field(1, Buffer.from('v1')), field(2, Buffer.from('ConfigMap'))])
  const raw = field(1, field(1, Buffer.from('x')))
  return Buffer.concat([Buffer.from('k8s\0'), field(1, type), field(2, raw)])
}
