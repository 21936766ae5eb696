import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { startTestServer, type TestServer } from '../testing.ts'

const GROUP = '/apis/admissionregistration.k8s.io/v1'
const DEPLOYMENTS = '/apis/apps/v1/namespaces/default/deployments'

const deployment = (labels: Record<string, string> = {}) => ({
  metadata: { name: 'web', labels },
  spec: {
    replicas: 1,
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: { containers: [{ name: 'main', image: 'web', env: [{ name: 'A', value: '1' }] }] },
    },
  },
})

const apply = (expression: string) => ({ patchType: 'ApplyConfiguration', applyConfiguration: { expression } })
const patch = (expression: string) => ({ patchType: 'JSONPatch', jsonPatch: { expression } })

describe('policies that change objects', () => {
  let server: TestServer
  beforeEach(async () => {
    server = await startTestServer()
  })
  afterEach(() => server.server.close())

  async function bind(name: string, mutations: object[], more: object = {}, binding: object = {}): Promise<void> {
    const rule = {
      apiGroups: ['apps'],
      apiVersions: ['v1'],
      operations: ['CREATE', 'UPDATE'],
      resources: ['deployments'],
    }
    const spec = {
      matchConstraints: { resourceRules: [rule] },
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      mutations,
    }
    const make = async (plural: string, body: object) => {
      const answer = await server.call('POST', `${GROUP}/${plural}`, { body })
      assert.equal(answer.status, 201, answer.text)
    }
    await make('mutatingadmissionpolicies', { metadata: { name }, spec: { ...spec, ...more } })
    await make('mutatingadmissionpolicybindings', { metadata: { name }, spec: { policyName: name, ...binding } })
  }
  const create = (labels?: Record<string, string>) => server.call('POST', DEPLOYMENTS, { body: deployment(labels) })

  it('lay fields over an object, and items over those of their name', async () => {
    await bind('sidecar', [
      apply(`Object{
        metadata: Object.metadata{labels: {"seen": "yes"}},
        spec: Object.spec{template: Object.spec.template{spec: Object.spec.template.spec{containers: [
          Object.spec.template.spec.containers{name: "main", env: [{"name": "B", "value": string(object.spec.replicas)}]},
          Object.spec.template.spec.containers{name: "mesh", image: "mesh"}
        ]}}}
      }`),
    ])
    const { json, text } = await create({ own: 'x' })
    assert.deepEqual(json.metadata.labels, { own: 'x', seen: 'yes' }, text)
    const [main, mesh] = json.spec.template.spec.containers
    assert.deepEqual([main.image, main.env.map(({ name }: { name: string }) => name).sort()], ['web', ['A', 'B']])
    assert.equal(main.env.find(({ name }: { name: string }) => name === 'B').value, '1')
    assert.deepEqual([mesh.image, mesh.terminationMessagePath], ['mesh', '/dev/termination-log'])
  })

  it('patch step by step, with variables, and each sees what the one before has made', async () => {
    const mutations = [
      patch('[JSONPatch{op: "add", path: "/metadata/annotations", value: {"team/a": variables.team}}]'),
      patch(
        '[JSONPatch{op: "add", path: "/metadata/annotations/" + jsonpatch.escapeKey("team/b"), value: object.metadata.annotations["team/a"] + "!"}]',
      ),
      patch('object.spec.replicas < 3 ? [JSONPatch{op: "replace", path: "/spec/replicas", value: 3}] : []'),
    ]
    await bind('teams', mutations, { variables: [{ name: 'team', expression: 'request.userInfo.username' }] })
    const { json, text } = await create()
    assert.deepEqual(json.metadata.annotations, { 'team/a': 'kubernetes-admin', 'team/b': 'kubernetes-admin!' }, text)
    assert.equal(json.spec.replicas, 3)
  })

  const ADD = apply('Object{metadata: Object.metadata{labels: {"seen": "yes"}}}')
  const outcomes: [string, object[], object, object, number, RegExp | undefined][] = [
    [
      'has a condition that is false',
      [ADD],
      { matchConditions: [{ name: 'c', expression: 'false' }] },
      {},
      201,
      undefined,
    ],
    [
      'is bound to other objects',
      [ADD],
      {},
      { matchResources: { objectSelector: { matchLabels: { a: 'b' } } } },
      201,
      undefined,
    ],
    [
      'is for another operation',
      [ADD],
      { matchConditions: [{ name: 'c', expression: 'request.operation == "UPDATE"' }] },
      {},
      201,
      undefined,
    ],
    [
      'fails',
      [patch('[JSONPatch{op: "test", path: "/spec/replicas", value: 9}]')],
      {},
      {},
      422,
      /'p' with binding 'p' denied request/,
    ],
    [
      'fails, and may',
      [patch('[JSONPatch{op: "test", path: "/spec/replicas", value: 9}]')],
      { failurePolicy: 'Ignore' },
      {},
      201,
      undefined,
    ],
    [
      'makes nonsense of a type',
      [apply('Object{spec: Object.spec{replicas: "many"}}')],
      {},
      {},
      422,
      /cannot unmarshal string/,
    ],
    [
      'invents a field',
      [apply('Object{spec: Object.spec{nonsense: 1}}')],
      {},
      {},
      422,
      /unknown field "spec.nonsense"/,
    ],
    [
      'replaces what is one value',
      [apply('Object{spec: Object.spec{selector: Object.spec.selector{matchLabels: {"a": "b"}}}}')],
      {},
      {},
      422,
      /may not mutate atomic arrays, maps or structs: spec.selector/,
    ],
    ['cannot be evaluated', [apply('Object{spec: object.spec.none.more}')], {}, {}, 422, /resulted in error/],
  ]
  for (const [what, mutations, more, binding, code, message] of outcomes) {
    it(`one that ${what}: ${code}, and nothing is changed`, async () => {
      await bind('p', mutations, more, binding)
      const { status, json, text } = await create()
      assert.equal(status, code, text)
      if (message) assert.match(json.message, message)
      else assert.deepEqual([json.metadata.labels?.seen, json.spec.replicas], [undefined, 1])
    })
  }

  it('are asked again when a later one changed the object and they wish it', async () => {
    const count = patch(
      '[JSONPatch{op: "add", path: "/metadata/annotations", value: {"n": has(object.metadata.annotations) && "n" in object.metadata.annotations ? object.metadata.annotations["n"] + "+" : "+"}}]',
    )
    await bind('a', [count], { reinvocationPolicy: 'IfNeeded' })
    await bind('b', [ADD])
    const { json, text } = await create()
    assert.deepEqual([json.metadata.annotations?.n, json.metadata.labels.seen], ['++', 'yes'], text)
  })

  it('take parameters from other objects', async () => {
    const params = { metadata: { name: 'wanted' }, data: { replicas: '5' } }
    await server.call('POST', '/api/v1/namespaces/default/configmaps', { body: params })
    await bind(
      'sized',
      [apply('Object{spec: Object.spec{replicas: int(params.data.replicas)}}')],
      { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' } },
      { paramRef: { name: 'wanted', parameterNotFoundAction: 'Deny' } },
    )
    assert.equal((await create()).json.spec.replicas, 5)
  })
})
