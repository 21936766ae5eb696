import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { ApiResponse } from '../../api/exchange.ts'
import { type Answer, startTestServer, type TestServer, withServer } from '../testing.ts'

const DEFINITIONS = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const WIDGETS = '/apis/example.com/v1/namespaces/default/widgets'
const JSON_PATCH = { 'content-type': 'application/json-patch+json' }
const MERGE_PATCH = { 'content-type': 'application/merge-patch+json' }

function definition(change: { names?: object; versions?: object[]; scope?: string; name?: string } = {}) {
  const names = { plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList', shortNames: ['wd'] }
  const merged = { ...names, ...change.names }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: change.name ?? `${merged.plural}.example.com` },
    spec: {
      group: 'example.com',
      scope: change.scope ?? 'Namespaced',
      names: merged,
      versions: change.versions ?? [version('v1')],
    },
  }
}

function version(name: string, more: object = {}) {
  const properties = {
    spec: {
      type: 'object',
      required: ['size'],
      properties: {
        size: { type: 'integer', minimum: 0, maximum: 10 },
        colour: { type: 'string', default: 'red' },
        replicas: { type: 'integer' },
      },
    },
    status: { type: 'object', properties: { replicas: { type: 'integer' }, selector: { type: 'string' } } },
  }
  return {
    name,
    served: true,
    storage: name === 'v1',
    schema: { openAPIV3Schema: { type: 'object', properties } },
    subresources: {
      status: {},
      scale: {
        specReplicasPath: '.spec.replicas',
        statusReplicasPath: '.status.replicas',
        labelSelectorPath: '.status.selector',
      },
    },
    additionalPrinterColumns: [{ name: 'Size', type: 'integer', jsonPath: '.spec.size' }],
    selectableFields: [{ jsonPath: '.spec.colour' }],
    ...more,
  }
}

const widget = (name: string, spec: object = {}) => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec: { size: 1, ...spec },
})

async function ok(server: TestServer, method: string, path: string, body?: unknown, headers = {}): Promise<Answer> {
  const answer = await server.call(method, path, { body, headers })
  assert.ok(answer.status < 300, `${method} ${path}: ${answer.text}`)
  return answer
}

/** Asks until the answer is as wanted; everything under test happens on its own, but soon. */
async function until(server: TestServer, path: string, wanted: (answer: Answer) => boolean): Promise<Answer> {
  for (let turn = 0; ; turn++) {
    const answer = await server.call('GET', path)
    if (wanted(answer)) return answer
    assert.ok(
      turn < 500,
      `${path} never came to be as wanted: ${JSON.stringify(answer.json?.status)} ${evidence(server)}`,
    )
    await new Promise(setImmediate)
  }
}

function evidence({ log }: TestServer): string {
  return log.entries.map(({ message, fields }) => `${message} ${fields.error}`).join('\n')
}

type Condition = { type: string; status: string; reason: string; message: string }

function condition(answer: Answer, type: string): Condition | undefined {
  return answer.json?.status?.conditions?.find((one: Condition) => one.type === type)
}

async function establish(server: TestServer, body: ReturnType<typeof definition> = definition()): Promise<void> {
  await ok(server, 'POST', DEFINITIONS, body)
  const path = `${DEFINITIONS}/${body.metadata.name}`
  await until(server, path, answer => condition(answer, 'Established')?.status === 'True')
}

