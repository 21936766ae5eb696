import assert from 'node:assert/strict'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { type Answer, startTestServer, type TestServer } from '../testing.ts'

const GROUP = '/apis/admissionregistration.k8s.io/v1'
const MAPS = '/api/v1/namespaces/default/configmaps'
const RULE = { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }

// biome-ignore lint/suspicious/noExplicitAny: reviews hold objects of every kind
type Review = any

/** What each path of the webhook's server answers. */
const BEHAVIOURS: Record<string, (request: Review) => object | string> = {
  '/allow': () => ({ allowed: true, warnings: ['mind the gap'] }),
  '/note': () => ({ allowed: true, auditAnnotations: { seen: 'first' } }),
  '/note-again': () => ({ allowed: false, auditAnnotations: { seen: 'second', why: 'because' } }),
  '/deny': () => ({ allowed: false, status: { message: 'not on my watch', code: 422 } }),
  '/deny-as-ok': () => ({ allowed: false, status: { code: 200 } }),
  '/label': ({ object }) =>
    patch([{ op: 'add', path: '/metadata/labels', value: { ...object.metadata.labels, seen: 'yes' } }]),
  '/count': ({ object }) =>
    patch([
      { op: 'add', path: '/data', value: { ...object.data, count: String(Number(object.data?.count ?? 0) + 1) } },
    ]),
  '/nonsense': () => 'not json',
}

function patch(operations: object[]): object {
  return { allowed: true, patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(operations)).toString('base64') }
}

