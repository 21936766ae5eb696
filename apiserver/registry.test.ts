import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { type Answer, type RequestParts, startTestServer, type TestServer } from './testing.ts'

const PODS = '/api/v1/namespaces/default/pods'
const MAPS = '/api/v1/namespaces/default/configmaps'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'
const MERGE = { 'content-type': 'application/merge-patch+json' }

const configMap = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...more },
  data: { a: '1' },
})
const pod = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...more },
  spec: { containers: [{ name: 'c', image: 'web' }] },
})

/** A server with the account that pods of the namespace default act as. */
async function startWithAccount(): Promise<TestServer> {
  const server = await startTestServer()
  const body = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'default' } }
  await server.call('POST', '/api/v1/namespaces/default/serviceaccounts', { body })
  return server
}

describe('the verbs', () => {
  let server: TestServer
  const call = (method: string, target: string, parts?: RequestParts): Promise<Answer> =>
    server.call(method, target, parts)
  before(async () => {
    server = await startWithAccount()
  })
  after(() => server.server.close())

  it('create stores, and get gives it back with what the server adds', async () => {
    const created = await call('POST', MAPS, { body: configMap('first') })
    assert.equal(created.status, 201)
    const { uid, resourceVersion, creationTimestamp, namespace } = created.json.metadata
    assert.match(uid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepEqual(
      { namespace, creationTimestamp },
      { namespace: 'default', creationTimestamp: '2026-01-01T00:00:00Z' },
    )
    assert.ok(Number(resourceVersion) > 0)
    assert.deepEqual((await call('GET', `${MAPS}/first`)).json, created.json)
  })

  it('create with generateName finds a free name', async () => {
    const names = new Set<string>()
    for (let i = 0; i < 3; i++) {
      const answer = await call('POST', MAPS, { body: { ...configMap(''), metadata: { generateName: 'made-' } } })
      names.add(answer.json.metadata.name)
    }
    assert.equal(names.size, 3)
    for (const name of names) assert.match(name, /^made-[a-z0-9]{5}$/)
  })

  const refusals: [string, string, string, RequestParts, number, string, RegExp][] = [
    [
      'a name twice',
      'POST',
      MAPS,
      { body: configMap('first') },
      409,
      'AlreadyExists',
      /^configmaps "first" already exists$/,
    ],
    ['what is not there', 'GET', `${MAPS}/none`, {}, 404, 'NotFound', /^configmaps "none" not found$/],
    [
      'an unknown resource',
      'GET',
      '/api/v1/namespaces/default/nones',
      {},
      404,
      'NotFound',
      /could not find the requested resource/,
    ],
    [
      'an unknown subresource',
      'GET',
      `${MAPS}/first/none`,
      {},
      404,
      'NotFound',
      /could not find the requested resource/,
    ],
    ['a pod without a namespace', 'GET', '/api/v1/pods/x', {}, 404, 'NotFound', /could not find/],
    ['a node with a namespace', 'GET', '/api/v1/namespaces/a/nodes/x', {}, 404, 'NotFound', /could not find/],
    [
      'a method that is not served',
      'POST',
      `${MAPS}/first`,
      { body: {} },
      405,
      'MethodNotAllowed',
      /does not allow this method/,
    ],
    ['an empty body', 'POST', MAPS, {}, 400, 'BadRequest', /EOF|empty/],
    ['half a body', 'POST', MAPS, { raw: '{"apiVersion":' }, 400, 'BadRequest', /unexpected end of JSON/],
    ['another kind', 'POST', MAPS, { body: pod('x') }, 400, 'BadRequest', /Pod/],
    [
      'another version',
      'POST',
      MAPS,
      { body: { ...configMap('x'), apiVersion: 'v2' } },
      400,
      'BadRequest',
      /does not match the expected API version/,
    ],
    [
      'another namespace',
      'POST',
      MAPS,
      { body: configMap('x', { namespace: 'other' }) },
      400,
      'BadRequest',
      /does not match the namespace/,
    ],
    [
      'a namespace that is not there',
      'POST',
      '/api/v1/namespaces/none/configmaps',
      { body: configMap('x') },
      404,
      'NotFound',
      /namespaces "none" not found/,
    ],
    [
      'a resourceVersion on create',
      'POST',
      MAPS,
      { body: configMap('x', { resourceVersion: '5' }) },
      400,
      'BadRequest',
      /resourceVersion should not be set/,
    ],
    [
      'a bad name',
      'POST',
      MAPS,
      { body: configMap('No') },
      422,
      'Invalid',
      /^ConfigMap "No" is invalid: metadata.name: Invalid value: "No"/,
    ],
    [
      'no name',
      'POST',
      MAPS,
      { body: configMap('') },
      422,
      'Invalid',
      /metadata.name: Required value: name or generateName is required/,
    ],
    [
      'a media type nobody knows',
      'POST',
      MAPS,
      { raw: 'x', headers: { 'content-type': 'text/csv' } },
      415,
      'UnsupportedMediaType',
      /unknown format/,
    ],
    [
      'a patch type nobody knows',
      'PATCH',
      `${MAPS}/first`,
      { raw: '{}', headers: { 'content-type': 'text/csv' } },
      415,
      'UnsupportedMediaType',
      /accepted media types include/,
    ],
    [
      'an answer nobody can give',
      'GET',
      `${MAPS}/first`,
      { headers: { accept: 'image/png' } },
      406,
      'NotAcceptable',
      /only the following media types/,
    ],
    [
      'a strict create with an unknown field',
      'POST',
      `${MAPS}?fieldValidation=Strict`,
      { body: { ...configMap('x'), dat: {} } },
      400,
      'BadRequest',
      /strict decoding error: unknown field "dat"/,
    ],
    [
      'a dry run of another sort',
      'POST',
      `${MAPS}?dryRun=Some`,
      { body: configMap('x') },
      422,
      'Invalid',
      /dryRun: Unsupported value: "Some": supported values: "All"/,
    ],
    [
      'a label selector that is none',
      'GET',
      `${MAPS}?labelSelector=a%3D%3D%3Db`,
      {},
      400,
      'BadRequest',
      /unable to parse requirement/,
    ],
    [
      'a field that cannot be selected',
      'GET',
      `${MAPS}?fieldSelector=data.a%3D1`,
      {},
      400,
      'BadRequest',
      /field label not supported: data.a/,
    ],
    [
      'an apply without a manager',
      'PATCH',
      `${MAPS}/first`,
      { raw: '{}', headers: { 'content-type': 'application/apply-patch+yaml' } },
      422,
      'Invalid',
      /fieldManager: Required value/,
    ],
    [
      'a body beyond the limit',
      'POST',
      MAPS,
      { raw: Buffer.alloc((3 << 20) + 1, 0x20) },
      413,
      'RequestEntityTooLarge',
      /limit is 3145728/,
    ],
  ]
  for (const [what, method, target, parts, code, reason, message] of refusals) {
    it(`refuses ${what}`, async () => {
      const answer = await call(method, target, parts)
      assert.equal(answer.json?.kind, 'Status', answer.text)
      assert.deepEqual([answer.status, answer.json.code, answer.json.reason], [code, code, reason])
      assert.match(answer.json.message, message)
    })
  }

  it('update replaces, and only what it has seen', async () => {
    const { json: seen } = await call('POST', MAPS, { body: configMap('updated') })
    const changed = await call('PUT', `${MAPS}/updated`, { body: { ...seen, data: { a: '2' } } })
    assert.equal(changed.status, 200)
    assert.deepEqual(changed.json.data, { a: '2' })
    const stale = await call('PUT', `${MAPS}/updated`, { body: { ...seen, data: { a: '3' } } })
    assert.equal(stale.status, 409)
    assert.equal(
      stale.json.message,
      'Operation cannot be fulfilled on configmaps "updated": the object has been modified; please apply your changes to the latest version and try again',
    )
  })

  it('a write that changes nothing makes no revision', async () => {
    const { json: seen } = await call('POST', MAPS, { body: configMap('same') })
    const again = await call('PUT', `${MAPS}/same`, { body: { data: seen.data, ...seen } })
    assert.equal(again.json.metadata.resourceVersion, seen.metadata.resourceVersion)
  })

  const patches: [string, string, unknown, unknown][] = [
    ['merge', 'application/merge-patch+json', { data: { b: '2', a: null } }, { b: '2' }],
    ['strategic', 'application/strategic-merge-patch+json', { data: { b: '2' } }, { a: '1', b: '2' }],
    ['json', 'application/json-patch+json', [{ op: 'replace', path: '/data/a', value: '9' }], { a: '9' }],
  ]
  for (const [name, type, body, data] of patches) {
    it(`patch ${name}`, async () => {
      await call('POST', MAPS, { body: configMap(`patch-${name}`) })
      const answer = await call('PATCH', `${MAPS}/patch-${name}`, { body, headers: { 'content-type': type } })
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(answer.json.data, data)
    })
  }

  it('server-side apply creates with 201 and updates with 200, and notes who owns what', async () => {
    const target = `${MAPS}/applied?fieldManager=me`
    const headers = { 'content-type': 'application/apply-patch+yaml' }
    const made = await call('PATCH', target, { raw: 'apiVersion: v1\nkind: ConfigMap\ndata: {a: "1"}\n', headers })
    assert.equal(made.status, 201, made.text)
    const changed = await call('PATCH', target, { body: { ...configMap('applied'), data: { b: '2' } }, headers })
    assert.deepEqual([changed.status, changed.json.data], [200, { b: '2' }])
    const other = `${MAPS}/applied?fieldManager=you`
    const conflict = await call('PATCH', other, { body: { ...configMap('applied'), data: { b: '3' } }, headers })
    assert.equal(conflict.status, 409)
    assert.deepEqual(conflict.json.details.causes, [
      { reason: 'FieldManagerConflict', message: 'conflict with "me"', field: '.data.b' },
    ])
    const forced = await call('PATCH', `${other}&force=true`, {
      body: { ...configMap('applied'), data: { b: '3' } },
      headers,
    })
    assert.deepEqual(forced.json.data, { b: '3' })
  })

  it('a dry run answers as if, and stores nothing', async () => {
    assert.equal((await call('POST', `${MAPS}?dryRun=All`, { body: configMap('dry') })).status, 201)
    assert.equal((await call('GET', `${MAPS}/dry`)).status, 404)
    await call('POST', MAPS, { body: configMap('wet') })
    const patched = await call('PATCH', `${MAPS}/wet?dryRun=All`, { body: { data: { a: '7' } }, headers: MERGE })
    assert.equal(patched.json.data.a, '7')
    const deleted = await call('DELETE', `${MAPS}/wet?dryRun=All`)
    assert.equal(deleted.status, 200)
    assert.equal((await call('GET', `${MAPS}/wet`)).json.data.a, '1')
  })

  it('an unknown field is dropped with a warning', async () => {
    const answer = await call('POST', MAPS, { body: { ...configMap('warned'), dat: {} } })
    assert.equal(answer.json.dat, undefined)
    assert.deepEqual(answer.headers.warning, ['299 - "unknown field \\"dat\\""'])
  })

  it('the status is written through /status only, and the spec not there', async () => {
    const body = {
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'd' } },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: { metadata: { labels: { a: 'b' } }, spec: pod('x').spec },
      },
      status: { replicas: 7 },
    }
    const created = await call('POST', DEPLOYMENTS, { body })
    assert.equal(created.status, 201, created.text)
    assert.equal(created.json.status?.replicas ?? 0, 0)
    const reported = await call('PATCH', `${DEPLOYMENTS}/d/status`, {
      body: { status: { replicas: 3 }, spec: { replicas: 9 } },
      headers: MERGE,
    })
    assert.deepEqual(
      [reported.json.status.replicas, reported.json.spec.replicas, reported.json.metadata.generation],
      [3, 1, 1],
    )
    const scaled = await call('PATCH', `${DEPLOYMENTS}/d/scale`, { body: { spec: { replicas: 4 } }, headers: MERGE })
    assert.deepEqual([scaled.json.kind, scaled.json.spec.replicas, scaled.json.status.selector], ['Scale', 4, 'a=b'])
    const after = await call('GET', `${DEPLOYMENTS}/d`)
    assert.deepEqual([after.json.spec.replicas, after.json.metadata.generation, after.json.status.replicas], [4, 2, 3])
  })

  it('deletecollection deletes what the selector selects', async () => {
    for (const name of ['x1', 'x2', 'x3']) {
      await call('POST', MAPS, { body: configMap(name, { labels: { set: name === 'x3' ? 'other' : 'this' } }) })
    }
    const answer = await call('DELETE', `${MAPS}?labelSelector=set%3Dthis`)
    assert.equal(answer.json.items.length, 2)
    const left = await call('GET', `${MAPS}?labelSelector=set`)
    assert.deepEqual(
      left.json.items.map((item: { metadata: { name: string } }) => item.metadata.name),
      ['x3'],
    )
  })
})