describe('a custom resource definition', () => {
  it('gets its names and is established, and keeps what it stores in mind', () =>
    withServer(async server => {
      await establish(server)
      const answer = await ok(server, 'GET', `${DEFINITIONS}/widgets.example.com`)
      assert.equal(condition(answer, 'NamesAccepted')?.reason, 'NoConflicts')
      assert.deepEqual(answer.json.status.acceptedNames, definition().spec.names)
      assert.deepEqual(answer.json.status.storedVersions, ['v1'])
    }))

  it('is served at once: discovery, OpenAPI, objects', () =>
    withServer(async server => {
      await establish(server)
      const { json } = await ok(server, 'GET', '/apis/example.com/v1')
      assert.deepEqual(
        json.resources.map((one: { name: string }) => one.name),
        ['widgets', 'widgets/status', 'widgets/scale'],
      )
      const openapi = await ok(server, 'GET', '/openapi/v3/apis/example.com/v1')
      assert.equal(openapi.json.components.schemas['com.example.v1.Widget'].properties.spec.properties.size.maximum, 10)
      const { patch } = openapi.json.paths['/apis/example.com/v1/namespaces/{namespace}/widgets/{name}']
      const patches = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']
      assert.deepEqual(Object.keys(patch.requestBody.content), patches)
      const made = await ok(server, 'POST', WIDGETS, widget('a'))
      assert.deepEqual([made.status, made.json.spec.colour, made.json.metadata.generation], [201, 'red', 1])
      const list = await ok(server, 'GET', WIDGETS)
      assert.deepEqual([list.json.kind, list.json.items.length], ['WidgetList', 1])
    }))

  const conflicts: [string, object, string, string][] = [
    ['plural', { plural: 'widgets', singular: 'other', kind: 'Other', listKind: 'OtherList', shortNames: [] }, '', ''],
    ['kind', { plural: 'others', singular: 'other', shortNames: [] }, 'KindConflict', 'Widget'],
    [
      'short name',
      { plural: 'others', singular: 'other', kind: 'Other', listKind: 'OtherList' },
      'ShortNamesConflict',
      'wd',
    ],
    [
      'singular',
      { plural: 'others', kind: 'Other', listKind: 'OtherList', shortNames: [] },
      'SingularConflict',
      'widget',
    ],
  ]
  for (const [what, names, reason, taken] of conflicts.filter(([, , wanted]) => wanted)) {
    it(`waits while another has its ${what}, and no longer`, () =>
      withServer(async server => {
        await establish(server)
        await ok(server, 'POST', DEFINITIONS, definition({ names }))
        const path = `${DEFINITIONS}/others.example.com`
        const answer = await until(server, path, one => condition(one, 'NamesAccepted')?.status === 'False')
        assert.equal(condition(answer, 'NamesAccepted')?.reason, reason)
        assert.equal(condition(answer, 'NamesAccepted')?.message, `"${taken}" is already in use`)
        assert.equal(condition(answer, 'Established')?.reason, 'NotAccepted')
        assert.equal((await server.call('GET', '/apis/example.com/v1/namespaces/default/others')).status, 404)
        await ok(server, 'DELETE', `${DEFINITIONS}/widgets.example.com`)
        await until(server, path, one => condition(one, 'Established')?.status === 'True')
      }))
  }

  it('that is deleted takes everything made under it along', () =>
    withServer(async server => {
      await establish(server)
      await ok(server, 'POST', WIDGETS, widget('a'))
      await ok(server, 'POST', WIDGETS, {
        ...widget('held'),
        metadata: { name: 'held', finalizers: ['example.com/wait'] },
      })
      await ok(server, 'DELETE', `${DEFINITIONS}/widgets.example.com`)
      const path = `${DEFINITIONS}/widgets.example.com`
      const dying = await until(server, path, one => condition(one, 'Terminating')?.status === 'True')
      assert.deepEqual(dying.json.metadata.finalizers, ['customresourcecleanup.apiextensions.k8s.io'])
      await until(server, WIDGETS, one => one.json.items.length === 1)
      assert.equal((await server.call('POST', WIDGETS, { body: widget('b') })).status, 405)
      const finalizers = [{ op: 'remove', path: '/metadata/finalizers' }]
      await ok(server, 'PATCH', `${WIDGETS}/held`, finalizers, JSON_PATCH)
      server.clock.advance(1000)
      await until(server, path, one => one.status === 404)
    }))

  it('goes when nothing is left, and is forgotten everywhere', () =>
    withServer(async server => {
      await establish(server)
      await ok(server, 'POST', WIDGETS, widget('a'))
      await ok(server, 'DELETE', `${DEFINITIONS}/widgets.example.com`)
      await until(server, `${DEFINITIONS}/widgets.example.com`, one => one.status === 404)
      assert.equal((await server.call('GET', WIDGETS)).status, 404)
      assert.equal((await server.call('GET', '/apis/example.com/v1')).status, 404)
      await establish(server)
      assert.deepEqual((await ok(server, 'GET', WIDGETS)).json.items, [])
    }))

  it('is served by a server that starts later', async () => {
    const first = await startTestServer()
    await establish(first)
    await ok(first, 'POST', WIDGETS, widget('a'))
    await first.server.close()
    const second = await startTestServer({ store: first.store })
    assert.equal((await ok(second, 'GET', `${WIDGETS}/a`)).json.spec.size, 1)
    await second.server.close()
  })
})

