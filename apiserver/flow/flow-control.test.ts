import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Identity } from '../../api/exchange.ts'
import { MANDATORY_LEVELS, MANDATORY_SCHEMAS, SUGGESTED_LEVELS, SUGGESTED_SCHEMAS } from '../../api/flow/suggested.ts'
import { startTestServer, type TestServer } from '../testing.ts'

const API = '/apis/flowcontrol.apiserver.k8s.io/v1'
const MAPS = '/api/v1/namespaces/default/configmaps'
const settle = () => new Promise(resolve => setImmediate(resolve))

async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    if (await holds()) return
    await settle()
  }
  assert.fail(`never: ${what}`)
}

const flooder: Identity = { name: 'flooder', groups: ['system:authenticated'] }
const bystander: Identity = { name: 'bystander', groups: ['system:authenticated'] }
const node: Identity = { name: 'system:node:n1', groups: ['system:nodes', 'system:authenticated'] }

/** A server whose store takes ConfigMaps only when it is told to: so requests pile up before it. */
async function stuckServer(seats: number) {
  const server = await startTestServer({
    limits: { readOnly: 0, mutating: seats },
    authorization: ['AlwaysAllow'],
  })
  const held: (() => void)[] = []
  const create = server.store.create.bind(server.store)
  server.store.create = (key, value, lease) => {
    if (!key.includes('/configmaps/')) return create(key, value, lease)
    return new Promise((resolve, reject) => {
      held.push(() => create(key, value, lease).then(resolve, reject))
    })
  }
  const release = () => {
    for (const go of held.splice(0)) go()
  }
  return { server, held, release }
}

const make = (server: TestServer, as: Identity, name: string, signal?: AbortSignal) =>
  server.call('POST', MAPS, { as, signal, body: { metadata: { name } } })

const metric = async (server: TestServer, line: string) => {
  const { text } = await server.call('GET', '/metrics')
  return text
    .split('\n')
    .find(one => one.startsWith(line))
    ?.slice(line.length)
    .trim()
}

const queued = async (server: TestServer) =>
  Number(await metric(server, 'apiserver_flowcontrol_current_inqueue_requests{priority_level="global-default"}'))

describe('while one client floods the server', () => {
  it('a node renews its lease, another user has his turn, and the flood is told to wait', async () => {
    const { server, held, release } = await stuckServer(20)
    const flood = Array.from({ length: 400 }, (_, index) => make(server, flooder, `f${index}`))
    await until('the flood fills its queues', async () => (await queued(server)) === 300)
    const lease = { metadata: { name: 'n1', namespace: 'kube-node-lease' }, spec: { holderIdentity: 'n1' } }
    const heartbeat = await server.call('POST', '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases', {
      ...{ as: node, body: lease },
    })
    assert.equal(heartbeat.status, 201, 'no seat of the flood has become free, and the node is served')
    const other = make(server, bystander, 'other')
    await until('the bystander waits', async () => (await queued(server)) === 301)
    let served = 0
    other.then(() => served++)
    const before = held.length
    release()
    await until('the first come out, others go in', () => held.length >= before)
    release()
    await until('the bystander has been served', () => served === 1)
    const inQueue = await queued(server)
    assert.ok(inQueue > 200, `long before the flood, of which ${inQueue} still wait`)
    const all = Promise.all(flood)
    let done = false
    all.then(() => {
      done = true
    })
    await until('everybody is answered', () => {
      release()
      return done
    })
    const answers = await all
    const refused = answers.filter(({ status }) => status === 429)
    assert.ok(refused.length > 50, `${refused.length} refused`)
    assert.deepEqual(
      [refused[0]!.headers['retry-after'], refused[0]!.json.reason, refused[0]!.json.details.retryAfterSeconds],
      ['1', 'TooManyRequests', 1],
    )
    assert.equal(answers.filter(({ status }) => status === 201).length + refused.length, 400)
    const rejected =
      'apiserver_flowcontrol_rejected_requests_total{priority_level="global-default",flow_schema="global-default",reason="queue-full"}'
    assert.equal(await metric(server, rejected), String(refused.length))
    await server.server.close()
  })

  it('nobody waits for ever, and who has gone waits no more', async () => {
    const { server, held, release } = await stuckServer(20)
    const leaving = new AbortController()
    const first = Array.from({ length: 60 }, (_, index) => make(server, flooder, `a${index}`))
    await until('some wait', async () => (await queued(server)) > 20)
    const waiting = await queued(server)
    const gone = make(server, bystander, 'gone', leaving.signal)
    await until('one more waits', async () => (await queued(server)) === waiting + 1)
    leaving.abort()
    assert.equal((await gone).status, 429)
    assert.equal(await queued(server), waiting)
    server.clock.advance(15_000)
    await until('none waits any more', async () => (await queued(server)) === 0)
    release()
    const statuses = (await Promise.all(first)).map(({ status }) => status)
    assert.equal(statuses.filter(status => status === 429).length, waiting)
    const maps = 'verb="POST",group="",version="v1",resource="configmaps",subresource="",scope="namespace"'
    const of = (name: string, more = '') =>
      metric(server, `apiserver_request_${name}{${maps},component="apiserver"${more}}`).then(Number)
    assert.equal(await of('terminations_total', ',code="429"'), waiting + 1)
    assert.equal(await of('duration_seconds_sum'), 60 * 15)
    assert.equal(await of('sli_duration_seconds_sum'), (60 - waiting) * 15, 'who waits for his turn is not slow')
    assert.equal(held.length, 0)
    await server.server.close()
  })
})