describe('deleting', () => {
  let server: TestServer
  const call = (method: string, target: string, parts?: RequestParts): Promise<Answer> =>
    server.call(method, target, parts)
  before(async () => {
    server = await startWithAccount()
  })
  after(() => server.server.close())

  const bind = (name: string) =>
    call('POST', `${PODS}/${name}/binding`, {
      body: { apiVersion: 'v1', kind: 'Binding', metadata: { name }, target: { kind: 'Node', name: 'n1' } },
    })

  it('a pod that runs nowhere goes at once', async () => {
    await call('POST', PODS, { body: pod('idle') })
    await call('DELETE', `${PODS}/idle`)
    assert.equal((await call('GET', `${PODS}/idle`)).status, 404)
  })

  it('a pod that runs somewhere has its grace period, then goes when the agent says so', async () => {
    await call('POST', PODS, { body: pod('busy') })
    assert.equal((await bind('busy')).status, 201)
    const marked = await call('DELETE', `${PODS}/busy`)
    assert.equal(marked.json.metadata.deletionGracePeriodSeconds, 30)
    assert.equal(marked.json.metadata.deletionTimestamp, '2026-01-01T00:00:30Z')
    assert.equal((await call('GET', `${PODS}/busy`)).status, 200)
    const gone = await call('DELETE', `${PODS}/busy`, {
      body: { kind: 'DeleteOptions', apiVersion: 'v1', gracePeriodSeconds: 0 },
    })
    assert.equal(gone.status, 200)
    assert.equal((await call('GET', `${PODS}/busy`)).status, 404)
  })

  it('a pod is bound once', async () => {
    await call('POST', PODS, { body: pod('bound') })
    await bind('bound')
    const again = await bind('bound')
    assert.equal(again.status, 409)
    assert.match(again.json.message, /already assigned to node "n1"/)
    const stored = await call('GET', `${PODS}/bound`)
    assert.equal(stored.json.status.conditions[0].type, 'PodScheduled')
  })

  it('finalizers hold an object until the last of them is gone', async () => {
    await call('POST', MAPS, { body: configMap('held', { finalizers: ['example.com/one'] }) })
    const marked = await call('DELETE', `${MAPS}/held`)
    assert.ok(marked.json.metadata.deletionTimestamp)
    assert.equal((await call('GET', `${MAPS}/held`)).status, 200)
    await call('PATCH', `${MAPS}/held`, { body: { metadata: { finalizers: null } }, headers: MERGE })
    assert.equal((await call('GET', `${MAPS}/held`)).status, 404)
  })

  for (const [policy, finalizers] of [
    ['Foreground', ['foregroundDeletion']],
    ['Orphan', ['orphan']],
  ] as const) {
    it(`with propagation ${policy} waits for the collector`, async () => {
      const name = `p-${policy.toLowerCase()}`
      await call('POST', MAPS, { body: configMap(name) })
      const marked = await call('DELETE', `${MAPS}/${name}`, { body: { propagationPolicy: policy } })
      assert.deepEqual(marked.json.metadata.finalizers, finalizers)
    })
  }

  const preconditions: [string, object, number][] = [
    ['another uid', { uid: 'x' }, 409],
    ['another resourceVersion', { resourceVersion: '1' }, 409],
    ['nothing', {}, 200],
  ]
  for (const [what, given, code] of preconditions) {
    it(`on the condition of ${what} answers ${code}`, async () => {
      await call('POST', MAPS, { body: configMap('conditional') })
      const answer = await call('DELETE', `${MAPS}/conditional`, { body: { preconditions: given } })
      assert.equal(answer.status, code)
    })
  }

  it('a namespace waits for its finalizer', async () => {
    await call('POST', '/api/v1/namespaces', {
      body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'gone' } },
    })
    const marked = await call('DELETE', '/api/v1/namespaces/gone')
    assert.deepEqual([marked.json.status.phase, marked.json.spec.finalizers], ['Terminating', ['kubernetes']])
    const refused = await call('POST', '/api/v1/namespaces/gone/configmaps', { body: configMap('late') })
    assert.equal(refused.status, 403)
    assert.match(refused.json.message, /because it is being terminated/)
    const done = await call('PUT', '/api/v1/namespaces/gone/finalize', {
      body: { ...marked.json, spec: { finalizers: [] } },
    })
    assert.equal(done.status, 200, done.text)
    assert.equal((await call('GET', '/api/v1/namespaces/gone')).status, 404)
    assert.equal((await call('DELETE', '/api/v1/namespaces/default')).status, 403)
  })
})