describe('a custom resource', () => {
  let shared: TestServer
  before(async () => {
    shared = await startTestServer()
    await establish(shared)
  })
  after(() => shared.server.close())

  async function withWidgets(work: (server: TestServer) => Promise<void>): Promise<void> {
    await work(shared)
    await ok(shared, 'DELETE', WIDGETS)
  }

  const refused: [string, object, number, RegExp][] = [
    [
      'a value out of bounds',
      widget('a', { size: 11 }),
      422,
      /spec\.size: Invalid value: 11: .* less than or equal to 10/,
    ],
    ['a missing field', { ...widget('a'), spec: {} }, 422, /spec\.size: Required value/],
    ['a wrong type', widget('a', { size: 'x' }), 422, /must be of type integer: "string"/],
    ['a bad name', widget('A_b'), 422, /metadata\.name: Invalid value: "A_b"/],
    ['a field nobody knows', widget('a', { more: 1 }), 400, /strict decoding error: unknown field "spec\.more"/],
  ]
  for (const [what, body, status, message] of refused) {
    it(`is refused with ${what}`, () =>
      withWidgets(async server => {
        const answer = await server.call('POST', `${WIDGETS}?fieldValidation=Strict`, { body })
        assert.equal(answer.status, status, answer.text)
        assert.match(answer.json.message, message)
      }))
  }

  it('drops unknown fields with a warning', () =>
    withWidgets(async server => {
      const answer = await ok(server, 'POST', WIDGETS, widget('a', { more: 1 }))
      assert.deepEqual(answer.headers.warning, ['299 - "unknown field \\"spec.more\\""'])
      assert.equal(answer.json.spec.more, undefined)
    }))

  it('has a status of its own', () =>
    withWidgets(async server => {
      const made = await ok(server, 'POST', WIDGETS, { ...widget('a'), status: { replicas: 5 } })
      assert.equal(made.json.status, undefined)
      const status = await ok(
        server,
        'PATCH',
        `${WIDGETS}/a/status`,
        { status: { replicas: 2 }, spec: { size: 9 } },
        MERGE_PATCH,
      )
      assert.deepEqual([status.json.status.replicas, status.json.spec.size], [2, 1])
      assert.equal(status.json.metadata.generation, 1)
      const spec = await ok(
        server,
        'PATCH',
        `${WIDGETS}/a`,
        { status: { replicas: 7 }, spec: { size: 9 } },
        MERGE_PATCH,
      )
      assert.deepEqual([spec.json.status.replicas, spec.json.spec.size, spec.json.metadata.generation], [2, 9, 2])
    }))

  it('scales by the paths of its definition', () =>
    withWidgets(async server => {
      await ok(server, 'POST', WIDGETS, widget('a', { replicas: 3 }))
      await ok(server, 'PATCH', `${WIDGETS}/a/status`, { status: { replicas: 2, selector: 'app=a' } }, MERGE_PATCH)
      const { json } = await ok(server, 'GET', `${WIDGETS}/a/scale`)
      assert.deepEqual(
        [json.kind, json.spec, json.status],
        ['Scale', { replicas: 3 }, { replicas: 2, selector: 'app=a' }],
      )
      await ok(server, 'PATCH', `${WIDGETS}/a/scale`, { spec: { replicas: 6 } }, MERGE_PATCH)
      assert.equal((await ok(server, 'GET', `${WIDGETS}/a`)).json.spec.replicas, 6)
    }))

  it('is printed by its columns and selected by its fields', () =>
    withWidgets(async server => {
      await ok(server, 'POST', WIDGETS, widget('a', { size: 4 }))
      await ok(server, 'POST', WIDGETS, widget('b', { colour: 'blue' }))
      const headers = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
      const table = await server.call('GET', `${WIDGETS}?fieldSelector=spec.colour=red`, { headers })
      assert.deepEqual(
        table.json.columnDefinitions.map((one: { name: string }) => one.name),
        ['Name', 'Size'],
      )
      assert.deepEqual(
        table.json.rows.map((row: { cells: unknown }) => row.cells),
        [['a', 4]],
      )
      assert.equal((await server.call('GET', `${WIDGETS}?fieldSelector=spec.size=1`)).status, 400)
    }))

  it('is applied by several, each with the fields it owns', () =>
    withWidgets(async server => {
      const apply = (manager: string, spec: object, force = false) =>
        server.call('PATCH', `${WIDGETS}/a?fieldManager=${manager}&force=${force}`, {
          body: widget('a', spec),
          headers: { 'content-type': 'application/apply-patch+yaml' },
        })
      assert.equal((await apply('one', { size: 3 })).status, 201)
      const conflict = await apply('two', { size: 4 })
      assert.deepEqual([conflict.status, conflict.json.reason], [409, 'Conflict'])
      assert.equal((await apply('two', { size: 4 }, true)).json.spec.size, 4)
    }))

  it('needs to say which state it replaces', () =>
    withWidgets(async server => {
      await ok(server, 'POST', WIDGETS, widget('a'))
      const answer = await server.call('PUT', `${WIDGETS}/a`, { body: widget('a', { size: 2 }) })
      assert.match(answer.json.message, /metadata\.resourceVersion: Invalid value: .*must be specified for an update/)
    }))

  it('knows no strategic merge patch', () =>
    withWidgets(async server => {
      await ok(server, 'POST', WIDGETS, widget('a'))
      const headers = { 'content-type': 'application/strategic-merge-patch+json' }
      assert.equal((await server.call('PATCH', `${WIDGETS}/a`, { body: {}, headers })).status, 415)
    }))
})

