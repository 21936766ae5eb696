import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, beforeEach, describe, it } from 'node:test'
import { FakeClock, nextTurn } from '../../platform/clock.ts'
import { eventually } from '../../test/support/eventually.ts'
import { startTestServer } from '../testing.ts'
import type { AuditOptions } from './audit-log.ts'
import type { AuditWebhook } from './webhook.ts'

const MAPS = '/api/v1/namespaces/default/configmaps'

describe('the audit webhook', () => {
  const lists: { kind: string; apiVersion: string; items: { stage: string; verb: string }[] }[] = []
  let codes: number[] = []
  let authorization: string | undefined
  const service = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', chunk => chunks.push(chunk))
    request.on('end', () => {
      authorization = request.headers.authorization
      lists.push(JSON.parse(Buffer.concat(chunks).toString()))
      response.statusCode = codes.shift() ?? 200
      response.end()
    })
  })
  let url: string
  before(async () => {
    await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve))
    url = `http://127.0.0.1:${(service.address() as AddressInfo).port}/`
  })
  beforeEach(() => {
    lists.length = 0
    codes = []
  })
  after(() => {
    service.close()
    service.closeAllConnections()
  })

  const start = (webhook: Partial<AuditWebhook>, more: Partial<AuditOptions> = {}) => {
    const policy = { rules: [{ level: 'Metadata' as const, resources: [{ group: '', resources: ['configmaps'] }] }] }
    return startTestServer({
      clock: new FakeClock(),
      audit: { policy, webhook: { target: { url, token: 'hush' }, ...webhook }, ...more },
    })
  }
  type Server = Awaited<ReturnType<typeof start>>
  const metric = async ({ call }: Server, name: string) => {
    const { text } = await call('GET', '/metrics')
    return text.split('\n').find(line => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
  }
  const stages = () => lists.map(({ items }) => items.map(({ stage }) => stage).join())
  const posts = (count: number) =>
    eventually({ what: `${count} posts`, everyMs: 5, evidence: () => JSON.stringify(lists) }, async () => {
      return lists.length >= count
    })

  it('gets lists of events, when there are enough of them', async () => {
    const server = await start({ delivery: { maxSize: 4 } })
    await server.call('GET', MAPS)
    assert.equal(lists.length, 0)
    await server.call('GET', MAPS)
    await posts(1)
    assert.deepEqual(
      [lists[0]!.kind, lists[0]!.apiVersion, authorization],
      [...['EventList', 'audit.k8s.io/v1', 'Bearer hush']],
    )
    assert.deepEqual(stages(), ['RequestReceived,ResponseComplete,RequestReceived,ResponseComplete'])
    assert.match((await metric(server, 'apiserver_audit_event_total'))!, / 4$/)
    assert.match((await metric(server, 'apiserver_audit_level_total'))!, /level="Metadata"\} 2$/)
    await server.server.close()
  })

  it('gets them when they have waited for long enough', async () => {
    const server = await start({})
    await server.call('GET', MAPS)
    server.clock.advance(30_000)
    await posts(1)
    await server.server.close()
  })

  it('gets what still waits when the server stops', async () => {
    const server = await start({})
    await server.call('GET', MAPS)
    await server.server.close()
    assert.deepEqual(stages(), ['RequestReceived,ResponseComplete'])
  })

  it('is asked again, later and later, until it takes them', async () => {
    codes = [503, 500]
    const server = await start({ initialBackoffMs: 1000, delivery: { maxSize: 2 } })
    await server.call('GET', MAPS)
    await posts(1)
    await forwardUntil(server, 2)
    await forwardUntil(server, 3)
    assert.equal(new Set(stages()).size, 1, 'always the same events')
    assert.equal(await metric(server, 'apiserver_audit_error_total'), undefined)
    await server.server.close()
    assert.equal(lists.length, 3)
  })

  /** Moves the clock until it has been asked so often; by little, so that no try itself takes too long. */
  const forwardUntil = (server: Server, count: number) =>
    eventually({ what: `post ${count}`, everyMs: 5, evidence: () => JSON.stringify(lists) }, async () => {
      server.clock.advance(20)
      return lists.length >= count
    })

  it('that takes nothing loses the events, which is told and counted', async () => {
    codes = Array(5).fill(500)
    const server = await start({ initialBackoffMs: 100, delivery: { maxSize: 2 } })
    await server.call('GET', MAPS)
    await forwardUntil(server, 5)
    const failures = () => server.log.entries.filter(({ message }) => message.includes('could not be handed over'))
    await eventually({ what: 'the failure is told', everyMs: 5 }, async () => failures().length > 0)
    assert.deepEqual(
      failures().map(({ fields }) => [fields.sink, fields.events]),
      [['webhook', 2]],
    )
    assert.equal(await metric(server, 'apiserver_audit_error_total'), 'apiserver_audit_error_total{plugin="webhook"} 2')
    await server.server.close()
    assert.equal(lists.length, 5)
  })

  it('that takes nothing does not keep the server from stopping', async () => {
    codes = Array(9).fill(500)
    const server = await start({})
    await server.call('GET', MAPS)
    await server.server.close()
    assert.equal(lists.length, 1, 'one last try')
  })

  it('and where the buffer is full, events are lost, counted, and told of', async () => {
    const server = await start({ delivery: { maxSize: 100, bufferSize: 3 } })
    for (let times = 0; times < 3; times++) await server.call('GET', MAPS)
    const lost = 'apiserver_audit_error_total{plugin="buffered"} 3'
    assert.equal(await metric(server, 'apiserver_audit_error_total'), lost)
    const told = server.log.entries.filter(({ message }) => message.startsWith('Audit events are lost'))
    assert.equal(told.length, 1)
    await server.server.close()
    assert.equal(lists[0]!.items.length, 3)
  })

  it('makes calls wait where it is blocking', async () => {
    const server = await start({ delivery: { mode: 'blocking' } })
    await server.call('GET', MAPS)
    assert.deepEqual(stages(), ['RequestReceived', 'ResponseComplete'])
    await server.server.close()
  })

  const failing: [AuditWebhook['delivery'], number, string | undefined][] = [
    [{ mode: 'blocking' }, 200, undefined],
    [{ mode: 'blocking-strict' }, 500, 'apiserver_audit_requests_rejected_total 1'],
  ]
  for (const [delivery, code, rejected] of failing) {
    it(`that fails and is ${delivery!.mode} makes of a call a ${code}`, async () => {
      codes = Array(10).fill(500)
      const server = await start({ initialBackoffMs: 1, delivery })
      let answer: Awaited<ReturnType<Server['call']>> | undefined
      const calling = server.call('GET', MAPS).then(one => {
        answer = one
      })
      await eventually({ what: 'an answer', everyMs: 5 }, async () => {
        server.clock.advance(10)
        return answer !== undefined
      })
      await calling
      assert.equal(answer!.status, code)
      if (rejected) {
        assert.equal(answer!.json.message, 'Internal error occurred: failed to store audit event')
        assert.equal(await metric(server, 'apiserver_audit_requests_rejected_total'), rejected)
        assert.equal(lists.length, 5, 'a request that is rejected is not told of again')
      }
      await server.server.close()
    })
  }

  it('and a file may be told the same', async () => {
    const lines: string[] = []
    const log = { format: 'legacy' as const, write: (line: string) => void lines.push(line) }
    const server = await start({ delivery: { maxSize: 2 } }, { log })
    await server.call('GET', MAPS)
    await posts(1)
    assert.match(lines.join('\n'), /stage="RequestReceived".*\n.*stage="ResponseComplete".* response="200"$/)
    await server.server.close()
  })

  it('and a file that cannot be written is told of, and nobody is refused for it', async () => {
    const write = () => {
      throw new Error('the disk is full')
    }
    const server = await start({}, { log: { write }, webhook: undefined })
    assert.equal((await server.call('GET', MAPS)).status, 200)
    assert.equal(await metric(server, 'apiserver_audit_error_total'), 'apiserver_audit_error_total{plugin="log"} 2')
    await nextTurn()
    await server.server.close()
  })

  it('unless the file is meant strictly', async () => {
    const write = () => {
      throw new Error('the disk is full')
    }
    const log = { write, delivery: { mode: 'blocking-strict' as const } }
    const server = await start({}, { log, webhook: undefined })
    assert.equal((await server.call('GET', MAPS)).status, 500)
    await server.server.close()
  })
})