describe('admission webhooks', () => {
  let server: TestServer
  let service: Server
  let url: string
  const asked: { path: string; request: Review }[] = []
  let count = 0

  before(async () => {
    service = createServer((incoming, response) => {
      const chunks: Buffer[] = []
      incoming.on('data', chunk => chunks.push(chunk))
      incoming.on('end', () => {
        const { request } = JSON.parse(Buffer.concat(chunks).toString())
        const path = incoming.url ?? ''
        asked.push({ path, request })
        if (path === '/silent') return
        const answer = BEHAVIOURS[path]!(request)
        const review = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' }
        response.end(
          typeof answer === 'string'
            ? answer
            : JSON.stringify({ ...review, response: { uid: request.uid, ...answer } }),
        )
      })
    })
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`
  })
  beforeEach(async () => {
    await server?.server.close()
    server = await startTestServer()
    asked.length = 0
  })
  after(async () => {
    await server.server.close()
    service.close()
    service.closeAllConnections()
  })

  /** Written past validation, which rightly wants https. */
  async function register(kind: 'Mutating' | 'Validating', paths: string[], more: object = {}): Promise<void> {
    const webhooks = paths.map((path, index) => ({
      ...{ name: `hook-${index}.example.com`, clientConfig: { url: url + path }, rules: [RULE], sideEffects: 'None' },
      ...{ admissionReviewVersions: ['v1'], ...more },
    }))
    const plural = `${kind.toLowerCase()}webhookconfigurations`
    const name = `hooks-${count++}`
    const object = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: `${kind}WebhookConfiguration`,
      metadata: { name },
      webhooks,
    }
    await server.store.create(`/registry/${plural}/${name}`, Buffer.from(JSON.stringify(object)))
    assert.equal((await server.call('GET', `${GROUP}/${plural}/${name}`)).status, 200)
  }
  const create = (name: string, query = '', metadata: object = {}): Promise<Answer> =>
    server.call('POST', `${MAPS}${query}`, { body: { metadata: { name, ...metadata } } })

  it('are told of in the metrics', async () => {
    await register('Mutating', ['/label'])
    await register('Validating', ['/deny'])
    await create('a')
    const { text } = await server.call('GET', '/metrics')
    const told = text.split('\n').filter(line => /^apiserver_admission_webhook_.*count/.test(line))
    const hook = 'name="hook-0.example.com",operation="CREATE"'
    assert.deepEqual(told, [
      `apiserver_admission_webhook_admission_duration_seconds_count{${hook},rejected="false",type="admit"} 1`,
      `apiserver_admission_webhook_admission_duration_seconds_count{${hook},rejected="true",type="validating"} 1`,
      `apiserver_admission_webhook_rejection_count{error_type="no_error",${hook},rejection_code="422",type="validating"} 1`,
    ])
  })

  const failures: [string, string, RegExp][] = [
    ['Ignore', 'fails and is let pass', /fail_open_count\{name="hook-0.example.com",type="validating"\} 1/],
    [
      'Fail',
      'fails and refuses',
      /count\{error_type="calling_webhook_error",.*rejection_code="0",type="validating"\} 1/,
    ],
  ]
  for (const [failurePolicy, what, line] of failures) {
    it(`are counted where one ${what}`, async () => {
      await register('Validating', ['/nonsense'], { failurePolicy })
      await create('a')
      assert.match((await server.call('GET', '/metrics')).text, line)
    })
  }

  it('see the whole request', async () => {
    await register('Validating', ['/allow'])
    const answer = await create('a')
    assert.equal(answer.status, 201, answer.text)
    assert.deepEqual(answer.headers.warning, ['299 - "mind the gap"'])
    const { uid, object, userInfo, ...request } = asked[0]!.request
    assert.ok(uid)
    assert.deepEqual([object.metadata.name, userInfo.username], ['a', 'kubernetes-admin'])
    const [kind, resource] = [
      { group: '', version: 'v1', kind: 'ConfigMap' },
      { group: '', version: 'v1', resource: 'configmaps' },
    ]
    assert.deepEqual(request, {
      ...{ kind, resource, requestKind: kind, requestResource: resource, name: 'a', namespace: 'default' },
      ...{ operation: 'CREATE', oldObject: null, dryRun: false },
      options: { kind: 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    })
  })

  it('change objects, one after the other', async () => {
    await register('Mutating', ['/label', '/count'])
    const { json } = await create('a', '', { labels: { own: 'x' } })
    assert.deepEqual([json.metadata.labels, json.data], [{ own: 'x', seen: 'yes' }, { count: '1' }])
  })

  it('are asked again when a later one changed the object and they wish it', async () => {
    await register('Mutating', ['/count', '/label'], { reinvocationPolicy: 'IfNeeded' })
    assert.equal((await create('a')).json.data.count, '2')
  })

  const outcomes: [string, string, object, number, RegExp?][] = [
    ['refuses', '/deny', {}, 422, /^admission webhook "hook-0.example.com" denied the request: not on my watch$/],
    ['refuses with a code that says all is well', '/deny-as-ok', {}, 403],
    ['answers nonsense', '/nonsense', {}, 500, /failed calling webhook "hook-0.example.com": the answer is not JSON/],
    ['answers nonsense, and may fail', '/nonsense', { failurePolicy: 'Ignore' }, 201],
    ['is for another operation', '/deny', { rules: [{ ...RULE, operations: ['DELETE'] }] }, 201],
    ['is for another resource', '/deny', { rules: [{ ...RULE, resources: ['secrets'] }] }, 201],
    ['is for cluster-wide resources', '/deny', { rules: [{ ...RULE, scope: 'Cluster' }] }, 201],
    ['is for other namespaces', '/deny', { namespaceSelector: { matchLabels: { x: 'y' } } }, 201],
    [
      'is for this namespace',
      '/deny',
      { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'default' } } },
      422,
    ],
    ['is for other objects', '/deny', { objectSelector: { matchLabels: { x: 'y' } } }, 201],
    [
      'has a condition that is false',
      '/deny',
      { matchConditions: [{ name: 'c', expression: 'object.metadata.name != "a"' }] },
      201,
    ],
    [
      'has a condition that is true',
      '/deny',
      { matchConditions: [{ name: 'c', expression: 'request.userInfo.username == "kubernetes-admin"' }] },
      422,
    ],
    [
      'has a condition that is none',
      '/allow',
      { matchConditions: [{ name: 'c', expression: '1 +' }] },
      500,
      /matchCondition "c"/,
    ],
  ]
  for (const [what, path, more, code, message] of outcomes) {
    it(`one that ${what}: ${code}`, async () => {
      await register('Validating', [path], more)
      const answer = await create('a')
      assert.equal(answer.status, code, answer.text)
      if (message) assert.match(answer.json.message, message)
    })
  }

  it('that say nothing are not waited for beyond their timeout', async () => {
    await register('Validating', ['/silent'], { timeoutSeconds: 2 })
    const pending = create('a')
    while (asked.length === 0) await new Promise(resolve => setImmediate(resolve))
    server.clock.advance(2000)
    const answer = await pending
    assert.equal(answer.status, 500)
    assert.match(answer.json.message, /context deadline exceeded/)
  })

  it('with side effects are not asked by a dry run, which is refused', async () => {
    await register('Validating', ['/allow'], { sideEffects: 'Some' })
    const answer = await create('a', '?dryRun=All')
    assert.deepEqual([answer.status, asked.length], [400, 0])
    assert.equal((await create('a')).status, 201)
  })

  it('never stand in the way of their own removal', async () => {
    const everything = { apiGroups: ['*'], apiVersions: ['*'], operations: ['*'], resources: ['*'] }
    await register('Validating', ['/deny'], { rules: [everything] })
    assert.equal((await create('a')).status, 422)
    const { json } = await server.call('GET', `${GROUP}/validatingwebhookconfigurations`)
    const removed = await server.call(
      'DELETE',
      `${GROUP}/validatingwebhookconfigurations/${json.items[0].metadata.name}`,
    )
    assert.equal(removed.status, 200, removed.text)
    assert.equal((await create('a')).status, 201)
  })

  it('have something written down, under their name', async () => {
    await server.server.close()
    const lines: string[] = []
    const policy = { omitStages: ['RequestReceived' as const], rules: [{ level: 'Metadata' as const }] }
    server = await startTestServer({ audit: { policy, log: { write: line => lines.push(line) } } })
    await register('Mutating', ['/note'])
    await register('Validating', ['/note-again'])
    assert.equal((await create('a')).status, 403)
    const { annotations } = JSON.parse(lines.at(-1)!)
    const own = ['seen', 'why'].map(key => annotations[`hook-0.example.com/${key}`])
    assert.deepEqual(own, ['first', 'because'])
  })

  const SCALER_RULE = { apiGroups: ['autoscaling'], apiVersions: ['v2'], operations: ['CREATE'], resources: ['*'] }
  const scale = () =>
    server.call('POST', '/apis/autoscaling/v1/namespaces/default/horizontalpodautoscalers', {
      body: {
        metadata: { name: 'h' },
        spec: {
          ...{ maxReplicas: 3, targetCPUUtilizationPercentage: 70 },
          scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' },
        },
      },
    })

  it('see another version of what they watch over as the one they know', async () => {
    await register('Validating', ['/deny'], { rules: [SCALER_RULE] })
    assert.equal((await scale()).status, 422)
    const { kind, requestKind, object } = asked[0]!.request
    assert.deepEqual([kind.version, requestKind.version, object.apiVersion], ['v2', 'v1', 'autoscaling/v2'])
    assert.equal(object.spec.metrics[0].resource.target.averageUtilization, 70)
  })

  it('change another version as the one they know', async () => {
    await register('Mutating', ['/label'], { rules: [SCALER_RULE] })
    const { status, json, text } = await scale()
    assert.equal(status, 201, text)
    const { apiVersion, metadata, spec } = json
    assert.deepEqual(
      [apiVersion, metadata.labels, spec.targetCPUUtilizationPercentage],
      ['autoscaling/v1', { seen: 'yes' }, 70],
    )
  })

  it('are left alone with other versions where they want an exact match', async () => {
    await register('Validating', ['/deny'], { rules: [SCALER_RULE], matchPolicy: 'Exact' })
    assert.deepEqual([(await scale()).status, asked.length], [201, 0])
  })
})