describe('several versions', () => {
  const both = () => definition({ versions: [version('v1'), version('v2', { deprecated: true })] })

  it('show the same objects, each in its own name', () =>
    withServer(async server => {
      await establish(server, both())
      await ok(server, 'POST', WIDGETS, widget('a'))
      const answer = await ok(server, 'GET', `${WIDGETS.replace('/v1/', '/v2/')}/a`)
      assert.equal(answer.json.apiVersion, 'example.com/v2')
      assert.deepEqual(answer.headers.warning, ['299 - "example.com/v2 Widget is deprecated"'])
      const second = { ...widget('b'), apiVersion: 'example.com/v2' }
      await ok(server, 'POST', WIDGETS.replace('/v1/', '/v2/'), second)
      assert.equal((await ok(server, 'GET', `${WIDGETS}/b`)).json.apiVersion, 'example.com/v1')
    }))

  it('may come later, with new defaults for what was there before', () =>
    withServer(async server => {
      await establish(server)
      await ok(server, 'POST', WIDGETS, widget('a'))
      const path = `${DEFINITIONS}/widgets.example.com`
      const added = [{ op: 'add', path: '/spec/versions/-', value: version('v2') }]
      const shape = { type: 'string', default: 'round' }
      const field = '/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties/shape'
      await ok(server, 'PATCH', path, [...added, { op: 'add', path: field, value: shape }], JSON_PATCH)
      await until(server, `${WIDGETS.replace('/v1/', '/v2/')}/a`, one => one.status === 200)
      assert.equal((await ok(server, 'GET', `${WIDGETS}/a`)).json.spec.shape, 'round')
    }))
})

describe('a watch of custom resources', () => {
  async function linesOf({ body }: ApiResponse): Promise<{ next(): Promise<string | undefined> }> {
    const chunks = (body as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
    return {
      async next() {
        const { value, done } = await chunks.next()
        return done ? undefined : Buffer.from(value).toString()
      },
    }
  }

  it('hears of changes, goes on while only names change, and ends when the schema does', () =>
    withServer(async server => {
      await establish(server)
      const lines = await linesOf(await server.send('GET', `${WIDGETS}?watch=true`))
      const first = lines.next()
      await ok(server, 'POST', WIDGETS, widget('a'))
      assert.match((await first) ?? '', /"type":"ADDED"/)
      const path = `${DEFINITIONS}/widgets.example.com`
      const second = lines.next()
      const patch = [{ op: 'add', path: '/spec/versions/-', value: version('v2') }]
      await ok(server, 'PATCH', path, patch, JSON_PATCH)
      assert.equal(await second, undefined)
    }))

  it('tells of the deletions when its definition is deleted', () =>
    withServer(async server => {
      await establish(server)
      await ok(server, 'POST', WIDGETS, widget('a'))
      const lines = await linesOf(await server.send('GET', `${WIDGETS}?watch=true`))
      assert.match((await lines.next()) ?? '', /"type":"ADDED"/)
      const next = lines.next()
      await ok(server, 'DELETE', `${DEFINITIONS}/widgets.example.com`)
      assert.match((await next) ?? '', /"type":"DELETED"/)
      assert.equal(await lines.next(), undefined)
    }))
})