describe('flow control', () => {
  it('has the objects of every cluster, and says that their levels exist', async () => {
    const server = await startTestServer()
    const names = async (plural: string) =>
      ((await server.call('GET', `${API}/${plural}`)).json.items as { metadata: { name: string } }[])
        .map(({ metadata }) => metadata.name)
        .sort()
    const wanted = (lists: readonly { metadata?: { name?: string } }[][]) =>
      lists
        .flat()
        .map(one => one.metadata?.name)
        .sort()
    assert.deepEqual(await names('flowschemas'), wanted([[...MANDATORY_SCHEMAS], [...SUGGESTED_SCHEMAS]]))
    assert.deepEqual(await names('prioritylevelconfigurations'), wanted([[...MANDATORY_LEVELS], [...SUGGESTED_LEVELS]]))
    const { json } = await server.call('GET', `${API}/flowschemas/system-nodes`)
    const [{ type, status, reason }] = json.status.conditions
    assert.deepEqual([type, status, reason], ['Dangling', 'False', 'Found'])
    await server.server.close()
  })

  it('says when a level is missing, and when it is there', async () => {
    const server = await startTestServer()
    const rules = [
      {
        subjects: [{ kind: 'User', user: { name: 'ann' } }],
        resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'] }],
      },
    ]
    const spec = { priorityLevelConfiguration: { name: 'special' }, matchingPrecedence: 50, rules }
    await server.call('POST', `${API}/flowschemas`, { body: { metadata: { name: 'ann' }, spec } })
    const missing = async () => {
      const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
      const { json } = await server.call('GET', `${API}/flowschemas/ann`, { headers: { accept } })
      return json.rows[0].cells.at(-1)
    }
    await until('it dangles', async () => (await missing()) === 'True')
    const asAnn = () => server.call('GET', MAPS, { as: { name: 'ann', groups: ['system:authenticated'] } })
    const schemaUid = async () => (await asAnn()).headers['x-kubernetes-pf-flowschema-uid']
    const general = (await server.call('GET', `${API}/flowschemas/global-default`)).json.metadata.uid
    assert.equal(await schemaUid(), general, 'a schema without a level is passed over')
    const limitResponse = { type: 'Reject' }
    const level = { metadata: { name: 'special' }, spec: { type: 'Limited', limited: { limitResponse } } }
    const made = await server.call('POST', `${API}/prioritylevelconfigurations`, { body: level })
    assert.equal(made.status, 201)
    await until('it does not dangle', async () => (await missing()) === 'False')
    const own = (await server.call('GET', `${API}/flowschemas/ann`)).json.metadata.uid
    const { headers, status } = await asAnn()
    assert.equal(status, 403, 'the headers tell of refused requests too')
    assert.deepEqual(
      [headers['x-kubernetes-pf-flowschema-uid'], headers['x-kubernetes-pf-prioritylevel-uid']],
      [own, made.json.metadata.uid],
    )
    await server.server.close()
  })

  const repairs: [
    string,
    string,
    (server: TestServer) => Promise<unknown>,
    (spec: { matchingPrecedence?: number } | undefined) => boolean,
  ][] = [
    [
      'makes a removed one again',
      'flowschemas/catch-all',
      server => server.call('DELETE', `${API}/flowschemas/catch-all`),
      spec => spec?.matchingPrecedence === 10_000,
    ],
    [
      'brings a suggested one back to what it was',
      'flowschemas/global-default',
      server => server.call('PATCH', `${API}/flowschemas/global-default`, merge({ spec: { matchingPrecedence: 777 } })),
      spec => spec?.matchingPrecedence === 9900,
    ],
    [
      'leaves one alone that its administrator keeps himself',
      'flowschemas/global-default',
      server =>
        server.call(
          'PATCH',
          `${API}/flowschemas/global-default`,
          merge({
            metadata: { annotations: { 'apf.kubernetes.io/autoupdate-spec': 'false' } },
            spec: { matchingPrecedence: 777 },
          }),
        ),
      spec => spec?.matchingPrecedence === 777,
    ],
  ]
  const merge = (body: object) => ({ body, headers: { 'content-type': 'application/merge-patch+json' } })
  for (const [what, path, harm, isWell] of repairs) {
    it(what, async () => {
      const server = await startTestServer()
      const read = async () => (await server.call('GET', `${API}/${path}`)).json.spec
      await harm(server)
      server.clock.advance(61_000)
      for (let turn = 0; turn < 20; turn++) await settle()
      await until('it is as it should be', async () => isWell(await read()))
      await server.server.close()
    })
  }

  it('goes on with its mandatory objects when they are removed', async () => {
    const server = await startTestServer()
    for (const plural of ['flowschemas', 'prioritylevelconfigurations']) await server.call('DELETE', `${API}/${plural}`)
    assert.equal((await server.call('GET', MAPS)).status, 200)
    assert.equal((await server.call('GET', '/metrics', { as: bystander })).status, 403)
    await server.server.close()
  })

  it('lets a level shrink and grow while requests wait in it', async () => {
    const { server, held, release } = await stuckServer(20)
    const flood = Array.from({ length: 30 }, (_, index) => make(server, flooder, `f${index}`))
    await until('some wait', async () => (await queued(server)) > 0)
    const before = held.length
    const limited = {
      nominalConcurrencyShares: 5000,
      lendablePercent: 0,
      limitResponse: { type: 'Reject', queuing: null },
    }
    const url = `${API}/prioritylevelconfigurations/global-default`
    assert.equal((await server.call('PATCH', url, merge({ spec: { limited } }))).status, 200)
    await server.call('GET', MAPS)
    await until('more are let in', () => held.length > before)
    release()
    await until('the rest too', () => {
      release()
      return held.length === 0
    })
    let done = false
    Promise.all(flood).then(() => {
      done = true
    })
    await until('all are answered', () => {
      release()
      return done
    })
    await server.server.close()
  })
})
